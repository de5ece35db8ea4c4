"""How a shot moves, and what that asks of the noise of its diffusion and of training. NumPy only.

A model of few training steps smooths motion and detail away, the more of it the livelier the shot; stronger
noise in the reverse steps brings as much back. In a calm shot it would make things seethe that lie still.

A network sees a few frames at a time. Where a shot sways in place, as trees do, what it puts into a hole
that is never revealed has to stay over the whole shot: noise that is held sees to that. So it does where
next to nothing moves. Where the shot moves on, it must not, and a calm one is better off without. What other
frames reveal of a shot that sways in place is known from them: there stronger noise only shakes what should
stand (docs/experiments.md).

In a calm shot the coarser fill has no motion whose faults a finer stage should mend: it may be held to it.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from infusion_core.basis import ColourBasis
from infusion_core.clip import Clip, frames_last, scaled_clip
from infusion_core.octaves import with_held_levels
from infusion_core.settings import Settings

CALM, LIVELY = 0.1, 0.2
"""Changes from a frame to the next: steam over simmering water has 0.1, a flag in a breeze 0.2, fire 0.5."""

STAYS, MOVES_ON = 1.0, 1.2
"""Change of frames far apart over that of neighbours: trees that sway have 0.8, fire 1.3, a flag 2.2."""

STILL, NOT_STILL = 0.1, 0.2
"""Change of frames far apart: a fountain in front of which somebody stands has 0.06, steam 0.23."""

HALF_REVEALED = 0.5
"""Share of the hole that other frames show, from which on the noise of a still shot is held less, and above
which nothing is learned at double speed."""

MOST_HELD = 0.8
"""The rest of the noise is each frame's own, and so is its motion."""

ENOUGH_FRAMES = 0.1
"""Share of the frames that have to show a place for its mean over time to tell what stands there."""

FEWEST_FRAMES = 8
"""Shots of less do not tell how they move."""

HELD_LIVELINESS = 0.25
"""Finer stages that are held come out softer: noise as for a shot a quarter as lively makes up for it."""

COUNTED_STAGES = 2
"""Stages below full resolution that a preset's ``sampling.noise_gain`` is meant for; what each brings in, the
next ones keep."""

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


def never_shown(known: np.ndarray) -> np.ndarray:
    """Places that too few frames show to tell what stands there, (h, w) bool, of what is known, (F, h, w)."""
    return known.mean(axis=0) < ENOUGH_FRAMES


def _revealed(clip: Clip) -> float:
    """Share of the hole that enough other frames show."""
    hidden = never_shown(clip.known[0, 0])
    return 1.0 - float(hidden[clip.hole.nonzero()[1:]].mean()) if clip.hole.any() else 0.0


def _liveliness(near: float) -> float:
    """How lively a shot is whose neighbours differ by ``near``: 0 for calm ones, 1 for lively ones."""
    return float(np.interp(near, (CALM, LIVELY), (0.0, 1.0)))


