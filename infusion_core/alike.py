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
from infusion_core.nearby import LEAST, thinned

AROUND, LEAST_AROUND = 12, 8
"""Part of a picture's larger side that is compared around the hole to every side, and pixels at least."""

USEFUL = 0.25
"""Part of what the most helpful frame shows of a hole that another one must show to be of use."""

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

COMES_BACK, DOES_NOT = 0.4, 0.6
"""Mean square error of a place as alike frames show it, over its error as all do: trees that sway have 0.35,
boiling water 0.55, fire 0.85, a flag 1."""


@dataclass(frozen=True)
class Alike:
    """Other frames than each of a shot's, the most alike around its hole first.

    Attributes:
        frames: (F, F - 1) int; those that cannot be compared or show little of what the hole hides come last,
            the nearest in time first.
        weights: How much each of the first ``MOST_ALIKE`` counts, (F, at most MOST_ALIKE) float32, 0 to 1.
        comes_back: Whether the shot looks the same again, so that alike frames tell what is in the hole, 0
            to 1.
        for_detail: Frames that a place's detail is taken from first, (F, F - 1) int: if the shot does not
            come back, the nearest in time, so that it stays.
    """

    frames: np.ndarray
    weights: np.ndarray
    comes_back: float
    for_detail: np.ndarray


def alike_frames(clip: Clip) -> Alike:
    """Compare each frame with all others around its hole.

    Args:
        clip: NumPy arrays, at any scale; a coarse one tells what is alike, too.
    """
    away, known, hole, around = _places(clip)
    shown = hole.astype(np.float32) @ known.T
    is_useful = (shown > 0) & (shown >= USEFUL * shown.max(axis=1, keepdims=True))
    differences = np.where(is_useful, _differences(away, known * around, away, known), np.inf)
    number = np.arange(len(known))
    apart = np.abs(number[:, None] - number)
    frames, nearest = _others((apart, differences)), _others((differences, apart))
    weights = _weights(np.take_along_axis(differences, frames, axis=1))[:, :MOST_ALIKE]
    gap = np.where(is_useful, apart, len(number)).min(axis=1)
    comes_back = _comes_back(away, known, hole, around, gap)
    return Alike(frames, weights, comes_back, frames if comes_back else nearest)


def hidden_alike(clip: Clip) -> np.ndarray:
    """How much each frame has in common with another whose hole stays hidden, (F, F) float32, 0 to 1.

    1 with itself; with all others 0 where the shot does not come back. Nobody knows how alike frames are
    behind the hole, but around it every other square can be told by the squares between.

    Args:
        clip: As in ``alike_frames``.
    """
    away, known, _, around = _places(clip)
    is_here = around & _checkered(clip)
    comes_back = _comes_back(away, known, around & ~is_here, is_here, np.ones(len(known)))
    differences = _differences(away, known * around, away, known)
    np.fill_diagonal(differences, np.inf)
    weights = comes_back * _weights(differences)
    np.fill_diagonal(weights, 1.0)
    return weights


def _checkered(clip: Clip) -> np.ndarray:
    """Every other square of the places of ``_places``, (P,) bool."""
    some = thinned(clip.hole.size, MOST_PLACES)[1]
    rows, columns = np.indices(clip.hole[some].shape[1:]) // (LEAST_AROUND // 2)
    is_here: np.ndarray = ((rows + columns) % 2 > 0).ravel()
    return is_here


def _others(keys: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Other frames than each, (F, F - 1), in the order of the last of some keys (F, F), then the others."""
    frames = np.lexsort(keys, axis=1)
    return frames[frames != np.arange(len(frames))[:, None]].reshape(len(frames), -1)


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
        towards, among = differences[number, frames], differences[np.ix_(frames, frames)]
        farther = how_much_farther(share, *(np.tensordot(one, share, 1) for one in (towards, among)))
        mean[(slice(None), number, *part)] = told
        square[(slice(None), number, *part)] = deviation * unbiased * farther.clip(1.0)
        is_told[(number, *part)] = (total >= TOLD) & (of_as_many >= FEWEST_ALIKE)
    return mean, square, is_told & shown


def how_much_farther(share: np.ndarray, towards: np.ndarray, among: np.ndarray) -> np.ndarray:
    """How much more frames differ from some others than those from each other, (h, w) or (F, h, w).

    Args:
        share: By which the others count at each place, (N, h, w); of sum 1.
        towards: Mean square difference of the frames from them, so weighted, (h, w) or (F, h, w).
        among: The same of each of the others, (N, h, w).
    """
    of_two = 1.0 - (share**2).sum(axis=0)
    farther: np.ndarray = towards * of_two / (share * among).sum(axis=0).clip(LEAST)
    return farther


def _places(clip: Clip) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Some pixels of each frame: by how much they are off their means, and what is known of them.

    Returns:
        (3, F, P), 0 where not known, and (F, P) of 0 and 1; which lie in the hole and which around it, (F, P)
        bool.
    """
    stride, some = thinned(clip.hole.size, MOST_PLACES)
    plate, known, hole = clip.plate[some], clip.known[some], clip.hole[some]
    pixels = max(LEAST_AROUND, max(clip.size[1:]) / AROUND) / stride
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


def _comes_back(
    away: np.ndarray, known: np.ndarray, hole: np.ndarray, around: np.ndarray, gap: np.ndarray
) -> float:
    """``Alike.comes_back``: frames that show a place are compared with what others tell of it.

    No others than those as far off, ``gap`` (F,) frames, as the nearest that are of use for the hole: frames
    side by side are alike in a slow shot that never comes back, too.
    """
    judged, errors = _spread(np.arange(len(known))), np.zeros(2)
    apart = np.abs(judged[:, None] - np.arange(len(known)))
    for number in _spread(np.flatnonzero(gap < len(known))):
        near, shows, is_far = away[..., around[number]], known[:, around[number]], apart >= gap[number]
        differences = np.where(is_far, _differences(near[:, judged], shows[judged], near, shows), np.inf)
        weights = _weights(differences), is_far.astype(np.float32)
        errors += _errors(weights, judged, away[..., hole[number]], known[:, hole[number]])
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
