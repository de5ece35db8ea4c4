"""What it costs to take detail from the plate, see ``infusion_core.exemplars``. Standard library only."""

from __future__ import annotations

SPACING = 2
"""Pixels between the values of a look: as far apart as the coarse ones are."""
BESIDE = 2
"""How many of them to every side, so 5 x 5 on each of three frames."""
DIMENSIONS = 32
"""Principal components by which looks are compared."""
SOURCES = 4000
"""Places that the pixels of a frame are compared with."""
LOOK = 3 * 3 * (2 * BESIDE + 1) ** 2
OWN = 3
"""Places of its own, on other frames, that a pixel is offered."""
FLOPS_PER_PIXEL = 2.0 * DIMENSIONS * (SOURCES + (2 + OWN) * LOOK)
"""Its look, that of the place it was given on the frame before, and those of its own."""


def octaves_left(scale: float) -> tuple[float, ...]:
    """Scales that follow a last stage at ``scale``: each twice the one before, the last is 1."""
    left = []
    while scale < 1.0:
        scale = min(1.0, 2.0 * scale)
        left.append(scale)
    return tuple(left)
