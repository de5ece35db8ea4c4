"""Rectangles of pixels in a picture's absolute coordinates. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A rectangle, half-open: columns ``x0 <= x < x1`` and rows ``y0 <= y < y1``.

    Coordinates are those of the file (OpenEXR's data and display windows), with y downwards;
    they may be negative.
    """

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        return max(0, self.x1 - self.x0)

    @property
    def height(self) -> int:
        return max(0, self.y1 - self.y0)

    @property
    def is_empty(self) -> bool:
        return self.width == 0 or self.height == 0

    @property
    def middle(self) -> tuple[float, float]:
        """Column and row, counted from pixel centres; between two where the size is even."""
        return (self.x0 + self.x1 - 1) / 2, (self.y0 + self.y1 - 1) / 2

    @property
    def corners(self) -> list[tuple[int, int]]:
        """Columns and rows of the four pixels in the corners of a box that is not empty."""
        return [(x, y) for x in (self.x0, self.x1 - 1) for y in (self.y0, self.y1 - 1)]

    def grown(self, pixels: int) -> Box:
        """The box with ``pixels`` more on every side."""
        return Box(self.x0 - pixels, self.y0 - pixels, self.x1 + pixels, self.y1 + pixels)

    def moved(self, x: int, y: int) -> Box:
        """The box ``x`` columns further to the right and ``y`` rows further down."""
        return Box(self.x0 + x, self.y0 + y, self.x1 + x, self.y1 + y)

    def intersection(self, other: Box) -> Box:
        """The pixels in both boxes; an empty box where they do not meet."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Box(x0, y0, max(x0, min(self.x1, other.x1)), max(y0, min(self.y1, other.y1)))

    def union(self, other: Box) -> Box:
        """The smallest box that holds both; an empty box counts for nothing."""
        if self.is_empty or other.is_empty:
            return other if self.is_empty else self
        return Box(
            min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1)
        )

    def slices_in(self, outer: Box) -> tuple[slice, slice]:
        """Row and column slices of this box within an array that covers ``outer``."""
        return (
            slice(self.y0 - outer.y0, self.y1 - outer.y0),
            slice(self.x0 - outer.x0, self.x1 - outer.x0),
        )
