"""Shots of which a hole hides a part, and whose truth is known."""

import numpy as np

from infusion_core.clip import Clip


def walking_hole(size, rows, width):
    """A rectangle of these rows (a slice) that goes from left to right through a clip of ``size``, F H W."""
    frames, _, columns = size
    hole = np.zeros(size, bool)
    for number in range(frames):
        left = 2 + round(number * (columns - width - 4) / max(1, frames - 1))
        hole[number, rows, left : left + width] = True
    return hole


def clip_of(truth, hole):
    """The clip that shows ``truth``, (3, F, H, W) or (1, 3, F, H, W), outside of the hole."""
    known = (~hole)[None, None].astype(np.float32)
    return Clip((truth * known).astype(np.float32), known, hole)
