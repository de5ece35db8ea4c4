"""Widths of the factored network's levels. Standard library only."""

from __future__ import annotations

from infusion_core.settings import NetworkSettings


def level_widths(settings: NetworkSettings) -> list[int]:
    """Feature channels of each level of the factored network, finest first."""
    return [round(settings.channels * settings.growth**level) for level in range(settings.levels)]
