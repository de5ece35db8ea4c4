"""From a matte to the hole that is filled and the weights that blend the fill back. Pure numpy."""

from __future__ import annotations

from math import isqrt

import numpy as np

from infusion_core.box import Box


def bounding_box(mask: np.ndarray, x0: int = 0, y0: int = 0) -> Box:
    """The smallest box around the true pixels of (H, W) ``mask``, whose corner is at (x0, y0).

    An empty mask gives an empty box.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return Box(x0, y0, x0, y0)
    return Box(x0 + int(columns[0]), y0 + int(rows[0]), x0 + int(columns[-1]) + 1, y0 + int(rows[-1]) + 1)


def _maximum_shifted(
    target: np.ndarray, source: np.ndarray, shift: int, axis: int, loss: float = 0.0
) -> None:
    """In place: target = max(target, source moved by +-shift along axis, minus loss)."""
    length = source.shape[axis]
    if shift >= length:
        return
    for to, at in (
        (slice(shift, None), slice(None, length - shift)),
        (slice(None, length - shift), slice(shift, None)),
    ):
        index_to = tuple(to if i == axis else slice(None) for i in range(source.ndim))
        index_at = tuple(at if i == axis else slice(None) for i in range(source.ndim))
        moved = source[index_at] - np.float32(loss) if loss else source[index_at]
        np.maximum(target[index_to], moved, out=target[index_to])


def _dilate(matte: np.ndarray, radius: int) -> np.ndarray:
    """The maximum over a disc of ``radius`` pixels; soft edges move outwards and stay soft.

    The rows of the disc are taken from its top, where they are short, to its middle, so that the
    running horizontal maximum grows by one pixel at a time.
    """
    out = matte.copy()
    rows, half_width = matte.copy(), 0
    for dy in range(radius, -1, -1):
        reach = isqrt(radius * radius - dy * dy)
        while half_width < reach:
            half_width += 1
            _maximum_shifted(rows, matte, half_width, axis=1)
        if dy:
            _maximum_shifted(out, rows, dy, axis=0)
        else:
            np.maximum(out, rows, out=out)
    return out


def _feather(matte: np.ndarray, pixels: float) -> np.ndarray:
    """Add a soft skirt of ``pixels``: the maximum over all p of matte(p) - (distance to p / pixels)^2.

    This dilation with a paraboloid is exact in two passes, one along each axis.
    """
    for axis in (0, 1):
        out = matte.copy()
        for shift in range(1, int(np.ceil(pixels))):
            _maximum_shifted(out, matte, shift, axis, loss=(shift / pixels) ** 2)
        matte = out
    return matte


def hole_and_blend(
    matte: np.ndarray, *, threshold: float, grow: int = 0, feather: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Turn a matte into the hole and the weight of the fill in each pixel.

    Matte values above ``threshold`` are kept as weights, so that a soft matte blends the edge of the
    fill into the plate; the others are known pixels. Growing takes the maximum over a disc, shrinking
    the minimum (beyond the picture's edge nothing shrinks). Feathering adds a skirt outside of that.

    Args:
        matte: (H, W) float32 in [0, 1].
        threshold: Values at or below it are known, 0 to 1.
        grow: Pixels to grow the hole by; negative shrinks it.
        feather: Width of the skirt in pixels.

    Returns:
        hole (H, W) bool, which covers every pixel with a weight above 0, and blend (H, W) float32
        in [0, 1], exactly 0 outside the hole.
    """
    weight = np.where(matte > threshold, matte, 0).astype(np.float32)
    blend = np.zeros_like(weight)
    reach = max(0, grow) + int(np.ceil(feather))
    height, width = matte.shape
    box = bounding_box(weight > 0).grown(reach + 1).intersection(Box(0, 0, width, height))
    if box.is_empty:
        return blend > 0, blend
    crop = box.slices_in(Box(0, 0, width, height))
    part = weight[crop]
    if grow > 0:
        part = _dilate(part, grow)
    elif grow < 0:
        part = 1 - _dilate(1 - part, -grow)
    if feather > 0:
        part = _feather(part, feather)
    blend[crop] = part
    return blend > 0, blend
