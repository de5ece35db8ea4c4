"""Sizes of clips and crops at a stage's resolution. Standard library only."""

from __future__ import annotations

from infusion_core.settings import TrainingSettings


def scaled_size(height: int, width: int, scale: float) -> tuple[int, int]:
    """Rows and columns at ``scale``, at least 1."""
    return max(1, round(height * scale)), max(1, round(width * scale))


def crop_size(size: tuple[int, int, int], settings: TrainingSettings) -> tuple[int, int, int]:
    """Frames, rows and columns of a training crop of a clip of ``size``."""
    frames, height, width = size
    side = settings.crop
    return (
        min(settings.window, frames),
        min(side, height) if side else height,
        min(side, width) if side else width,
    )