def _far_change(clip: Clip) -> float:
    """How much frames far apart differ, a quarter to half of the shot; without end in a short one."""
    frames = clip.size[0]
    if frames < FEWEST_FRAMES:
        return np.inf
    return float(np.mean([temporal_change(clip, lag) for lag in range(frames // 4, frames // 2 + 1)]))


def _permanence(far: float, near: float) -> float:
    """How much of a moving picture stays in its place, 0 to 1, where neighbours differ by ``near``.

    1 where frames far apart differ no more, less where those differ much, 0 where the shot moves on.
    """
    alike = max(0.0, 1.0 - far**2 / 2.0)
    return float(alike * np.interp(far / max(near, 1e-6), (STAYS, MOVES_ON), (1.0, 0.0)))


def _stillness(far: float, revealed: float) -> float:
    """How much of a hole is to stand still where frames far apart differ by ``far``, 0 to 1.

    1 where next to nothing moves; but what other frames show stands still by itself, and held noise would
    take away what does move before it, so where they reveal all of the hole it is 0.
    """
    hidden = np.interp(revealed, (HALF_REVEALED, 1.0), (1.0, 0.0))
    return float(hidden * np.interp(far, (STILL, NOT_STILL), (1.0, 0.0)))


def shot_gain(full_clip: Clip, basis: ColourBasis, settings: Settings) -> float:
    """Standard deviation of the fresh noise for a shot.

    Args:
        full_clip: The shot at its own resolution, NumPy arrays.
        basis: Its colours.
        settings: With the stages that the shot asks for. A change is looked for at the scale of the first,
            where it is motion rather than grain; ``sampling.noise_gain`` is the gain of lively shots.

    Returns:
        1 for calm shots, ``noise_gain`` for lively ones, between them for those between and for those whose
        finer stages are held. In these, and in shots that sway in place, the more of the hole other frames
        reveal, the nearer to 1; and the nearer, the more coarse stages there are above ``COUNTED_STAGES``.
    """
    clip = _seen(full_clip, basis, settings.stages[0].scale)
    near = temporal_change(clip)
    coarse = sum(stage.scale < 1.0 for stage in settings.stages)
    each = min(1.0, COUNTED_STAGES / max(1, coarse))
    most = each * (settings.sampling.noise_gain - 1.0)
    revealed = _revealed(clip)
    lively = _liveliness(near) * (1.0 - _permanence(_far_change(clip), near) * revealed)
    held = HELD_LIVELINESS * (1.0 - revealed) if settings.sampling.holds else 0.0
    return 1.0 + most * max(lively, held)


def with_motion(settings: Settings, full_clip: Clip, basis: ColourBasis) -> Settings:
    """The settings with what the motion of the shot sets, where it is to set it.

    ``diffusion.held_noise`` below 0 becomes ``MOST_HELD`` where the shot is lively and sways in place, or
    where next to nothing moves and not all of the hole is shown by other frames; less where it does so less,
    0 where it is calm or moves on.
    ``sampling.hold_coarser`` ``auto`` becomes ``on`` for calm shots, else ``off``. A shot of less than
    ``FEWEST_FRAMES`` is taken for one that moves on. ``training.double_speed`` becomes 0 where other frames
    show more than half of the hole: how fast things move there need not be guessed.

    Args:
        settings: With the stages that the shot asks for.
        full_clip: The shot at its own resolution, NumPy arrays.
        basis: Its colours.
    """
    is_asked = settings.sampling.hold_coarser == "auto"
    if settings.diffusion.held_noise >= 0.0 and not is_asked and settings.training.double_speed == 0.0:
        return settings
    clip = _seen(full_clip, basis, settings.stages[0].scale)
    near, revealed = temporal_change(clip), _revealed(clip)
    if revealed > HALF_REVEALED:
        training = dataclasses.replace(settings.training, double_speed=0.0)
        settings = dataclasses.replace(settings, training=training)
    if settings.diffusion.held_noise < 0.0:
        far = _far_change(clip)
        sways = MOST_HELD * _liveliness(near) * _permanence(far, near)
        settings = _with_held_noise(settings, sways, MOST_HELD * _stillness(far, revealed))
    if is_asked:
        settings = _with_hold(settings, near <= CALM and clip.size[0] >= FEWEST_FRAMES)
    return settings


def _with_held_noise(settings: Settings, sways: float, still: float) -> Settings:
    """The settings with a share of held noise, the greater one of what two reasons ask for.

    The more is held as the shot sways, the higher the second stage starts: there it redoes more of the layout
    that it is given; noise of each frame's own would have it do so every few frames anew.
    """
    sways, held = round(sways, 3), round(max(sways, still), 3)
    first, *finer = settings.stages
    if finer:
        level = finer[0].highest_level(settings.diffusion.num_steps)
        start = round(np.interp(sways, (0.0, MOST_HELD), (level, max(level, HELD_START))))
        finer[0] = dataclasses.replace(finer[0], t_high=start)
    diffusion = dataclasses.replace(settings.diffusion, held_noise=held)
    return dataclasses.replace(settings, diffusion=diffusion, stages=(first, *finer))


def _with_hold(settings: Settings, is_calm: bool) -> Settings:
    """The settings with finer stages that are held to the coarser fill, or not."""
    sampling = dataclasses.replace(settings.sampling, hold_coarser="on" if is_calm else "off")
    settings = dataclasses.replace(settings, sampling=sampling)
    return with_held_levels(settings) if is_calm else settings
