"""Frames on which a shot looks the same around the hole. NumPy only.

What sways or flickers comes back again and again. So what lies behind the hole of a frame, those other frames
show best on which the picture around it looks as it does on this one, be they near or far. How well they do
is known too: from what they say of each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infusion_core.clip import Clip, background
from infusion_core.metrics.regions import bounds, ring
from infusion_core.nearby import LEAST

AROUND, LEAST_AROUND = 12, 8
"""Part of a picture's larger side that is compared around the hole to every side, and pixels at least."""

FEWEST_PLACES = 20
"""Pixels that two frames have to show around a hole to be compared."""

MOST_PLACES = 2**22
"""Pixels of all frames that are compared, about."""

NEAREST, CLOSENESS = 4, 0.5
"""The most alike frames, and the part of their mean square difference at which a frame counts 1/e.

Of fewer than so many it is not known how alike frames are.
"""

MOST_ALIKE = 16
"""Frames that count at most."""

FEWEST_ALIKE = 2.0
"""Frames of the same weight that have to show a place."""

MOST_JUDGED = 16
"""Frames with a hole, and for each as many others, by which it is judged whether a shot comes back."""

TOLD = 1e-3
"""Weights of all frames that show a place below which they tell nothing of it."""

COMES_BACK, DOES_NOT = 0.25, 0.5
"""Mean square error of a place as alike frames show it, over its error as all do: trees that sway have 0.3,
boiling water 0.4, a flag 0.6, fire 0.8."""


@dataclass(frozen=True)
class Alike:
    """Other frames than each of a shot's, the most alike around its hole first.

    Attributes:
        frames: (F, F - 1) int; those that cannot be compared come last, the nearest in time first.
        weights: How much each of the first ``MOST_ALIKE`` counts, (F, at most MOST_ALIKE) float32, 0 to 1.
        comes_back: Whether the shot looks the same again, so that alike frames tell what is in the hole, 0
            to 1.
    """

    frames: np.ndarray
    weights: np.ndarray
    comes_back: float


def alike_frames(clip: Clip) -> Alike:
    """Compare each frame with all others around its hole.

    Args:
        clip: NumPy arrays, at any scale; a coarse one tells what is alike, too.
    """
    away, known, hole, around = _places(clip)
    differences = _differences(away, known * around, away, known)
    number = np.arange(len(known))
    np.fill_diagonal(differences, np.inf)
    frames = np.lexsort((np.abs(number[:, None] - number), differences), axis=1)
    frames = frames[frames != number[:, None]].reshape(len(number), -1)
    weights = _weights(np.take_along_axis(differences, frames, axis=1))[:, :MOST_ALIKE]
    return Alike(frames, weights, _comes_back(away, known, hole, around))


