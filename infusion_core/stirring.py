"""How much places change from a frame to the next, in all frames and around a place in each. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infusion_core.nearby import LEAST, summed
from infusion_core.resample import box_matrix, linear_matrix, resampled

CELLS, CELL = 96, 8
"""Cells along a picture's larger side in which it is told how much it stirs, and pixels of one at least."""

ELSEWHERE = 0.05
"""Share of the rest of the picture in how much it stirs at a place; all, where nothing around is known."""


def usual_steps(plate: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Mean square difference (3, H, W) from a frame to the next, of those that both show a place.

    Args:
        plate: (3, F, H, W).
        known: (F, H, W) of 0 and 1.
    """
    square, count = np.zeros_like(plate[:, 0]), np.zeros_like(known[0])
    for i in range(1, len(known)):
        both = known[i] * known[i - 1]
        square += (plate[:, i] - plate[:, i - 1]) ** 2 * both
        count += both
    steps: np.ndarray = square / count.clip(1)
    return steps


@dataclass(frozen=True)
class Stirring:
    """By how many times the picture around a place changes more than usual from each frame to the next.

    Attributes:
        cells: (F - 1, h, w).
        rows, columns: Matrices that enlarge them to the picture.
    """

    cells: np.ndarray
    rows: np.ndarray
    columns: np.ndarray

    def at(self, frames: slice, rows: slice, columns: slice) -> np.ndarray:
        """Of some of the steps and places, (frames, rows, columns)."""
        return resampled(self.cells[frames], self.rows[rows], self.columns[columns])


def stirring(plate: np.ndarray, known: np.ndarray, steps: np.ndarray) -> Stirring:
    """Compare what is known around each place on two frames and the next ones with its usual steps.

    Args:
        plate: (3, F, H, W).
        known: (F, H, W) of 0 and 1.
        steps: From ``usual_steps``.
    """
    size = known.shape[1:]
    cell = max(max(size) / CELLS, CELL)
    cells = [max(1, round(side / cell)) for side in size]
    down = [box_matrix(*sides) for sides in zip(size, cells, strict=True)]
    found = np.empty((len(known) - 1, *cells), np.float32)
    expected, usual = np.empty_like(found), steps.mean(axis=0)
    for i in range(1, len(known)):
        both = known[i] * known[i - 1]
        square = ((plate[:, i] - plate[:, i - 1]) ** 2).mean(axis=0)
        found[i - 1] = resampled(square * both, *down)
        expected[i - 1] = resampled(usual * both, *down)
    ratio = _with_elsewhere(summed(found)) / _with_elsewhere(summed(expected))
    return Stirring(ratio, *(linear_matrix(*sides) for sides in zip(cells, size, strict=True)))


def _with_elsewhere(sums: np.ndarray) -> np.ndarray:
    """Sums of cells (F - 1, h, w) with something of all others of their frames."""
    result: np.ndarray = sums + ELSEWHERE * sums.mean(axis=(1, 2), keepdims=True) + LEAST
    return result
