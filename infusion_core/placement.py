"""How a frame's picture lies in the region of a camera that is followed: moved, turned, magnified, bent.

Standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from infusion_core.box import Box

Rows = tuple[tuple[float, float, float], ...]
"""A 3x3 matrix of homogeneous coordinates."""


@dataclass(frozen=True)
class Placement:
    """A homography from the pixels of a frame's file to those of the region; both count from pixel centres.

    The point (X, Y) of the file lies at (``xx`` X + ``xy`` Y + ``x``) / w, (``yx`` X + ``yy`` Y + ``y``) / w,
    with w = 1 + ``wx`` X + ``wy`` Y (Hartley and Zisserman 2004, section 2.3). What a camera sees that turns
    on its tripod lies so, however it turns and zooms.

    Attributes:
        x, y: Where the pixel (0, 0) of the file lies, columns and rows.
        xx, xy, yx, yy: What a column to the right and a row down in the file add to columns and rows.
        wx, wy: By how much that becomes less from each column and row to the next.
    """

    x: float = 0.0
    y: float = 0.0
    xx: float = 1.0
    xy: float = 0.0
    yx: float = 0.0
    yy: float = 1.0
    wx: float = 0.0
    wy: float = 0.0

    @classmethod
    def similarity(cls, x: float, y: float, turn: float = 0.0, zoom: float = 1.0) -> Placement:
        """One that turns by radians, clockwise as it is seen, and magnifies about (0, 0), and then moves."""
        right, down = zoom * math.cos(turn), zoom * math.sin(turn)
        return cls(x, y, right, -down, down, right)

    @classmethod
    def about(cls, centre: tuple[float, float], x: float, y: float, turn: float, zoom: float) -> Placement:
        """One that turns and magnifies about a point of the file, and moves it by columns and rows."""
        pivot = cls.similarity(0.0, 0.0, turn, zoom).of(*centre)
        return cls.similarity(centre[0] - pivot[0] + x, centre[1] - pivot[1] + y, turn, zoom)

    @classmethod
    def of_numbers(cls, numbers: Sequence[float]) -> Placement:
        """One from ``numbers``, or from files of before: a move, or a similarity with its turn and zoom."""
        values = [float(one) for one in numbers]
        return cls.similarity(*values) if len(values) == 4 else cls(*values)

    @property
    def numbers(self) -> tuple[float, ...]:
        """As files keep it."""
        return astuple(self)

    @property
    def only_moves(self) -> bool:
        """Whether the picture is neither turned nor magnified nor bent."""
        return self == Placement(self.x, self.y)

    @property
    def rows(self) -> Rows:
        """Its matrix."""
        return (self.xx, self.xy, self.x), (self.yx, self.yy, self.y), (self.wx, self.wy, 1.0)

    @classmethod
    def of_rows(cls, rows: Rows) -> Placement:
        """One of a matrix, whose last number is not 0."""
        (xx, xy, x), (yx, yy, y), (wx, wy, w) = rows
        return cls(x / w, y / w, xx / w, xy / w, yx / w, yy / w, wx / w, wy / w)

    def nearness(self, x: float, y: float) -> float:
        """What a point of the file is divided by; one where it is 0 or less lies nowhere."""
        return 1.0 + self.wx * x + self.wy * y

    def of(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the file lies in the region."""
        w = self.nearness(x, y)
        return (self.xx * x + self.xy * y + self.x) / w, (self.yx * x + self.yy * y + self.y) / w

    def slopes(self, x: float, y: float) -> tuple[float, float, float, float]:
        """``xx``, ``xy``, ``yx`` and ``yy`` of a point and what lies close to it."""
        w, (column, row) = self.nearness(x, y), self.of(x, y)
        return (
            (self.xx - column * self.wx) / w,
            (self.xy - column * self.wy) / w,
            (self.yx - row * self.wx) / w,
            (self.yy - row * self.wy) / w,
        )

    def sizes(self, x: float, y: float) -> tuple[float, float]:
        """How long what is a pixel long at a point of the file becomes, at most and at least."""
        xx, xy, yx, yy = self.slopes(x, y)
        mean, half = math.hypot(xx + yy, yx - xy) / 2, math.hypot(xx - yy, xy + yx) / 2
        return mean + half, abs(mean - half)

    def turn_and_zoom(self, x: float, y: float) -> tuple[float, float]:
        """By how many radians a point of the file is turned, and how much it is magnified."""
        xx, xy, yx, yy = self.slopes(x, y)
        return math.atan2(yx - xy, xx + yy), math.sqrt(abs(xx * yy - xy * yx))

    def inverse(self) -> Placement:
        """The way from the region to the file."""
        first, second, third = self.rows
        columns = zip(_crossed(second, third), _crossed(third, first), _crossed(first, second), strict=True)
        return Placement.of_rows(tuple(columns))

    def then(self, other: Placement) -> Placement:
        """This one, and another one after it."""
        columns = tuple(zip(*self.rows, strict=True))
        return Placement.of_rows(
            tuple((_dot(row, columns[0]), _dot(row, columns[1]), _dot(row, columns[2])) for row in other.rows)
        )

    def between(self, source: Box, target: Box) -> Placement:
        """The same from pixels that count from the corner of ``source`` to those from that of ``target``."""
        return Placement(source.x0, source.y0).then(self).then(Placement(-target.x0, -target.y0))

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


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _crossed(one: Sequence[float], other: Sequence[float]) -> tuple[float, float, float]:
    (a, b, c), (d, e, f) = one, other
    return b * f - c * e, c * d - a * f, a * e - b * d


class Laid:
    """Frames that lie in a region.

    Attributes:
        box: The region, as the frame sees it that lies in it as it is: the first one, or one amidst them all.
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
