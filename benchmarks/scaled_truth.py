"""A clip's truth as a stage sees it."""

from __future__ import annotations

import numpy as np

from benchmarks.clips import BenchClip
from infusion_core.box import Box
from infusion_core.clip import all_unknown_filled, scaled_clip
from infusion_core.engine.work import Work
from infusion_core.region import cut_to
from infusion_core.resample import moved


def scaled_truth(clip: BenchClip, work: Work, scale: float) -> np.ndarray:
    """The whole truth (1, 3, F, h, w) at ``scale``, float32, in the run's region and basis.

    What a frame does not show of the region of a camera that is followed is black.
    """
    frame = Box(0, 0, clip.truth.shape[2], clip.truth.shape[1])
    seen = [cut_to(one, frame, work.shot.box_of(i)) for i, one in enumerate(clip.truth)]
    truth = work.shot.colour.encode(np.stack(seen))
    for i, one in enumerate(truth):
        truth[i], _ = moved(one, np.ones(one.shape[:2], bool), work.shot.rest(i))
    values = np.ascontiguousarray(work.basis.encode(truth).transpose(3, 0, 1, 2)[None], np.float32)
    return scaled_clip(all_unknown_filled(values, np.ones_like(values[:, :1])), scale).plate
