"""Guiding the layout of a finer stage in what stays hidden. NumPy only; works on PyTorch tensors as well.

A stage that starts from a low noise level keeps the blur of the enlarged fill; one that starts higher lays
the hole out anew. Drawn back to the coarser fill at each call it may start high and still keep what lies
where: what it adds is detail alone (Choi et al. 2021, "ILVR", equation 4).

What sways looks the same again and again, but a network sees a dozen frames at a time and no more. Where
noise is held because the shot sways, what a finer stage lays out is drawn together on frames that look alike
around the hole, if such frames come back: so it leans as they do.

What other frames show, a finer stage knows better: there it is left free.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from infusion_core.alike import hidden_alike
from infusion_core.clip import Clip, scaled_clip
from infusion_core.focus import Focus
from infusion_core.intervals import Interval
from infusion_core.liveliness import MOST_HELD, never_shown
from infusion_core.resample import box_matrix, cubic_matrix
from infusion_core.sample import Denoiser, paste_known
from infusion_core.settings import Settings

WHOLE = 0.999  # of a coarse pixel lies in the focus, but for rounding

# What x0_hat shows at the coarser scale -> what it is to show there, both (layouts, 3, F, h, w)
Layout = Callable[[Any], Any]


def guided_where_asked(
    denoiser: Denoiser,
    coarser: Any,
    full_clip: Clip,
    interval: Interval,
    settings: Settings,
    clip: Clip,
    focus: Focus,
    as_array: Callable[[np.ndarray], Any],
) -> Denoiser:
    """An interval's denoiser as ``guided``, in the finer stages of runs that ask for it; else as it is.

    Args:
        coarser: x0_hat that the stage before ended with, (layouts, 3, F, h, w), in runs that hold to it.
        full_clip: The shot at its own resolution, NumPy arrays.
        settings: With the stages that the intervals are of, and the held noise that the shot asks for.
    """
    holds, sways = settings.sampling.holds, settings.diffusion.held_noise > 0.0
    if interval.stage == 0 or not (holds or sways):
        return denoiser
    coarse = scaled_clip(full_clip, settings.stages[interval.stage - 1].scale)
    if holds:
        return guided(denoiser, lambda _: coarser, coarse.known, clip, focus, as_array)
    together = as_array(_shares(coarse, settings.diffusion.held_noise))
    return guided(denoiser, lambda x0: _mixed(together, x0), coarse.known, clip, focus, as_array)


def _shares(clip: Clip, held_noise: float) -> np.ndarray:
    """How much of each frame's layout is to be that of each other one and its own, (F, F); rows of sum 1."""
    weights = hidden_alike(clip)
    together = weights / weights.sum(axis=1, keepdims=True)
    asked = min(1.0, held_noise / MOST_HELD)
    shares: np.ndarray = asked * together + (1.0 - asked) * np.eye(len(weights), dtype=np.float32)
    return shares


def _mixed(shares: Any, x0_hat: Any) -> Any:
    """Frames of (layouts, 3, F, h, w) mixed by ``_shares``."""
    flat = x0_hat.reshape(*x0_hat.shape[:3], -1)
    return (shares @ flat).reshape(x0_hat.shape)


def guided(
    denoiser: Denoiser,
    layout: Layout,
    coarse_known: np.ndarray,
    clip: Clip,
    focus: Focus,
    as_array: Callable[[np.ndarray], Any],
) -> Denoiser:
    """A denoiser whose x0_hat, brought down to the coarser scale, follows a layout in what stays hidden.

    Args:
        denoiser: Of the focus.
        layout: Given what x0_hat shows at the coarser scale, 0 outside the focus.
        coarse_known: What the shot at that scale shows, (1, 1, F, h, w) of 0 and 1; it is left alone, and so
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

    def denoise(noisy: Any, t: int) -> Any:
        x0_hat = paste_known(denoiser(noisy, t), seen.plate, seen.known)
        shown = down_rows @ (x0_hat @ down_columns)
        missing = (layout(shown) - shown) * filled
        return x0_hat + up_rows @ (missing @ up_columns)

    return denoise
