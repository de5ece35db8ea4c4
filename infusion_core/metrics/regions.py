"""Small helpers on holes and clips that several metrics share."""

from __future__ import annotations

import numpy as np

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Rec. 709 weights."""


def luma(clip: np.ndarray) -> np.ndarray:
    """Rec. 709 luma of a clip (..., 3)."""
    return clip @ LUMA


def masked_mean(values: np.ndarray, region: np.ndarray) -> float:
    """Mean of ``values`` where ``region`` is true; NaN for an empty region."""
    return float(values[region].mean(dtype=np.float64)) if region.any() else float("nan")


def mean_step(clip: np.ndarray, region: np.ndarray, axis: int) -> float:
    """Mean absolute difference of neighbours along ``axis``, both of them in ``region``.

    Where a region is so thin or so fast that no two neighbours lie in it, neighbours of which one
    lies in it are taken instead; NaN if there are none either.
    """
    first = np.moveaxis(region, axis, 0)[:-1]
    second = np.moveaxis(region, axis, 0)[1:]
    steps = np.abs(np.diff(np.moveaxis(clip, axis, 0), axis=0)).mean(-1)
    pairs = first & second
    return masked_mean(steps, pairs if pairs.any() else first | second)


def eroded(region: np.ndarray, pixels: int) -> np.ndarray:
    """Pixels whose square of ``pixels`` around them lies in the region and in the picture (F H W)."""
    outside = np.pad(~region, ((0, 0), (pixels, pixels), (pixels, pixels)), constant_values=True)
    return ~dilated(outside, pixels)[:, pixels:-pixels, pixels:-pixels]


def dilated(region: np.ndarray, pixels: int) -> np.ndarray:
    """The region grown by a square of ``pixels`` on every side, frame by frame (F H W)."""
    grown = region
    for axis in (1, 2):
        source = np.moveaxis(grown, axis, 0)
        out = source.copy()
        for shift in range(1, pixels + 1):
            out[shift:] |= source[:-shift]
            out[:-shift] |= source[shift:]
        grown = np.moveaxis(out, 0, axis)
    return grown


def ring(hole: np.ndarray, pixels: int) -> np.ndarray:
    """Known pixels within ``pixels`` of the hole on the same frame."""
    return dilated(hole, pixels) & ~hole


def bounds(region: np.ndarray, margin: int) -> tuple[slice, slice]:
    """Row and column slices of the smallest box around the region on all frames, with a margin."""
    rows = np.flatnonzero(region.any(axis=(0, 2)))
    columns = np.flatnonzero(region.any(axis=(0, 1)))
    height, width = region.shape[1:]
    return (
        slice(max(0, int(rows[0]) - margin), min(height, int(rows[-1]) + 1 + margin)),
        slice(max(0, int(columns[0]) - margin), min(width, int(columns[-1]) + 1 + margin)),
    )


def gaussian_blur(clip: np.ndarray, sigma: float, radius: int | None = None) -> np.ndarray:
    """Blur every frame of a clip (F H W C) in space, edges mirrored."""
    radius = radius if radius is not None else max(1, round(3 * sigma))
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (1, 2):
        size = clip.shape[axis]
        padding = [(0, 0)] * clip.ndim
        padding[axis] = (radius, radius)
        padded = np.moveaxis(np.pad(clip, padding, mode="symmetric"), axis, 0)
        blurred = sum(weight * padded[i : i + size] for i, weight in enumerate(kernel))
        clip = np.moveaxis(np.asarray(blurred, np.float32), 0, axis)
    return clip


def median3(picture: np.ndarray) -> np.ndarray:
    """The median of each pixel and its eight neighbours (H W), edges repeated."""
    padded = np.pad(picture, 1, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    median: np.ndarray = np.median(windows, axis=(-2, -1))
    return median


def detail_bands(clip: np.ndarray) -> list[np.ndarray]:
    """Fine, middle and coarse detail of a clip: they add up to the clip."""
    fine, coarse = gaussian_blur(clip, 1.0), gaussian_blur(clip, 3.0)
    return [clip - fine, fine - coarse, coarse]
