"""Resampling by one small matrix per axis, and by a homography that is all but a move. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infusion_core.placement import Placement

LOBES = 10
"""Of the Lanczos kernel to either side: a picture moved and moved back must stay as sharp as it was."""

PHASES = 2048  # parts of a pixel that are told apart where each sample lies at another one
BLOCK = 128  # rows at once, which bounds the memory
NEAREST, FARTHEST = 1e-3, 1e6  # what lies nowhere lies far outside of every picture


def box_matrix(size_in: int, size_out: int) -> np.ndarray:
    """Box-filter reduction of ``size_in`` samples to ``size_out``, (size_out, size_in) float32."""
    edges = np.linspace(0.0, size_in, size_out + 1)
    samples = np.arange(size_in)
    overlap = np.minimum(edges[1:, None], samples + 1) - np.maximum(edges[:-1, None], samples)
    matrix = np.clip(overlap, 0.0, None)
    return (matrix / matrix.sum(axis=1, keepdims=True)).astype(np.float32)


def cubic_matrix(size_in: int, size_out: int) -> np.ndarray:
    """Catmull-Rom enlargement of ``size_in`` samples to ``size_out``, edges repeated, float32."""
    position = (np.arange(size_out) + 0.5) * size_in / size_out - 0.5
    base = np.floor(position).astype(int)
    u = position - base
    weights = (
        ((2.0 - u) * u - 1.0) * u / 2.0,
        ((3.0 * u - 5.0) * u * u + 2.0) / 2.0,
        ((4.0 - 3.0 * u) * u + 1.0) * u / 2.0,
        (u - 1.0) * u * u / 2.0,
    )
    matrix = np.zeros((size_out, size_in))
    for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
        np.add.at(matrix, (np.arange(size_out), np.clip(base + offset, 0, size_in - 1)), weight)
    return matrix.astype(np.float32)


def linear_matrix(size_in: int, size_out: int) -> np.ndarray:
    """Linear enlargement of ``size_in`` samples to ``size_out``, edges repeated, float32; none below 0."""
    position = ((np.arange(size_out) + 0.5) * size_in / size_out - 0.5).clip(0, size_in - 1)
    return (1.0 - np.abs(position[:, None] - np.arange(size_in))).clip(0.0).astype(np.float32)


def resampled(video: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """``video`` (..., h, w) with the matrices ``rows`` (H, h) and ``columns`` (W, w) applied to its axes."""
    return rows @ (video @ columns.T)


@dataclass(frozen=True)
class _Line:
    """Where samples of one axis come from; i counts along the axis, k along the other one.

    At (``scale`` i + ``slope`` k + ``twist`` i k + ``start``) / (1 + ``along`` i + ``across`` k).
    """

    axis: int
    scale: float
    slope: float
    start: float
    twist: float = 0.0
    along: float = 0.0
    across: float = 0.0

    @property
    def is_shift(self) -> bool:
        return self.scale == 1.0 and not (self.slope or self.twist or self.along or self.across)

    def beneath(self, rows: range, columns: range) -> tuple[np.ndarray, np.ndarray]:
        """The sample that each of these lies on or after, and by which part, 0 to 1, it lies after it."""
        along, across = (rows, columns) if self.axis == 0 else (columns, rows)
        i, k = np.array(along), np.array(across)[:, None]
        lines = (self.scale + self.twist * k) * i + self.slope * k + self.start
        if self.along or self.across:
            lines = lines / (1.0 + self.along * i + self.across * k).clip(NEAREST)
        position = np.round(lines if self.axis == 1 else lines.T, 6).clip(-FARTHEST, FARTHEST)
        whole = np.floor(position)
        return whole.astype(np.intp), position - whole


def _lines(placement: Placement) -> tuple[_Line, ...]:
    """A homography as a pass along each row and one along each column (Catmull and Smith 1980)."""
    back, xx = placement.inverse(), placement.xx
    passes = (
        _Line(1, 1 / xx, -placement.xy / xx, -placement.x / xx, placement.wy / xx, -placement.wx / xx),
        _Line(0, back.yy, back.yx, back.y, 0.0, back.wy, back.wx),
    )
    return tuple(line for line in passes if not line.is_shift or line.start)


def known_when_moved(known: np.ndarray, placement: Placement, beyond: bool = False) -> np.ndarray:
    """What is known of a picture (H, W) that was moved: what both pixels beneath show, on each axis.

    Args:
        known: (H, W) bool.
        placement: As for ``moved``.
        beyond: Whether what lies beyond the picture's edges is known.
    """
    for line in _lines(placement):
        known = _known_along(known, line, beyond)
    return known


def moved(
    picture: np.ndarray, known: np.ndarray, placement: Placement, lobes: int = LOBES
) -> tuple[np.ndarray, np.ndarray]:
    """A picture moved, turned, magnified and bent by a little, and what is known of it.

    By a Lanczos kernel of many lobes (docs/experiments.md, "Parts of a pixel"), on each axis in turn. It is
    not widened, so magnify by less than half or so, and turn by no more than some ten degrees.

    Args:
        picture: (H, W, C) float32, 0 where not known.
        known: (H, W) bool.
        placement: From the corner of the picture to that of the result.
        lobes: Of the kernel, to either side.

    Returns:
        (H, W, C) float32 within the range of what was known, 0 where it is not; and (H, W) bool.
    """
    lines = _lines(placement)
    if not lines or not known.any():
        return picture, known
    shown = known[..., None]
    least, most = (
        extreme(picture, axis=(0, 1), where=shown, initial=initial)
        for extreme, initial in ((np.min, np.inf), (np.max, -np.inf))
    )
    for line in lines:
        values = np.concatenate([picture, shown], axis=-1, dtype=np.float32)
        blended, known = _blended(values, known, line, lobes)
        shown = known[..., None]
        picture = blended[..., :-1] / np.where(shown, blended[..., -1:], 1) * shown
    return np.where(shown, picture.clip(least, most), 0), known


def _known_along(known: np.ndarray, line: _Line, beyond: bool) -> np.ndarray:
    """What is known of samples along a line; up to a pixel beyond the edge as much as of the edge."""
    rows, columns = (range(size) for size in known.shape)
    if line.is_shift:  # one line as all others
        rows, columns = (rows, range(1)) if line.axis == 0 else (range(1), columns)
    return _known_at(known, line, *line.beneath(rows, columns), beyond)


def _known_at(
    known: np.ndarray, line: _Line, whole: np.ndarray, part: np.ndarray, beyond: bool
) -> np.ndarray:
    """The same of those ``beneath`` which they lie."""
    size = known.shape[line.axis]
    inside = (whole >= -1) & (whole + (part > 0) <= size)
    first, second = (
        np.take_along_axis(known, at.clip(0, size - 1), line.axis) for at in (whole, whole + (part > 0))
    )
    return np.where(inside, first & second, beyond)


def _weights(part: np.ndarray, lobes: int) -> np.ndarray:
    """Of the 2 ``lobes`` samples around positions that lie by ``part`` after one, (..., 2 lobes) float32."""
    away = np.arange(1 - lobes, lobes + 1) - part[..., None]
    weights = np.sinc(away) * np.sinc(away / lobes) * (np.abs(away) < lobes)
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


def _blended(values: np.ndarray, known: np.ndarray, line: _Line, lobes: int) -> tuple[np.ndarray, np.ndarray]:
    """Values (H, W, C) taken along a line, 0 beyond their edges; and what is known of them."""
    room = 2 * lobes
    padded = np.pad(values, [(room, room) if axis == line.axis else (0, 0) for axis in range(3)])
    if line.is_shift and -lobes <= line.start < lobes:
        return _shifted(padded, values.shape, line, lobes), _known_along(known, line, beyond=False)
    result, shown = np.zeros_like(values), np.zeros_like(known)
    columns = range(values.shape[1])
    table = _weights(np.arange(PHASES + 1) / PHASES, lobes).T.copy()
    for top in range(0, len(values), BLOCK):
        rows = range(top, min(top + BLOCK, len(values)))
        part = slice(rows.start, rows.stop)
        beneath = line.beneath(rows, columns)
        _add_taken(result[part], padded, line, rows, beneath, table)
        shown[part] = _known_at(known[part] if line.axis == 1 else known, line, *beneath, beyond=False)
    return result, shown


def _shifted(padded: np.ndarray, shape: tuple[int, ...], line: _Line, lobes: int) -> np.ndarray:
    """Values of a shape, all of which lie at the same part of a pixel, of padded ones."""
    whole, part = divmod(line.start, 1.0)
    size = shape[line.axis]
    first = int(whole) + lobes + 1
    away = np.moveaxis(padded, line.axis, 0)
    result = np.zeros(shape, padded.dtype)
    for tap, weight in enumerate(_weights(np.array(part), lobes), start=first):
        np.moveaxis(result, line.axis, 0)[...] += weight * away[tap : tap + size]
    return result


def _add_taken(
    result: np.ndarray,
    padded: np.ndarray,
    line: _Line,
    rows: range,
    beneath: tuple[np.ndarray, np.ndarray],
    table: np.ndarray,
) -> None:
    """Add to some rows (h, W, C) of a result what they take of padded values, each at its own part.

    ``table`` has the weights of all taps, (2 lobes, PHASES + 1).
    """
    lobes = len(table) // 2
    whole, part = beneath
    size = padded.shape[line.axis] - 4 * lobes
    first = whole.clip(-lobes - 1, size + lobes - 1) + lobes + 1
    step = 1 if line.axis == 1 else padded.shape[1]
    across = np.array(rows)[:, None] * padded.shape[1] if line.axis == 1 else np.arange(result.shape[1])
    index, phases = first * step + across, np.round(part * PHASES).astype(np.intp)
    flat = padded.reshape(-1, padded.shape[2])
    for tap, weights in enumerate(table):
        result += weights.take(phases)[..., None] * flat.take(index + tap * step, axis=0)
