"""Other views of a shot to learn from: mirrored, shifted by parts of a pixel, a little larger or smaller.

At a quarter of the resolution a shot has so few pixels that a network learns by heart what is where. Then
it does not know what to put where nothing was ever seen, and fills the hole with mush. It cannot learn by
heart what looks different each time; what remains to be learned is the texture. NumPy only.
"""

from __future__ import annotations

import numpy as np

from infusion_core.clip import Clip, box_scaled

JITTER = 0.3  # of the logarithm of height and width
COARSEST_COUNTED = 0.25
HIGHEST_SCALE = 0.5  # above it, resampling would change the grain
ENOUGH_VOXELS = 420_000  # of all views together; larger shots are not learned by heart


def num_views(most: int, scale: float, size: tuple[int, int, int]) -> int:
    """How many views of a shot of ``size`` (frames, rows, columns) a stage gets.

    ``most`` at a quarter of the resolution and below, fewer at finer scales and of large shots.
    """
    frames, rows, columns = size
    if scale > HIGHEST_SCALE or min(rows, columns) <= round(1 / scale):
        return 0
    at_scale = round(most * min(1.0, (COARSEST_COUNTED / scale) ** 2))
    return min(at_scale, round(ENOUGH_VOXELS / (frames * rows * columns * scale**2)))


def shot_view(clip: Clip, scale: float, generator: np.random.Generator) -> Clip:
    """One random view of a clip at about ``scale``.

    Args:
        clip: NumPy, at the plate's resolution.
        scale: Of the stage, at most 0.5.
        generator: Chooses the view.
    """
    most = max(1, round(1 / scale))
    top, left = generator.integers(0, most, 2)
    step = -1 if generator.random() < 0.5 else 1
    part = Clip(*(video[..., top:, left:][..., ::step] for video in (clip.plate, clip.known, clip.hole)))
    _, height, width = part.size
    rows, columns = (
        max(1, round(side * scale * np.exp(generator.uniform(-JITTER, JITTER)))) for side in (height, width)
    )
    return box_scaled(part, min(rows, height), min(columns, width))


def shot_views(clip: Clip, scale: float, most: int, seed: int) -> list[Clip]:
    """The views of one stage; the same for the same seed.

    Args:
        most: Setting ``training.views``.
    """
    generator = np.random.default_rng([seed, round(scale * 2**20)])
    return [shot_view(clip, scale, generator) for _ in range(num_views(most, scale, clip.size))]
