"""A clip's truth as a stage sees it."""

from __future__ import annotations

import numpy as np

from benchmarks.clips import BenchClip
from infusion_core.clip import all_unknown_filled, scaled_clip
from infusion_core.engine.work import Work


def scaled_truth(clip: BenchClip, work: Work, scale: float) -> np.ndarray:
    """The whole truth (1, 3, F, h, w) at ``scale``, float32, in the run's region and basis."""
    box = work.shot.box
    truth = work.shot.colour.encode(clip.truth[:, box.y0 : box.y1, box.x0 : box.x1])
    values = np.ascontiguousarray(work.basis.encode(truth).transpose(3, 0, 1, 2)[None], np.float32)
    return scaled_clip(all_unknown_filled(values, np.ones_like(values[:, :1])), scale).plate
