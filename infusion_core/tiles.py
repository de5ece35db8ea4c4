"""Denoising only around the hole, in parts that fit into memory. NumPy only.

What a network makes of a pixel depends on nothing beyond its reach, and where the plate is known its
prediction is not used. So a part of the hole comes out as it would in the whole clip when the network is
shown what lies within its reach of it, and what is farther away need not be denoised at all.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

BLOCK = 8  # rows and columns; networks that need larger multiples have larger ones
WORTH = 0.9  # of the voxels: what cutting in two must save

Span = tuple[int, int]
Part = tuple[Span, Span, Span]


@dataclass(frozen=True)
class Tile:
    """A part of the clip that is denoised in one call.

    Attributes:
        kept: Frames, rows and columns whose prediction is used.
        shown: What the network is shown: these and what is within its reach.
    """

    kept: tuple[slice, slice, slice]
    shown: tuple[slice, slice, slice]

    @property
    def within(self) -> tuple[slice, slice, slice]:
        """``kept``, counted from where ``shown`` begins."""
        pairs = zip(self.kept, self.shown, strict=True)
        frames, rows, columns = (slice(k.start - s.start, k.stop - s.start) for k, s in pairs)
        return frames, rows, columns


@dataclass(frozen=True)
class Grid:
    """A clip in blocks, as cutting sees it.

    Attributes:
        size: Frames, rows and columns of the clip.
        block: Rows and columns of a block; frames are not put together.
        reach: Of the network, in frames and in blocks.
    """

    size: tuple[int, int, int]
    block: int
    reach: tuple[int, int]

    def kept(self, part: Part) -> Part:
        """A part in frames and pixels."""
        frames, rows, columns = part
        return frames, self._pixels(rows, 1), self._pixels(columns, 2)

    def shown(self, part: Part) -> Part:
        """What is within reach of a part, in frames and pixels."""
        frames, rows, columns = part
        near, blocks = self.reach
        return (
            (max(0, frames[0] - near), min(self.size[0], frames[1] + near)),
            self._pixels((rows[0] - blocks, rows[1] + blocks), 1),
            self._pixels((columns[0] - blocks, columns[1] + blocks), 2),
        )

    def voxels(self, part: Part) -> int:
        """How many voxels the network is shown for a part."""
        return math.prod(end - start for start, end in self.shown(part))

    def _pixels(self, span: Span, axis: int) -> Span:
        return max(0, span[0] * self.block), min(self.size[axis], span[1] * self.block)


def grid_of(size: tuple[int, int, int], reach: tuple[int, int], multiple: int) -> Grid:
    """The grid of a clip whose parts begin at multiples of ``multiple``; ``reach`` in frames and pixels."""
    block = math.lcm(BLOCK, multiple)
    return Grid(size, block, (reach[0], -(-reach[1] // block)))


def blocks_of(frame: np.ndarray, block: int) -> np.ndarray:
    """Which blocks hold something, (rows of blocks, columns of blocks) bool of a frame (H, W) bool."""
    height, width = frame.shape
    whole = np.pad(frame, ((0, -height % block), (0, -width % block)))
    return np.asarray(whole.reshape(len(whole) // block, block, -1, block).any(axis=(1, 3)))


def occupied_blocks(frames: Iterable[np.ndarray], block: int) -> np.ndarray:
    """``blocks_of`` each frame, (F, rows of blocks, columns of blocks)."""
    return np.stack([blocks_of(frame, block) for frame in frames])


def occupied_part(occupied: np.ndarray) -> Part | None:
    """The smallest part that holds all occupied blocks; None where there are none."""
    frames, rows, columns = ((0, side) for side in occupied.shape)
    return _shrunk(occupied, (frames, rows, columns))


def _shrunk(occupied: np.ndarray, part: Part) -> Part | None:
    """The smallest part that holds the same blocks; None where there are none."""
    inside = occupied[tuple(slice(*span) for span in part)]
    spans = []
    for axis, (start, _) in enumerate(part):
        where = np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis})))
        if not where.size:
            return None
        spans.append((start + int(where[0]), start + int(where[-1]) + 1))
    frames, rows, columns = spans
    return frames, rows, columns


def _halves(occupied: np.ndarray, part: Part) -> Iterator[list[Part]]:
    """The part cut in two along each axis that allows it, the halves shrunk to the blocks they hold."""
    for axis, (start, end) in enumerate(part):
        if end - start > 1:
            middle = (start + end) // 2
            cut = ((*part[:axis], span, *part[axis + 1 :]) for span in ((start, middle), (middle, end)))
            yield [half for half in (_shrunk(occupied, one) for one in cut) if half]  # type: ignore[arg-type]


def _split(occupied: np.ndarray, grid: Grid, part: Part, most: float) -> list[Part]:
    def cost(parts: list[Part]) -> int:
        return sum(map(grid.voxels, parts))

    whole = grid.voxels(part)
    halves = min(_halves(occupied, part), key=cost, default=None)
    if halves is None or (whole <= most and cost(halves) > WORTH * whole):
        return [part]
    return list(itertools.chain.from_iterable(_split(occupied, grid, half, most) for half in halves))


def parts(occupied: np.ndarray, grid: Grid, most: float) -> list[Part]:
    """Parts of a clip that together hold all occupied blocks, with few voxels within reach of them.

    Each is cut in two, in time or in space, as long as that saves a tenth of the voxels that the network is
    shown, or as more than ``most`` would be shown at once.

    Args:
        occupied: From ``occupied_blocks``.
        most: Voxels that may be shown at once, where blocks can still be told apart.
    """
    whole = occupied_part(occupied)
    return [] if whole is None else _split(occupied, grid, whole, most)


def cut(needed: np.ndarray, reach: tuple[int, int], multiple: int, most: float) -> list[Tile]:
    """Tiles whose kept parts hold all that is needed of a clip.

    Args:
        needed: (F, H, W) bool.
        reach: Frames and pixels that the network sees to every side.
        multiple: Tiles begin at rows and columns that are multiples of this.
        most: Voxels that may be shown at once.
    """
    frames, rows, columns = needed.shape
    grid = grid_of((frames, rows, columns), reach, multiple)
    return [
        Tile(_slices(grid.kept(part)), _slices(grid.shown(part)))
        for part in parts(occupied_blocks(needed, grid.block), grid, most)
    ]


def _slices(part: Part) -> tuple[slice, slice, slice]:
    frames, rows, columns = (slice(*span) for span in part)
    return frames, rows, columns
