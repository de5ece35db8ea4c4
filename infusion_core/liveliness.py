"""How a shot moves, and what that asks of the noise of its diffusion. NumPy only.

A model of few training steps smooths motion and detail away, the more of it the livelier the shot; stronger
noise in the reverse steps brings as much back. In a calm shot it would make things seethe that lie still.

A network sees a few frames at a time. Where a shot sways in place, as trees do, what it puts into a hole
that is never revealed has to stay over the whole shot: noise that is held sees to that. Where the shot moves
on, it must not, and a calm one is better off without. What other frames reveal of a shot that sways in place
is known from them: there stronger noise only shakes what should stand (docs/experiments.md).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from infusion_core.basis import ColourBasis
from infusion_core.clip import Clip, frames_last, scaled_clip
from infusion_core.settings import Settings

CALM, LIVELY = 0.1, 0.2
"""Changes from a frame to the next: steam over simmering water has 0.1, a flag in a breeze 0.2, fire 0.5."""

STAYS, MOVES_ON = 1.0, 1.2
"""Change of frames far apart over that of neighbours: trees that sway have 0.8, fire 1.3, a flag 2.2."""

MOST_HELD = 0.8
"""The rest of the noise is each frame's own, and so is its motion."""

ENOUGH_FRAMES = 0.1
"""Share of the frames that have to show a place for its mean over time to tell what stands there."""

COUNTED_STAGES = 3
"""Stages that a preset's ``sampling.noise_gain`` is meant for; what each brings in, the next ones keep."""

HELD_START = 600
"""Noise level from which the second stage starts where the most is held."""


def temporal_change(clip: Clip, lag: int = 1) -> float:
    """How much the known picture changes from a frame to the one ``lag`` later.

    Args:
        clip: NumPy arrays.
        lag: At least 1.

    Returns:
        Root mean square of the differences of pixels known in both frames over the standard deviation of
        the known pixels: 0 for a still picture, about 1.4 where no frame has to do with the one before.
        0 where nothing is known twice or there is but one colour.
    """
    plate, known = clip.plate[0].astype(np.float64), clip.known[0, 0] > 0
    both = known[lag:] & known[:-lag]
    spread = plate[:, known].var(axis=1).mean() if known.any() else 0.0
    if spread == 0.0 or not both.any():
        return 0.0
    return float(np.sqrt(((plate[:, lag:] - plate[:, :-lag])[:, both] ** 2).mean() / spread))


def _seen(full_clip: Clip, basis: ColourBasis, scale: float) -> Clip:
    """The shot at a scale in model-range colours, for the basis magnifies hues and the grain in them."""
    clip = scaled_clip(full_clip, scale)
    return Clip(frames_last(clip.plate, basis).transpose(3, 0, 1, 2)[None], clip.known, clip.hole)


def _revealed(clip: Clip) -> float:
    """Share of the hole that enough other frames show."""
    shown = clip.known[0, 0].mean(axis=0) >= ENOUGH_FRAMES
    return float(shown[clip.hole.nonzero()[1:]].mean()) if clip.hole.any() else 0.0


def _liveliness(near: float) -> float:
    """How lively a shot is whose neighbours differ by ``near``: 0 for calm ones, 1 for lively ones."""
    return float(np.interp(near, (CALM, LIVELY), (0.0, 1.0)))


def _permanence(clip: Clip, near: float) -> float:
    """How much of a moving picture stays in its place, 0 to 1, where its neighbours differ by ``near``.

    1 where frames far apart (a quarter to half of the shot) differ no more than neighbours, less where those
    differ much, 0 where the shot moves on or has less than 8 frames.
    """
    frames = clip.size[0]
    if frames < 8:
        return 0.0
    far = float(np.mean([temporal_change(clip, lag) for lag in range(frames // 4, frames // 2 + 1)]))
    alike = max(0.0, 1.0 - far**2 / 2.0)
    return float(alike * np.interp(far / max(near, 1e-6), (STAYS, MOVES_ON), (1.0, 0.0)))


def shot_gain(full_clip: Clip, basis: ColourBasis, settings: Settings) -> float:
    """Standard deviation of the fresh noise for a shot.

    Args:
        full_clip: The shot at its own resolution, NumPy arrays.
        basis: Its colours.
        settings: With the stages that the shot asks for. A change is looked for at the scale of the first,
            where it is motion rather than grain; ``sampling.noise_gain`` is the gain of lively shots.

    Returns:
        1 for calm shots, ``noise_gain`` for lively ones, between them for those between; the nearer to 1, the
        more the shot sways in place and other frames reveal of the hole, and the more stages there are above
        ``COUNTED_STAGES``.
    """
    clip = _seen(full_clip, basis, settings.stages[0].scale)
    near = temporal_change(clip)
    each = min(1.0, COUNTED_STAGES / len(settings.stages))
    most = each * (settings.sampling.noise_gain - 1.0)
    return 1.0 + most * _liveliness(near) * (1.0 - _permanence(clip, near) * _revealed(clip))


def shot_held_noise(full_clip: Clip, basis: ColourBasis, coarsest: float) -> float:
    """Share of the noise that is the same in all frames, for a shot.

    Args:
        full_clip: The shot at its own resolution, NumPy arrays.
        basis: Its colours.
        coarsest: Scale of the first stage.

    Returns:
        ``MOST_HELD`` where the shot is lively and sways in place, less where it does so less, 0 where it is
        calm, moves on, or has less than 8 frames.
    """
    clip = _seen(full_clip, basis, coarsest)
    near = temporal_change(clip)
    return round(MOST_HELD * _liveliness(near) * _permanence(clip, near), 3)


def with_held_noise(settings: Settings, full_clip: Clip, basis: ColourBasis) -> Settings:
    """The settings with the share of held noise that the shot sets, where it is to set it.

    The more is held, the higher the second stage starts. There it redoes more of the layout that it is given;
    noise of each frame's own would have it do so every few frames anew.
    """
    if settings.diffusion.held_noise >= 0.0:
        return settings
    held = shot_held_noise(full_clip, basis, settings.stages[0].scale)
    first, *finer = settings.stages
    if finer:
        level = finer[0].highest_level(settings.diffusion.num_steps)
        start = round(np.interp(held, (0.0, MOST_HELD), (level, max(level, HELD_START))))
        finer[0] = dataclasses.replace(finer[0], t_high=start)
    diffusion = dataclasses.replace(settings.diffusion, held_noise=held)
    return dataclasses.replace(settings, diffusion=diffusion, stages=(first, *finer))
