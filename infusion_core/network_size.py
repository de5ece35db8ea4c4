"""Widths of the factored network's levels, and how far a network sees. Standard library only."""

from __future__ import annotations

from infusion_core.settings import NetworkSettings


def level_widths(settings: NetworkSettings) -> list[int]:
    """Feature channels of each level of the factored network, finest first."""
    return [round(settings.channels * settings.growth**level) for level in range(settings.levels)]


def row_multiple(settings: NetworkSettings) -> int:
    """Rows and columns that the network takes are multiples of this."""
    return 2**settings.levels if settings.kind == "paper" else 2 ** (settings.levels - 1)


def reach(settings: NetworkSettings) -> tuple[int, int]:
    """Frames and pixels to every side beyond which nothing changes what the network makes of a pixel.

    Each convolution of 3 looks one further, at a level of blocks of 2 pixels two further, and so on; a pixel
    lies anywhere in its block. Of the pixels it is a bound, not the least one.
    """
    levels, blocks = settings.levels, 2**settings.levels
    ends = 2  # the first and the last convolution
    if settings.kind == "paper":
        return ends + 4 * levels + 2, ends + 4 * (blocks - 1) + 2 * blocks + 2 * blocks
    return 2 * levels, ends + 4 * (blocks - 1) + blocks
