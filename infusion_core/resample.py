"""Resampling by one small matrix per axis, and moving by parts of a pixel. NumPy only."""

from __future__ import annotations

import numpy as np

LOBES = 10  # to either side, of the Lanczos kernel that moves by parts of a pixel


def box_matrix(size_in: int, size_out: int) -> np.ndarray:
    """Box-filter reduction of ``size_in`` samples to ``size_out``, (size_out, size_in) float32."""
    edges = np.linspace(0.0, size_in, size_out + 1)
    samples = np.arange(size_in)
    overlap = np.minimum(edges[1:, None], samples + 1) - np.maximum(edges[:-1, None], samples)
    matrix = np.clip(overlap, 0.0, None)
    return (matrix / matrix.sum(axis=1, keepdims=True)).astype(np.float32)


def cubic_matrix(size_in: int, size_out: int) -> np.ndarray:
    """Catmull-Rom enlargement of ``size_in`` samples to ``size_out``, edges repeated, float32."""
    position = (np.arange(size_out) + 0.5) * size_in / size_out - 0.5
    base = np.floor(position).astype(int)
    u = position - base
    weights = (
        ((2.0 - u) * u - 1.0) * u / 2.0,
        ((3.0 * u - 5.0) * u * u + 2.0) / 2.0,
        ((4.0 - 3.0 * u) * u + 1.0) * u / 2.0,
        (u - 1.0) * u * u / 2.0,
    )
    matrix = np.zeros((size_out, size_in))
    for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
        np.add.at(matrix, (np.arange(size_out), np.clip(base + offset, 0, size_in - 1)), weight)
    return matrix.astype(np.float32)


def resampled(video: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """``video`` (..., h, w) with the matrices ``rows`` (H, h) and ``columns`` (W, w) applied to its axes."""
    return rows @ (video @ columns.T)


def known_when_moved(known: np.ndarray, parts: tuple[float, float]) -> np.ndarray:
    """What is known of a picture (H, W) moved by up to half a pixel: what both pixels beneath show."""
    for axis, part in enumerate(parts):
        if part:
            known = _known_along(known, part, axis)
    return known


def moved_in_part(
    picture: np.ndarray, known: np.ndarray, parts: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """A picture moved by up to half a pixel each way, and what is known of it.

    By a Lanczos kernel of many lobes, as a picture that is moved and moved back must stay as sharp as it was
    (docs/experiments.md, "Parts of a pixel").

    Args:
        picture: (H, W, ...) float32, 0 where not known.
        known: (H, W) bool.
        parts: Down and to the right, -0.5 to 0.5.

    Returns:
        (H, W, ...) float32 within the range of what was known, 0 where it is not; and (H, W) bool.
    """
    if not any(parts) or not known.any():
        return picture, known
    deep = (..., *(None,) * (picture.ndim - known.ndim))
    least, most = (
        extreme(picture, axis=(0, 1), where=known[deep], initial=initial)
        for extreme, initial in ((np.min, np.inf), (np.max, -np.inf))
    )
    for axis, part in enumerate(parts):
        if part:
            share = _blended(known.astype(np.float32), part, axis)
            known = _known_along(known, part, axis)
            picture = _blended(picture, part, axis) / np.where(known, share, 1)[deep] * known[deep]
    return np.where(known[deep], picture.clip(least, most), 0), known


def _known_along(known: np.ndarray, part: float, axis: int) -> np.ndarray:
    size = known.shape[axis]
    beneath = (np.arange(size) - (1 if part > 0 else -1)).clip(0, size - 1)
    both: np.ndarray = known & known.take(beneath, axis)
    return both


def _blended(values: np.ndarray, part: float, axis: int) -> np.ndarray:
    """Values moved along an axis by ``part``, 0 beyond their edges."""
    away = np.arange(-LOBES, LOBES + 1) + part
    weights = np.sinc(away) * np.sinc(away / LOBES) * (np.abs(away) < LOBES)
    room = [(LOBES, LOBES) if i == axis else (0, 0) for i in range(values.ndim)]
    padded = np.moveaxis(np.pad(values, room), axis, 0)
    result = np.zeros_like(np.moveaxis(values, axis, 0))
    for first, weight in enumerate((weights / weights.sum()).astype(np.float32)):
        result += weight * padded[first : first + len(result)]
    return np.moveaxis(result, 0, axis)
