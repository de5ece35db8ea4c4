"""The part of a clip that the reverse diffusion works on: the hole and what the network sees around it.

What lies farther away is the plate, and stays it. In large plates most of the region does: it is there to
learn from. NumPy only; works on PyTorch tensors as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from infusion_core.clip import Clip
from infusion_core.tiles import BLOCK, occupied_blocks


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
        return Clip(self.of(clip.plate), self.of(clip.known))

    def put(self, x0_hat: Any, plate: Any) -> Any:
        """Fills of that part (layouts, 3, F, h, w), each within the plate (1, 3, F, H, W)."""
        whole = plate + 0.0 * x0_hat[:, :1, :1, :1, :1]
        whole[..., self.rows, self.columns] = x0_hat
        return whole


def focus_on(needed: np.ndarray, reach: int, multiple: int) -> Focus:
    """Where something is needed on any frame, and what lies within reach.

    Args:
        needed: (F, H, W) bool; where it is false everywhere, the focus is on the first block.
        reach: Pixels that the network sees to every side.
        multiple: Rows and columns begin at multiples of this.
    """
    block = math.lcm(BLOCK, multiple)
    blocks, far = occupied_blocks([np.asarray(needed.any(axis=0))], block)[0], -(-reach // block)
    spans = []
    for axis, side in enumerate(needed.shape[1:]):
        where = np.flatnonzero(blocks.any(axis=1 - axis))
        first, last = (where[0], where[-1]) if where.size else (0, 0)
        spans.append(slice(max(0, int(first) - far) * block, min(side, (int(last) + 1 + far) * block)))
    rows, columns = spans
    return Focus(rows, columns)
