"""Denoising a clip larger than memory: overlapping windows in time and tiles in space. NumPy only.

Every reverse step predicts x0 tile by tile and blends the predictions, so that neighbours agree at
every noise level and no seam is left (MultiDiffusion, Bar-Tal et al. 2023, in three dimensions).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

OVERLAP_SHARE = 0.25


@dataclass(frozen=True)
class Tile:
    """A part of the clip: slices over frames, rows and columns, and its blending weight (f, h, w)."""

    frames: slice
    rows: slice
    columns: slice
    weight: np.ndarray

    @property
    def index(self) -> tuple[slice, ...]:
        """Index into (N, C, F, H, W)."""
        return (slice(None), slice(None), self.frames, self.rows, self.columns)


def spans(size: int, length: int) -> list[tuple[int, int]]:
    """Overlapping spans of ``length`` that cover ``size`` evenly; one span where it fits whole."""
    if length <= 0 or length >= size:
        return [(0, size)]
    step = max(1, int(length * (1.0 - OVERLAP_SHARE)))
    count = -(-(size - length) // step) + 1
    starts = np.linspace(0, size - length, count).round().astype(int)
    return [(int(start), int(start) + length) for start in starts]


def ramp(span: tuple[int, int], size: int) -> np.ndarray:
    """Blending weight along a span: 1 inside, falling towards ends that are not the clip's own."""
    start, end = span
    length = end - start
    distance = np.arange(length) + 1.0
    overlap = max(1.0, length * OVERLAP_SHARE)
    rise = np.minimum(1.0, distance / overlap) if start > 0 else np.ones(length)
    fall = np.minimum(1.0, distance[::-1] / overlap) if end < size else np.ones(length)
    return (rise * fall).astype(np.float32)


def cut(size: tuple[int, int, int], window: int, tile: int) -> list[Tile]:
    """Cut a clip of (frames, rows, columns) into windows of ``window`` frames and tiles of side ``tile``.

    0 means whole.
    """
    axes = [spans(size[0], window), spans(size[1], tile), spans(size[2], tile)]
    tiles = []
    for f, r, c in itertools.product(*axes):
        weight = ramp(f, size[0])[:, None, None] * ramp(r, size[1])[:, None] * ramp(c, size[2])  # (f, h, w)
        tiles.append(Tile(slice(*f), slice(*r), slice(*c), weight))
    return tiles


def blended(predict: Callable[[Tile], Any], tiles: list[Tile], like: Any, as_array: Callable) -> Any:
    """Blend the predictions for all tiles into one array shaped as ``like`` (N, C, F, H, W)."""
    if len(tiles) == 1:
        return predict(tiles[0])
    total, weights = like * 0.0, like[:, :1] * 0.0
    for tile in tiles:
        weight = as_array(tile.weight)
        total[tile.index] += predict(tile) * weight
        weights[tile.index] += weight
    return total / weights