def when_alike(
    plate: np.ndarray, known: np.ndarray, shown: np.ndarray, alike: Alike, differences: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What alike frames show in the hole of each frame, and how far off that the frame may be.

    Args:
        plate: (3, F, h, w), a part of the picture.
        known: (F, h, w) of 0 and 1.
        shown: Where it is asked for, (F, h, w) bool.
        alike: Of the whole picture, as the next.
        differences: Mean squares, of each two frames, (F, F).

    Returns:
        Mean and mean square deviation (3, F, h, w), and whether they are known, (F, h, w) bool.
    """
    mean, square, is_told = np.zeros_like(plate), np.zeros_like(plate), np.zeros_like(shown)
    for number in np.flatnonzero(shown.any(axis=(1, 2))):
        weights = alike.weights[number]
        frames = alike.frames[number, : len(weights)]
        part = bounds(shown[number][None], 0)
        counts = weights[:, None, None] * known[(frames, *part)]
        total = counts.sum(axis=0)
        of_as_many = total**2 / (counts**2).sum(axis=0).clip(LEAST)
        values, share = plate[(slice(None), frames, *part)], counts / total.clip(TOLD)
        told = (share * values).sum(axis=1)
        deviation = (share * (values - told[:, None]) ** 2).sum(axis=1)
        unbiased = of_as_many / (of_as_many - 1.0).clip(LEAST)
        farther = _farther(share, differences[number, frames], differences[np.ix_(frames, frames)])
        mean[(slice(None), number, *part)] = told
        square[(slice(None), number, *part)] = deviation * unbiased * farther
        is_told[(number, *part)] = (total >= TOLD) & (of_as_many >= FEWEST_ALIKE)
    return mean, square, is_told & shown


def _farther(share: np.ndarray, towards: np.ndarray, among: np.ndarray) -> np.ndarray:
    """How much more a frame differs from others than those from each other, at least 1, (h, w).

    Args:
        share: By which they count, (N, h, w); of sum 1.
        towards, among: Mean square differences, (N,) and (N, N).
    """
    from_others = np.tensordot(towards, share, 1)
    from_each_other = (share * np.tensordot(among, share, 1)).sum(axis=0)
    of_two = 1.0 - (share**2).sum(axis=0)
    farther: np.ndarray = from_others * of_two / from_each_other.clip(LEAST)
    return farther.clip(1.0)


def _places(clip: Clip) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Some pixels of each frame: by how much they are off their means, and what is known of them.

    Returns:
        (3, F, P), 0 where not known, and (F, P) of 0 and 1; which lie in the hole and which around it, (F, P)
        bool.
    """
    frames, rows, columns = clip.size
    stride = max(1, round((frames * rows * columns / MOST_PLACES) ** 0.5))
    some = (..., slice(None, None, stride), slice(None, None, stride))
    plate, known, hole = clip.plate[some], clip.known[some], clip.hole[some]
    pixels = max(LEAST_AROUND, max(rows, columns) / AROUND) / stride
    away = (plate - background(plate, known)[0]) * known
    return (
        away[0].reshape(3, len(hole), -1),
        known[0, 0].reshape(len(hole), -1),
        hole.reshape(len(hole), -1),
        ring(hole, round(pixels)).reshape(len(hole), -1),
    )


def square_differences(
    away: np.ndarray, known: np.ndarray, others: np.ndarray, others_known: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean square differences of frames (3, A, P) from others (3, B, P), where both are known.

    Args:
        away, others: By how much pixels are off some mean, 0 where not known.
        known, others_known: Which are, (A, P) and (B, P) of 0 and 1.

    Returns:
        (A, B), 0 where no pixel is known in both, and of how many pixels, (A, B).
    """
    square = (away**2 * known).sum(axis=0) @ others_known.T + known @ (others**2).sum(axis=0).T
    product = sum((one * known) @ other.T for one, other in zip(away, others, strict=True))
    count: np.ndarray = known @ others_known.T
    return (square - 2.0 * product).clip(0.0) / (3.0 * count).clip(1.0), count


def _differences(
    away: np.ndarray, known: np.ndarray, others: np.ndarray, others_known: np.ndarray
) -> np.ndarray:
    """``square_differences``, infinite where next to nothing is known in both."""
    differences, count = square_differences(away, known, others, others_known)
    return np.where(count >= FEWEST_PLACES, differences, np.inf)


def _weights(differences: np.ndarray) -> np.ndarray:
    """How much frames of these differences (A, B) count, 0 to 1; 0 for all where few can be compared."""
    if differences.shape[1] < NEAREST:
        return np.zeros(differences.shape, np.float32)
    nearest = np.sort(differences, axis=1)[:, :NEAREST].mean(axis=1, keepdims=True)
    is_known = np.isfinite(nearest)
    scale = CLOSENESS * np.where(is_known, nearest, 0.0) + LEAST
    return (np.exp(-differences / scale) * is_known).astype(np.float32)


def _comes_back(away: np.ndarray, known: np.ndarray, hole: np.ndarray, around: np.ndarray) -> float:
    """``Alike.comes_back``: frames that show a place are compared with what the others tell of it."""
    judged = _spread(np.arange(len(known)))
    others = np.ones((len(judged), len(known)), np.float32)
    others[np.arange(len(judged)), judged] = 0.0
    errors = np.zeros(2)
    for number in _spread(np.flatnonzero(hole.any(axis=1))):
        near, shows = away[..., around[number]], known[:, around[number]]
        differences = _differences(near[:, judged], shows[judged], near, shows)
        weights = _weights(np.where(others > 0, differences, np.inf))
        errors += _errors((weights, others), judged, away[..., hole[number]], known[:, hole[number]])
    if errors[1] <= LEAST:
        return 0.0
    return float(np.interp(errors[0] / errors[1], (COMES_BACK, DOES_NOT), (1.0, 0.0)))


def _spread(numbers: np.ndarray) -> np.ndarray:
    """At most ``MOST_JUDGED`` of these, evenly."""
    return numbers[:: max(1, -(-len(numbers) // MOST_JUDGED))]


def _errors(
    weights: tuple[np.ndarray, ...], judged: np.ndarray, away: np.ndarray, known: np.ndarray
) -> list[float]:
    """Sums of the square errors with which frames (3, F, P) tell the judged ones, weighted in each way."""
    totals = [one @ known for one in weights]
    is_told = np.logical_and.reduce([total > TOLD for total in totals]) & (known[judged] > 0)
    told = [(one @ away) / np.where(is_told, total, 1.0) for one, total in zip(weights, totals, strict=True)]
    return [float(((one - away[:, judged])[:, is_told] ** 2).sum()) for one in told]
