"""How large a shot is and where its hole is: all that stages and cost depend on. NumPy only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from infusion_core.box import Box
from infusion_core.matte import bounding_box
from infusion_core.tiles import BLOCK, blocks_of


@dataclass(frozen=True)
class Extent:
    """A region of interest and the hole in it.

    Attributes:
        size: Frames, rows, columns.
        thickness: Side of the largest square, in pixels, that fits into the hole on any frame.
        occupied: Which blocks of ``tiles.BLOCK`` pixels hold some of the hole, (F, rows, columns) bool.
    """

    size: tuple[int, int, int]
    thickness: int
    occupied: np.ndarray = field(repr=False)


def extent_of(hole: Iterable[np.ndarray]) -> Extent:
    """The extent of a hole given frame by frame, each (H, W) bool of the region's size."""
    thickness, occupied, rows, columns = 0, [], 0, 0
    for frame in hole:
        rows, columns = frame.shape
        thickness = largest_square(frame, thickness)
        occupied.append(blocks_of(frame, BLOCK))
    return Extent((len(occupied), rows, columns), thickness, np.stack(occupied))


def largest_square(mask: np.ndarray, at_least: int = 0) -> int:
    """Side of the largest square in the true pixels of (H, W) ``mask``, or ``at_least`` if that is more."""
    box = bounding_box(mask)
    mask = mask[box.slices_in(Box(0, 0, mask.shape[1], mask.shape[0]))]
    total = np.pad(mask.astype(np.int32).cumsum(0).cumsum(1), ((1, 0), (1, 0)))

    def fits(side: int) -> bool:
        sums = total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
        return bool((sums == side * side).any())

    low, high = at_least, min(mask.shape)
    if low >= high or not fits(low + 1):
        return low
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
