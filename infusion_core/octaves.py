"""Coarser stages for larger regions with thicker holes. NumPy only.

A preset's first stage has to lay out the whole hole within the network's receptive field of some 60 pixels,
and does it best where the region is a few dozen pixels. Its scale fits regions of about a hundred; where
the region is larger, the whole diffusion starts at a lower scale, and as many stages go between as there are
halvings (compare Denton et al. 2015: a pyramid of models, each of which refines what the coarser one made).
A thin hole needs none of that however large the region is: its edges say what belongs between them, and at
the scale where it is a pixel wide nothing of it is left to lay out.
"""

from __future__ import annotations

import dataclasses

from infusion_core.extent import Extent
from infusion_core.settings import LOWEST_SCALE, Settings, StageSettings

THINNEST = 4  # pixels at the first stage's scale


def with_octaves(settings: Settings, extent: Extent) -> Settings:
    """The settings with the stages that a hole asks for.

    While the region's shorter side at the first stage's scale is at least twice ``diffusion.coarsest``
    pixels and the hole's thickness at least twice ``THINNEST``, that scale is halved and a stage like the
    second one is put in at the scale that it had. From stage to stage less is left to lay out: each starts
    lower than the one before, by the ratio that the preset's second and third stages have, if it has three.
    Where the hole is too thin for the stages that the region's size asks for, there is little to lay out, and
    one layout is made, not several. Presets of one stage (the paper) and ``diffusion.coarsest`` 0 stay as
    they are. Doing it twice changes nothing more.
    """
    coarsest, side, thickness = settings.diffusion.coarsest, min(extent.size[1:]), extent.thickness
    if coarsest == 0 or len(settings.stages) < 2:
        return settings
    first, second = settings.stages[:2]
    between: list[StageSettings] = []
    while first.scale * side >= 2 * coarsest and first.scale / 2 >= LOWEST_SCALE:
        if first.scale * thickness < 2 * THINNEST:
            sampling = dataclasses.replace(settings.sampling, layouts=1)
            settings = dataclasses.replace(settings, sampling=sampling)
            break
        between.insert(0, dataclasses.replace(second, scale=first.scale))
        first = dataclasses.replace(first, scale=first.scale / 2)
    if not between:
        return settings
    levels = [stage.highest_level(settings.diffusion.num_steps) for stage in settings.stages[1:3]]
    falling = min(1.0, levels[-1] / max(1, levels[0]))
    finer = (
        dataclasses.replace(stage, t_high=round(levels[0] * falling**k))
        for k, stage in enumerate((*between, *settings.stages[1:]))
    )
    return dataclasses.replace(settings, stages=(first, *finer))
