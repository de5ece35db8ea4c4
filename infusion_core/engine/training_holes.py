"""Training holes: what is hidden from the model on purpose, so that it learns to fill it. NumPy only.

Two kinds. ``blobs``: one closed Bezier curve, its box half to the whole of the frame in each direction,
still half of the time and else drifting with a randomly accelerated velocity (paper section 4.1,
reference code ``data.py``). ``shot``: the shot's own hole, moved, turned in time and mirrored, so that
the model meets in training the shapes and motions that it has to fill.

They are drawn anew in every step, which a GPU waits for: hence few and small operations.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

BEZIER_SAMPLES = 12


def integer(low: int, high: int, random: Generator) -> int:
    """A uniform random integer, both ends included."""
    return int(random.integers(low, high + 1))


def _bernstein(samples: int) -> np.ndarray:
    u = np.linspace(0, 1, samples, dtype=np.float32)[:, None]
    return np.concatenate(((1 - u) ** 3, 3 * u * (1 - u) ** 2, 3 * u**2 * (1 - u), u**3), axis=1)


_WEIGHTS = _bernstein(BEZIER_SAMPLES)


def bezier_outline(random: Generator) -> np.ndarray:
    """A random closed chain of 6 to 8 cubic Bezier curves around the origin, as points (P, 2) float32."""
    num_edges, roughness = integer(6, 8, random), integer(6, 8, random) / 10
    num_points = 3 * num_edges + 1
    angle = np.linspace(0, 2 * math.pi, num_points, dtype=np.float32)
    radius = 2 * roughness * random.random(num_points, np.float32) + 1 - roughness
    control = np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None]
    control[-1] = control[0]
    edges = control[3 * np.arange(num_edges)[:, None] + np.arange(4)]  # (num_edges, 4, 2)
    outline: np.ndarray = (_WEIGHTS @ edges).reshape(-1, 2)
    return outline


def fill_outline(outline: np.ndarray, height: int, width: int) -> np.ndarray:
    """Rasterise a closed outline, stretched to fill a box, as bool (height, width), even-odd rule."""
    low, high = outline.min(axis=0), outline.max(axis=0)
    points = (outline - low) / np.maximum(high - low, 1e-6) * np.array([width, height], np.float32)
    (x0, y0), (x1, y1) = points.T, np.roll(points, -1, axis=0).T
    rows = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)
    crosses = (y0 <= rows) != (y1 <= rows)  # (height, P)
    slope = (x1 - x0) / np.where(y1 == y0, 1, y1 - y0)
    row, edge = crosses.nonzero()
    crossing = x0[edge] + (rows[row, 0] - y0[edge]) * slope[edge]
    first_right = np.ceil(crossing - 0.5).clip(0, width).astype(int)  # column whose middle is not left of it
    toggled = np.zeros((height, width + 1), int)
    np.add.at(toggled, (row, first_right), 1)
    inside: np.ndarray = toggled.cumsum(axis=1)[:, :width] % 2 == 1
    return inside


def drifting_corners(
    num_frames: int, room_y: int, room_x: int, still: bool, random: Generator
) -> list[tuple[int, int]]:
    """Top-left corners of a box that has ``room_y`` and ``room_x`` pixels to move in, one per frame."""
    y, x = integer(0, room_y, random), integer(0, room_x, random)
    if still:
        return [(y, x)] * num_frames
    speed, heading = random.uniform(1, 2), random.uniform(0, 2 * math.pi)
    changes = random.standard_normal((num_frames - 1, 3)).tolist()
    turns = random.uniform(0, 2 * math.pi, num_frames - 1).tolist()
    corners = [(y, x)]
    for (faster, bend, anew), turned in zip(changes, turns, strict=True):
        y += int(speed * math.cos(heading))
        x += int(speed * math.sin(heading))
        speed, heading = speed + faster, heading + 0.25 * bend
        if not (0 <= y <= room_y and 0 <= x <= room_x):
            speed, heading = abs(anew), turned
        y, x = min(max(y, 0), room_y), min(max(x, 0), room_x)
        corners.append((y, x))
    return corners


def blob_hole(num_frames: int, height: int, width: int, random: Generator) -> np.ndarray:
    """The paper's training hole: one random blob, still or drifting, (F, H, W) bool."""
    rows, columns = (integer(max(1, side // 2), side, random) for side in (height, width))
    blob = fill_outline(bezier_outline(random), rows, columns)
    still = random.random() > 0.5
    hole = np.zeros((num_frames, height, width), bool)
    corners = drifting_corners(num_frames, height - rows, width - columns, still, random)
    for frame, (y, x) in zip(hole, corners, strict=True):
        frame[y : y + rows, x : x + columns] = blob
    return hole


def crop_around(video: np.ndarray, top: int, left: int, size: tuple[int, int]) -> np.ndarray:
    """Rows from ``top`` and columns from ``left`` of ``video`` (F, H, W), 0 where outside of it."""
    rows, columns = size
    inside = video[:, max(top, 0) : max(top + rows, 0), max(left, 0) : max(left + columns, 0)]
    above, before = min(max(-top, 0), rows), min(max(-left, 0), columns)
    crop = np.zeros((len(video), rows, columns), video.dtype)
    crop[:, above : above + inside.shape[1], before : before + inside.shape[2]] = inside
    return crop


def transplanted_hole(
    hole: np.ndarray, hole_frames: np.ndarray, size: tuple[int, int], random: Generator
) -> np.ndarray:
    """The shot's hole, moved so that a random pixel of it lands on a random pixel of a crop.

    Args:
        hole: The shot's hole (F, H, W) bool.
        hole_frames: Indices of the frames that have a hole, at least one.
        size: Rows and columns of the crop.

    Returns:
        The training hole within the crop, (F, size) bool.
    """
    if random.random() < 0.5:
        hole, hole_frames = hole[::-1], len(hole) - 1 - hole_frames
    if random.random() < 0.5:
        hole = hole[:, :, ::-1]
    ys, xs = hole[random.choice(hole_frames)].nonzero()
    point = random.integers(len(ys))
    top, left = ys[point] - integer(0, size[0] - 1, random), xs[point] - integer(0, size[1] - 1, random)
    return crop_around(hole, int(top), int(left), size)
