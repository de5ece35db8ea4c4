"""Coarser stages for larger regions with thicker holes, and an earlier end. NumPy only.

A preset's first stage has to lay out the whole hole within the network's receptive field of some 60 pixels,
and does it best where the region is a few dozen pixels. Its scale fits regions of about a hundred; where
the region is larger, the whole diffusion starts at a lower scale, and as many stages go between as there are
halvings (compare Denton et al. 2015: a pyramid of models, each of which refines what the coarser one made).
A thin hole needs none of that however large the region is: its edges say what belongs between them, and at
the scale where it is a pixel wide nothing of it is left to lay out.

At the other end, where a preset leaves the finest octave to the plate's own detail (``exemplars.py``), a
thick hole is laid out an octave earlier, and the stage saved is the most expensive one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from infusion_core.extent import Extent
from infusion_core.settings import LOWEST_SCALE, Settings

THINNEST = 4  # pixels at the first stage's scale
FALLING = 2 / 3  # of the level of the stage before, where a preset does not say


def with_octaves(settings: Settings, extent: Extent) -> Settings:
    """The settings with the stages that a hole asks for; doing this twice changes nothing more."""
    if len(settings.stages) < 2:
        return settings
    return _ending_earlier(_beginning_coarser(settings, extent), extent)


def _ending_earlier(settings: Settings, extent: Extent) -> Settings:
    """The settings without a last stage that a hole need not have.

    That is one below full resolution where the hole is ``diffusion.laid_out`` pixels thick at the scale of
    the one before. ``diffusion.laid_out`` is 0 in what is returned then.
    """
    *earlier, last = settings.stages
    wanted = settings.diffusion.laid_out
    if not wanted or last.scale == 1.0 or extent.thickness * earlier[-1].scale < wanted:
        return settings
    diffusion = dataclasses.replace(settings.diffusion, laid_out=0)
    return dataclasses.replace(settings, stages=tuple(earlier), diffusion=diffusion)


def _beginning_coarser(settings: Settings, extent: Extent) -> Settings:
    """The settings with coarser stages for a large region.

    While the region's shorter side at the first stage's scale is at least twice ``diffusion.coarsest``
    pixels, that scale is halved and a stage like the second one is put in at the scale that it had. From
    stage to stage less is left to lay out: each starts lower than the one before, by the ratio that the
    preset's second and third stages have or by ``FALLING``; but see ``with_held_levels``.
    ``diffusion.coarsest`` 0 leaves them as they are.

    Of these, stages are left out at whose scale the hole's thickness is below ``THINNEST``; the others keep
    their levels. Then there is little to lay out, and one layout is made, not several. ``diffusion.coarsest``
    is 0 in what is returned then.
    """
    stages, diffusion = settings.stages, settings.diffusion
    if diffusion.coarsest == 0:
        return settings
    scale, side = stages[0].scale, min(extent.size[1:])
    wanted = _halvings(lambda reached: reached * side >= 2 * diffusion.coarsest, scale)
    made = min(wanted, _halvings(lambda reached: reached * extent.thickness >= 2 * THINNEST, scale))
    if wanted == 0:
        return settings
    if made < wanted:
        sampling = dataclasses.replace(settings.sampling, layouts=1)
        diffusion = dataclasses.replace(diffusion, coarsest=0)
        settings = dataclasses.replace(settings, sampling=sampling, diffusion=diffusion)
    between = (dataclasses.replace(stages[1], scale=scale / 2**k) for k in range(made - 1, -1, -1))
    levels = [stage.highest_level(diffusion.num_steps) for stage in stages[1:3]]
    falling = min(1.0, levels[1] / max(1, levels[0])) if levels[1:] else FALLING
    finer = (
        dataclasses.replace(stage, t_high=round(levels[0] * falling**k))
        for k, stage in enumerate((*between, *stages[1:]), start=wanted - made)
    )
    stages = (dataclasses.replace(stages[0], scale=scale / 2**made), *finer)
    settings = dataclasses.replace(settings, stages=stages)
    return with_held_levels(settings) if settings.sampling.holds else settings


def with_held_levels(settings: Settings) -> Settings:
    """The settings of ``with_octaves`` with stages that start as high as those of the preset.

    That is one at full resolution like the third and the others like the second. Held to the coarser fill
    they lay out nothing else, and the higher they start, the less is left of the blur of the enlarged fill.
    Where stages were left out, or ``diffusion.coarsest`` was 0 before, they stay as they are.
    """
    first, *finer = settings.stages
    if len(finer) < 2 or settings.diffusion.coarsest == 0:
        return settings
    second, third = finer[0].t_high, finer[1].t_high
    held = (dataclasses.replace(stage, t_high=second if stage.scale < 1.0 else third) for stage in finer)
    return dataclasses.replace(settings, stages=(first, *held))


def _halvings(is_asked: Callable[[float], bool], scale: float) -> int:
    """How often ``scale`` is halved while that is asked for at the scale reached."""
    count = 0
    while is_asked(scale / 2**count) and scale / 2 ** (count + 1) >= LOWEST_SCALE:
        count += 1
    return count
