"""The part of a clip that the reverse diffusion works on: the hole and what the network sees around it.

What lies farther away is the plate, and stays it. In large plates most of the region does: it is there to
learn from. NumPy only; works on PyTorch tensors as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from infusion_core.clip import Clip
from infusion_core.metrics.regions import dilated
from infusion_core.network_size import reach, row_multiple
from infusion_core.settings import NetworkSettings
from infusion_core.tiles import BLOCK, blocks_of, grid_of, occupied_blocks, occupied_part


@dataclass(frozen=True)
class Focus:
    """Rows and columns of a clip; all frames."""

    rows: slice
    columns: slice

    def of(self, video: Any) -> Any:
        """That part of a video (..., H, W)."""
        return video[..., self.rows, self.columns]

    def clip(self, clip: Clip) -> Clip:
        """That part of a clip."""
        return Clip(self.of(clip.plate), self.of(clip.known), self.of(clip.hole))

    def put(self, x0_hat: Any, plate: Any) -> Any:
        """Fills of that part (layouts, 3, F, h, w), each within the plate (1, 3, F, H, W)."""
        whole = plate + 0.0 * x0_hat[:, :1, :1, :1, :1]
        whole[..., self.rows, self.columns] = x0_hat
        return whole


MARGIN = 2  # blocks of BLOCK pixels


def part_to_denoise(known: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """What has to be denoised: the hole, and what else is not known close to it.

    What is not known farther away shows in no pixel that is written; what is close would have to fit.

    Args:
        known: (F, H, W), 0 where not known.
        hole: (F, H, W) bool.
    """
    unknown = known == 0
    if not (unknown & ~hole).any():
        return unknown
    blocks = dilated(occupied_blocks(hole, BLOCK), MARGIN)
    near = blocks.repeat(BLOCK, axis=1).repeat(BLOCK, axis=2)[:, : hole.shape[1], : hole.shape[2]]
    return unknown & near


def hole_focus(known: np.ndarray, hole: np.ndarray, network: NetworkSettings) -> Focus:
    """The focus on what ``part_to_denoise`` asks for."""
    return focus_on(part_to_denoise(known, hole), reach(network)[1], row_multiple(network))


def focus_on(needed: np.ndarray, reach: int, multiple: int) -> Focus:
    """Where something is needed on any frame, and what lies within reach.

    Args:
        needed: (F, H, W) bool; where it is false everywhere, the focus is on the first block.
        reach: Pixels that the network sees to every side.
        multiple: Rows and columns begin at multiples of this.
    """
    ever = np.asarray(needed.any(axis=0))
    height, width = ever.shape
    grid = grid_of((1, height, width), (0, reach), multiple)
    first_block = ((0, 1), (0, 1), (0, 1))
    _, rows, columns = grid.shown(occupied_part(blocks_of(ever, grid.block)[None]) or first_block)
    return Focus(slice(*rows), slice(*columns))
