"""Resampling by one small matrix per axis. NumPy only."""

from __future__ import annotations

import numpy as np


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
