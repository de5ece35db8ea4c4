"""Several coarse fills side by side, of which one is kept. NumPy only.

What stands in a hole that is never revealed is laid out by the noise of the first reverse steps, some of it
well and some of it badly. At the coarsest scales another layout costs about half a per cent of the run, and
how it turned out can be told without the truth: its texture should be that of the picture around the hole.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from infusion_core.basis import ColourBasis
from infusion_core.clip import frames_last
from infusion_core.cores import limit_numpy
from infusion_core.intervals import Interval
from infusion_core.metrics.patches import sliced_wasserstein
from infusion_core.metrics.regions import ring
from infusion_core.metrics.texture import Texture

BLOCK_FRAMES = 6  # at least
MOST_BLOCKS = 12
NEAREST_PIXELS = 4  # least width of what counts as around the hole


def is_last_of_layouts(interval: Interval, intervals: Sequence[Interval]) -> bool:
    """Whether several layouts end with this interval, so that one is to be kept."""
    following = intervals[interval.index + 1 : interval.index + 2]
    return interval.layouts > 1 and all(one.layouts == 1 for one in following)


def unlikeness(clip: np.ndarray, hole: np.ndarray) -> float:
    """How unlike the texture in the hole is to that around it, where it is most so.

    The distance of ``metrics.patches.sliced_wasserstein`` between the hole and a ring half as wide as it, in
    blocks of some frames; the worst block counts, for one bad moment spoils a shot.

    Args:
        clip: The filled shot, (F, H, W, 3).
        hole: (F, H, W) bool.

    Returns:
        0 and up; 0 where nothing is around the hole to compare with.
    """
    frames = len(clip)
    count = min(MOST_BLOCKS, max(1, frames // BLOCK_FRAMES))
    edges = np.linspace(0, frames, count + 1).round().astype(int)
    side = float(hole.sum() / max(1, hole.any(axis=(1, 2)).sum())) ** 0.5
    around = ring(hole, max(NEAREST_PIXELS, round(side / 2)))
    distances = [0.0]
    for start, end in itertools.pairwise(edges):
        block, inside, outside = clip[start:end], hole[start:end], around[start:end]
        if inside.any() and outside.any():
            textures = Texture(block, inside), Texture(block, outside)
            distances.append(sliced_wasserstein(*textures, np.random.default_rng(0)))
    return max(distances)


def likeliest_layout(x0_hat: np.ndarray, hole: np.ndarray, basis: ColourBasis, threads: int = 1) -> int:
    """Which of several fills looks most like what is around the hole.

    Args:
        x0_hat: (layouts, 3, F, H, W) in the run's colours.
        hole: (F, H, W) bool.
        basis: The run's colours.
        threads: So many fills are judged at once; the result is the same.
    """

    def judged(one: np.ndarray) -> float:
        return unlikeness(frames_last(one[None], basis), hole)

    with limit_numpy(1), ThreadPoolExecutor(threads) as pool:
        return int(np.argmin(list(pool.map(judged, x0_hat))))
