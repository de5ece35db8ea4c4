"""How lively a shot is, and with it how strong the fresh noise of its reverse steps. NumPy only.

A model of few training steps smooths motion and detail away, the more of it the livelier the shot; stronger
noise brings as much back. In a calm shot it would make things seethe that lie still (docs/experiments.md).
"""

from __future__ import annotations

import numpy as np

from infusion_core.clip import Clip, scaled_clip

CALM, LIVELY = 0.1, 0.2  # changes: steam over water that simmers has 0.1, a flag in a breeze 0.2, fire 0.5


def temporal_change(clip: Clip) -> float:
    """How much the known picture changes from a frame to the next.

    Args:
        clip: NumPy arrays.

    Returns:
        Root mean square of the differences of pixels known in both frames over the standard deviation of
        the known pixels: 0 for a still picture, about 1.4 where no frame has to do with the one before.
        0 where nothing is known twice or there is but one colour.
    """
    plate, known = clip.plate[0].astype(np.float64), clip.known[0, 0] > 0
    both = known[1:] & known[:-1]
    spread = plate[:, known].var(axis=1).mean() if known.any() else 0.0
    if spread == 0.0 or not both.any():
        return 0.0
    return float(np.sqrt((np.diff(plate, axis=1)[:, both] ** 2).mean() / spread))


def shot_gain(full_clip: Clip, coarsest: float, noise_gain: float) -> float:
    """Standard deviation of the fresh noise for a shot.

    Args:
        full_clip: The shot at its own resolution, NumPy arrays.
        coarsest: Scale of the first stage, where a change is motion rather than grain.
        noise_gain: That of lively shots, ``sampling.noise_gain``.

    Returns:
        1 for calm shots, ``noise_gain`` for lively ones, between them for those between.
    """
    change = temporal_change(scaled_clip(full_clip, coarsest))
    return float(np.interp(change, (CALM, LIVELY), (1.0, noise_gain)))
