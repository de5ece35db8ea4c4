"""Holding a finer stage to the layout of the coarser fill. NumPy only; works on PyTorch tensors as well.

A stage that starts from a low noise level keeps the blur of the enlarged fill; one that starts higher lays
the hole out anew. Drawn back to the coarser fill at each call it may start high and still keep what lies
where: what it adds is detail alone (Choi et al. 2021, "ILVR", equation 4). What other frames show, a finer
stage knows better than the coarser one: there it is left free.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from infusion_core.clip import Clip, scaled_clip
from infusion_core.focus import Focus
from infusion_core.intervals import Interval
from infusion_core.liveliness import never_shown
from infusion_core.resample import box_matrix, cubic_matrix
from infusion_core.sample import Denoiser, paste_known
from infusion_core.settings import Settings

WHOLE = 0.999  # of a coarse pixel lies in the focus, but for rounding


def held_where_asked(
    denoiser: Denoiser,
    coarser: Any,
    full_clip: Clip,
    interval: Interval,
    settings: Settings,
    clip: Clip,
    focus: Focus,
    as_array: Callable[[np.ndarray], Any],
) -> Denoiser:
    """An interval's denoiser as ``held_to``, in the finer stages of runs that ask for it; else as it is.

    Args:
        coarser: As ``held_to``; anything in the first stage or where it is not asked for.
        full_clip: The shot at its own resolution, NumPy arrays.
        settings: With the stages that the intervals are of.
    """
    if interval.stage == 0 or not settings.sampling.holds:
        return denoiser
    coarse = scaled_clip(full_clip, settings.stages[interval.stage - 1].scale)
    return held_to(denoiser, coarser, coarse.known, clip, focus, as_array)


def held_to(
    denoiser: Denoiser,
    coarser: Any,
    coarse_known: np.ndarray,
    clip: Clip,
    focus: Focus,
    as_array: Callable[[np.ndarray], Any],
) -> Denoiser:
    """A denoiser whose x0_hat, brought down to the coarser scale, is the coarser fill in what stays hidden.

    Args:
        denoiser: Of the focus.
        coarser: x0_hat that the stage before ended with, (layouts, 3, F, h, w).
        coarse_known: What the shot at its scale shows, (1, 1, F, h, w) of 0 and 1; it is left alone, and so
            is what enough other frames show.
        clip: The shot at the finer scale, all of it.
        focus: What of it is denoised.
        as_array: Brings a NumPy array to the array type in use.
    """
    seen = focus.clip(clip)
    sides = tuple(zip(clip.size[1:], coarse_known.shape[-2:], (focus.rows, focus.columns), strict=True))
    down = [box_matrix(fine, coarse)[:, part] for fine, coarse, part in sides]
    up = [cubic_matrix(coarse, fine)[part] for fine, coarse, part in sides]
    rows, columns = ((matrix.sum(axis=1) > WHOLE).astype(np.float32) for matrix in down)
    hidden = (1.0 - coarse_known) * never_shown(coarse_known[0, 0]) * rows[:, None] * columns
    if not hidden.any():
        return denoiser
    filled = as_array(hidden)
    down_rows, down_columns, up_rows, up_columns = (
        as_array(matrix) for matrix in (down[0], down[1].T, up[0], up[1].T)
    )

    def held(noisy: Any, t: int) -> Any:
        x0_hat = paste_known(denoiser(noisy, t), seen.plate, seen.known)
        missing = (coarser - down_rows @ (x0_hat @ down_columns)) * filled
        return x0_hat + up_rows @ (missing @ up_columns)

    return held
