"""Training holes: what is hidden from the model on purpose, so that it learns to fill it.

Two kinds. ``blobs``: one closed Bezier curve, its box half to the whole of the frame in each direction,
still half of the time and else drifting with a randomly accelerated velocity (paper section 4.1,
reference code ``data.py``). ``shot``: the shot's own hole, moved, turned in time and mirrored, so that
the model meets in training the shapes and motions that it has to fill.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

BEZIER_SAMPLES = 12


def uniform(low: float, high: float, generator: Generator) -> float:
    """A uniform random number."""
    return low + (high - low) * float(torch.rand((), generator=generator))


def integer(low: int, high: int, generator: Generator) -> int:
    """A uniform random integer, both ends included."""
    return int(torch.randint(low, high + 1, (), generator=generator))


def normal(std: float, generator: Generator) -> float:
    """A normal random number of mean 0."""
    return std * float(torch.randn((), generator=generator))


def bezier_outline(generator: Generator) -> Tensor:
    """A random closed chain of 6 to 8 cubic Bezier curves around the origin, as points (P, 2)."""
    num_edges, roughness = integer(6, 8, generator), integer(6, 8, generator) / 10
    num_points = 3 * num_edges + 1
    angle = torch.linspace(0, 2 * math.pi, num_points)
    radius = 2 * roughness * torch.rand(num_points, generator=generator) + 1 - roughness
    control = torch.stack([angle.cos(), angle.sin()], dim=1) * radius[:, None]
    control[-1] = control[0]
    u = torch.linspace(0, 1, BEZIER_SAMPLES)[:, None]
    weights = torch.cat(((1 - u) ** 3, 3 * u * (1 - u) ** 2, 3 * u**2 * (1 - u), u**3), dim=1)
    return torch.cat([weights @ control[3 * edge : 3 * edge + 4] for edge in range(num_edges)])


def fill_outline(outline: Tensor, height: int, width: int) -> Tensor:
    """Rasterise a closed outline, stretched to fill a box, as bool (height, width), even-odd rule."""
    low, high = outline.amin(0), outline.amax(0)
    points = (outline - low) / (high - low).clamp(min=1e-6) * torch.tensor([width, height])
    x0, y0 = points[:, 0], points[:, 1]
    x1, y1 = points.roll(-1, 0)[:, 0], points.roll(-1, 0)[:, 1]
    rows = torch.arange(height)[:, None] + 0.5
    crosses = (y0 <= rows) != (y1 <= rows)  # (height, P)
    slope = (x1 - x0) / torch.where(y1 == y0, torch.ones_like(y0), y1 - y0)
    crossing = torch.where(crosses, x0 + (rows - y0) * slope, torch.full_like(slope, math.inf))
    columns = torch.arange(width) + 0.5
    to_the_left = (crossing[:, :, None] < columns).sum(1)
    return to_the_left % 2 == 1


def drifting_corners(
    num_frames: int, room_y: int, room_x: int, still: bool, generator: Generator
) -> list[tuple[int, int]]:
    """Top-left corners of a box that has ``room_y`` and ``room_x`` pixels to move in, one per frame."""
    y, x = integer(0, room_y, generator), integer(0, room_x, generator)
    speed, heading = uniform(1, 2, generator), uniform(0, 2 * math.pi, generator)
    corners = [(y, x)]
    for _ in range(num_frames - 1):
        if not still:
            y += int(speed * math.cos(heading))
            x += int(speed * math.sin(heading))
            speed += normal(1.0, generator)
            heading += normal(0.25, generator)
            if not (0 <= y <= room_y and 0 <= x <= room_x):
                speed, heading = abs(normal(1.0, generator)), uniform(0, 2 * math.pi, generator)
            y, x = min(max(y, 0), room_y), min(max(x, 0), room_x)
        corners.append((y, x))
    return corners


def blob_hole(num_frames: int, height: int, width: int, generator: Generator) -> Tensor:
    """The paper's training hole: one random blob, still or drifting, as float32 (F, H, W) of 0 and 1."""
    box_height = integer(max(1, height // 2), height, generator)
    box_width = integer(max(1, width // 2), width, generator)
    blob = fill_outline(bezier_outline(generator), box_height, box_width).float()
    still = uniform(0, 1, generator) > 0.5
    hole = torch.zeros(num_frames, height, width)
    corners = drifting_corners(num_frames, height - box_height, width - box_width, still, generator)
    for frame, (y, x) in enumerate(corners):
        hole[frame, y : y + box_height, x : x + box_width] = blob
    return hole


def crop_around(video: Tensor, top: int, left: int, size: tuple[int, int]) -> Tensor:
    """Rows from ``top`` and columns from ``left`` of ``video`` (F, H, W), 0 where outside of it."""
    rows, columns = size
    inside = video[:, max(top, 0) : max(top + rows, 0), max(left, 0) : max(left + columns, 0)]
    above, before = min(max(-top, 0), rows), min(max(-left, 0), columns)
    return F.pad(inside, (before, columns - before - inside.shape[2], above, rows - above - inside.shape[1]))


def transplanted_hole(
    hole: Tensor, hole_frames: Tensor, size: tuple[int, int], generator: Generator
) -> Tensor:
    """The shot's hole, moved so that a random pixel of it lands on a random pixel of a crop.

    Args:
        hole: The shot's hole (F, H, W) bool, on the CPU.
        hole_frames: Indices of the frames that have a hole, rising, at least one.
        size: Rows and columns of the crop.

    Returns:
        The training hole within the crop, (F, size) bool.
    """
    backwards, mirrored = uniform(0, 1, generator) < 0.5, uniform(0, 1, generator) < 0.5
    if backwards:
        hole_frames = hole.shape[0] - 1 - hole_frames.flip(0)
    frame = int(hole_frames[integer(0, len(hole_frames) - 1, generator)])
    still = hole[hole.shape[0] - 1 - frame if backwards else frame]
    points = (still.flip(1) if mirrored else still).nonzero()
    y, x = (int(v) for v in points[integer(0, len(points) - 1, generator)])
    top = y - integer(0, size[0] - 1, generator)
    left = x - integer(0, size[1] - 1, generator)
    if mirrored:
        left = hole.shape[2] - left - size[1]
    crop = crop_around(hole, top, left, size)
    return crop.flip([axis for axis, flip in ((0, backwards), (2, mirrored)) if flip])
