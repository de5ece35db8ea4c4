"""Contact sheets: what came in, what is filled, what came out, side by side in one PNG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from infusion_core.atomic import replacing
from infusion_core.metrics.regions import dilated

GAP = 6
"""Space between pictures, px."""
TEXT = 18
"""Height of a line of labels, px."""
GROUND = 0.11
OUTLINE = np.array([0.1, 0.9, 1.0], np.float32)
"""Cyan: seldom in fire, water or leaves."""


@dataclass(frozen=True)
class Row:
    """One row of a sheet: a label and the pictures (N h w 3), display-like, 0 to 1."""

    label: str
    pictures: np.ndarray


def pick_frames(frames: int, count: int) -> list[int]:
    """Up to ``count`` indices spread evenly over ``frames`` frames, without the very first and last."""
    count = min(count, frames)
    return [int((i + 0.5) * frames / count) for i in range(count)]


def resized(pictures: np.ndarray, width: int) -> np.ndarray:
    """Scale pictures (N h w 3) to a width, keeping their shape."""
    height = max(1, round(pictures.shape[1] * width / pictures.shape[2]))
    roi = oiio.ROI(0, width, 0, height, 0, 1, 0, 3)
    scaled = [
        oiio.ImageBufAlgo.resize(oiio.ImageBuf(np.ascontiguousarray(picture, np.float32)), roi=roi)
        for picture in pictures
    ]
    return np.stack([np.asarray(buffer.get_pixels(oiio.FLOAT)) for buffer in scaled]).clip(0, 1)


def outlined(pictures: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Draw the outline of the hole (N h w bool), just outside of it, on pictures (N H W 3) of any scale."""
    rows = np.arange(pictures.shape[1]) * hole.shape[1] // pictures.shape[1]
    columns = np.arange(pictures.shape[2]) * hole.shape[2] // pictures.shape[2]
    inside = hole[:, rows][:, :, columns]
    return np.where((dilated(inside, 1) & ~inside)[..., None], OUTLINE, pictures)


def zoomed(pictures: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Crop every picture to its own hole with some surroundings, all crops of one size (N h w 3)."""
    frames, height, width = hole.shape
    middles, sides = np.full((frames, 2), (height / 2, width / 2)), [(8, 8)]
    for i in range(frames):
        rows, columns = np.nonzero(hole[i])
        if rows.size:
            middles[i] = (rows.min() + rows.max() + 1) / 2, (columns.min() + columns.max() + 1) / 2
            sides.append((int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1))
    hole_height, hole_width = np.max(sides, axis=0)
    tall = min(height, round(1.3 * max(hole_height, 0.75 * hole_width)))
    wide = min(width, round(1.3 * max(hole_width, 0.75 * hole_height)))
    crops = []
    for picture, (y, x) in zip(pictures, middles, strict=True):
        top = int(np.clip(round(y - tall / 2), 0, height - tall))
        left = int(np.clip(round(x - wide / 2), 0, width - wide))
        crops.append(picture[top : top + tall, left : left + wide])
    return np.stack(crops)


def contact_sheet(
    plate: np.ndarray,
    hole: np.ndarray,
    result: np.ndarray,
    truth: np.ndarray | None = None,
    *,
    labels: Sequence[str] = (),
    width: int = 256,
) -> np.ndarray:
    """Lay out plate, outlined hole, result and truth, and the hole's surroundings enlarged.

    Args:
        plate, result, truth: The frames to show (N H W 3), display-like, 0 to 1 (``to_display``).
        hole: N H W bool.
        labels: One text a frame, e.g. the frame numbers.
        width: Width of one picture on the sheet, px.

    Returns:
        (h, w, 3) float32, 0 to 1.
    """
    rows = [
        Row("plate", resized(plate, width)),
        Row("hole", outlined(resized(plate, width), hole)),
        Row("result", resized(result, width)),
        Row("result, closer", resized(zoomed(result, hole), width)),
    ]
    if truth is not None:
        rows.insert(3, Row("truth", resized(truth, width)))
        rows.append(Row("truth, closer", resized(zoomed(truth, hole), width)))
    return sheet(rows, labels)


def sheet(rows: Sequence[Row], labels: Sequence[str] = ()) -> np.ndarray:
    """Lay out rows of equally wide pictures with their labels; returns (h, w, 3) float32."""
    count, _, width = rows[0].pictures.shape[:3]
    full_width = GAP + count * (width + GAP)
    strips = [_label(full_width, [f"{label}" for label in labels], width)] if labels else []
    for row in rows:
        height = row.pictures.shape[1]
        strip = np.full((height + GAP, full_width, 3), GROUND, np.float32)
        for i, picture in enumerate(row.pictures):
            left = GAP + i * (width + GAP)
            strip[:height, left : left + width] = picture
        strips += [_label(full_width, [row.label], width), strip]
    return np.concatenate(strips)


def _label(full_width: int, texts: Sequence[str], width: int) -> np.ndarray:
    """A line of texts, one above each column; left blank where OpenImageIO has no font."""
    buffer = oiio.ImageBuf(oiio.ImageSpec(full_width, TEXT + GAP, 3, oiio.FLOAT))
    oiio.ImageBufAlgo.fill(buffer, (GROUND, GROUND, GROUND))
    for i, text in enumerate(texts):
        left = GAP + i * (width + GAP)
        oiio.ImageBufAlgo.render_text(buffer, left, TEXT, text, TEXT - 4, "", (0.8, 0.8, 0.8))
    return np.asarray(buffer.get_pixels(oiio.FLOAT), np.float32)


def write_picture(path: str | Path, picture: np.ndarray) -> None:
    """Write (h, w, 3) display-like values as an 8-bit picture, PNG by the usual suffix.

    Raises:
        OutputError: the file cannot be written.
    """
    buffer = oiio.ImageBuf(np.ascontiguousarray(picture, np.float32))
    with replacing(Path(path)) as beside:
        if not buffer.write(str(beside), "uint8"):
            raise OSError(buffer.geterror())
