"""How a frame's picture lies in the region of a camera that is followed: moved, turned, magnified.

Standard library only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from infusion_core.box import Box


@dataclass(frozen=True)
class Placement:
    """A similarity from the pixels of a frame's file to those of the region; both count from pixel centres.

    Attributes:
        x, y: Columns and rows by which the pixel (0, 0) of the file is moved to the right and down.
        turn: Radians, clockwise as it is seen.
        zoom: How many pixels of the region one of the file is wide, above 0.
    """

    x: float = 0.0
    y: float = 0.0
    turn: float = 0.0
    zoom: float = 1.0

    @classmethod
    def about(cls, centre: tuple[float, float], x: float, y: float, turn: float, zoom: float) -> Placement:
        """One that turns and magnifies about a point of the file, and moves it by columns and rows."""
        pivot = cls(0.0, 0.0, turn, zoom).of(*centre)
        return cls(centre[0] - pivot[0] + x, centre[1] - pivot[1] + y, turn, zoom)

    @property
    def only_moves(self) -> bool:
        """Whether the picture is neither turned nor magnified."""
        return self.turn == 0.0 and self.zoom == 1.0

    @property
    def axes(self) -> tuple[float, float]:
        """What one column to the right in the file is in the region: columns and rows."""
        return self.zoom * math.cos(self.turn), self.zoom * math.sin(self.turn)

    def of(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the file lies in the region."""
        right, down = self.axes
        return right * x - down * y + self.x, down * x + right * y + self.y

    def inverse(self) -> Placement:
        """The way from the region to the file."""
        turned = Placement(0.0, 0.0, -self.turn, 1.0 / self.zoom)
        x, y = turned.of(self.x, self.y)
        return replace(turned, x=-x, y=-y)

    def then(self, other: Placement) -> Placement:
        """This one, and another one after it."""
        x, y = other.of(self.x, self.y)
        return Placement(x, y, self.turn + other.turn, self.zoom * other.zoom)

    def between(self, source: Box, target: Box) -> Placement:
        """The same from pixels that count from the corner of ``source`` to those from that of ``target``."""
        x, y = self.of(source.x0, source.y0)
        return replace(self, x=x - target.x0, y=y - target.y0)

    def box_in_file(self, box: Box) -> Box:
        """What a box of the region covers in the file, as it is but for whole pixels; its middle is right."""
        if self.only_moves:
            return box.moved(-round(self.x), -round(self.y))
        x, y = self.inverse().of(*box.middle)
        return box.moved(-round(box.middle[0] - x), -round(box.middle[1] - y))

    def box_in_region(self, box: Box) -> Box:
        """The smallest box of the region that holds one of the file; to whole pixels where it only moves."""
        if self.only_moves or box.is_empty:
            return box.moved(round(self.x), round(self.y))
        columns, rows = zip(*(self.of(*corner) for corner in box.corners), strict=True)
        return Box(
            math.floor(min(columns)),
            math.floor(min(rows)),
            math.ceil(max(columns)) + 1,
            math.ceil(max(rows)) + 1,
        )

    def rest(self, box: Box) -> Placement:
        """What is left to do to ``box_in_file(box)`` until it lies in ``box``, counted from their corners."""
        return self.between(self.box_in_file(box), box)

    def farthest_moved(self, box: Box) -> float:
        """Pixels by which it moves the corner of a box that it moves most."""
        return max(math.dist(self.of(*corner), corner) for corner in box.corners)


STILL = Placement()

Placements = tuple[Placement, ...]
"""Those of all frames, empty where no camera is followed."""


class Laid:
    """Frames that lie in a region.

    Attributes:
        box: The region, as the first frame sees it.
        placements: How each frame's picture lies in it; empty where no camera is followed.
    """

    box: Box
    placements: Placements

    def placement(self, i: int) -> Placement:
        """How the picture of frame number ``i`` lies in the region."""
        return self.placements[i] if self.placements else STILL

    def box_of(self, i: int) -> Box:
        """What frame number ``i`` has of the region, in its file: to whole pixels."""
        return self.placement(i).box_in_file(self.box)

    def rest(self, i: int) -> Placement:
        """What is left to do to that until it lies in the region."""
        return self.placement(i).rest(self.box)
