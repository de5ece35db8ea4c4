"""Coarser stages for larger regions. Standard library only.

A preset's first stage has to lay out the whole hole within the network's receptive field of some 60 pixels.
Its scale fits regions of about a hundred pixels; where the region is larger, the whole diffusion starts at a
lower scale, and as many stages go between as there are halvings (compare Denton et al. 2015: a pyramid of
models, each of which refines what the coarser one made).
"""

from __future__ import annotations

import dataclasses

from infusion_core.settings import Settings, StageSettings

LOWEST_SCALE = 1 / 32


def with_octaves(settings: Settings, size: tuple[int, int, int]) -> Settings:
    """The settings for a region of ``size``: frames, rows, columns at the plate's resolution.

    While the region's shorter side at the first stage's scale is at least twice ``diffusion.coarsest``
    pixels, that scale is halved and a stage like the second one is put in at the scale that it had.
    Presets of one stage (the paper) and ``diffusion.coarsest`` 0 stay as they are. Doing it twice changes
    nothing more.
    """
    coarsest, side = settings.diffusion.coarsest, min(size[1:])
    if coarsest == 0 or len(settings.stages) < 2:
        return settings
    first, second = settings.stages[0], settings.stages[1]
    between: list[StageSettings] = []
    while first.scale * side >= 2 * coarsest and first.scale / 2 >= LOWEST_SCALE:
        between.insert(0, dataclasses.replace(second, scale=first.scale))
        first = dataclasses.replace(first, scale=first.scale / 2)
    return dataclasses.replace(settings, stages=(first, *between, *settings.stages[1:]))
