"""Sums over what lies around each pixel in space and time, some rows at once, or some pixels. NumPy only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

REACH = 2
"""Pixels and frames to every side."""

STRIP = 64
"""Rows that are worked on at once."""

LEAST = 1e-10
"""Mean square deviation below which there is none."""


def thinned(pixels: int, most: int) -> tuple[int, tuple[Any, ...]]:
    """Every which row and column to take for about ``most`` of so many pixels, and the index of those."""
    stride = max(1, round((pixels / most) ** 0.5))
    return stride, (..., slice(None, None, stride), slice(None, None, stride))


def strips(rows: slice, height: int) -> Iterator[tuple[slice, slice]]:
    """Rows that are worked on at once, for all would take much memory; and those with what lies around."""
    for first in range(rows.start, rows.stop, STRIP):
        inner = slice(first, min(first + STRIP, rows.stop))
        yield inner, slice(max(0, inner.start - REACH), min(height, inner.stop + REACH))


def summed(values: np.ndarray) -> np.ndarray:
    """Sum of (F, H, W) over ``REACH`` to every side in time and space."""
    for axis in range(values.ndim):
        along = np.moveaxis(values, axis, 0)
        total = along.astype(np.float32)
        for shift in range(1, REACH + 1):
            total[shift:] += along[:-shift]
            total[:-shift] += along[shift:]
        values = np.moveaxis(total, 0, axis)
    return values
