"""How the camera moves: by how many pixels each frame's picture is shifted against the first's. NumPy only.

Only translation is looked for here; ``alignment.py`` goes on from it. Small pictures say roughly how far each
frame lies from the one before; larger ones, laid on all earlier frames together, say it to a part of a pixel
and do not drift.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from infusion_core.placement import Placement
from infusion_core.resample import moved

STEADY = 0.2
"""Share of the difference between frames that following the camera must take away, or it stands still."""

FARNESS = 0.02
"""Correlation that moving by a whole picture must gain: of a fence's bars, all alike, the nearest counts."""

LEAST_OVERLAP = 0.3  # of a picture; less says nothing
SEARCH = 3  # pixels around the rough guess
NOTHING = 1e-4  # difference of two frames that are the same
COMPARED = 64  # pairs of frames for each distance between them
RENEWED = 0.1  # share of what earlier frames show that each further one replaces
OnFrame = Callable[[], None]
"""May raise what ends the work."""

LOBES = 2  # of the kernel that moves pictures: enough to find out how they lie


def ignore_frame() -> None:
    """The ``OnFrame`` of a caller who waits to the end."""


def shift_between(
    first: np.ndarray, first_known: np.ndarray, second: np.ndarray, second_known: np.ndarray
) -> tuple[np.ndarray, float, float]:
    """How far a picture's content lies from where it is in another one.

    The peak of the normalised cross-correlation of what is known (Padfield 2012, "Masked object registration
    in the Fourier domain"), to parts of a pixel.

    Args:
        first, second: (h, w) of one size.
        first_known, second_known: (h, w) bool.

    Returns:
        (2,) rows and columns to move ``second`` by so that it lies on ``first``; the correlation there, and
        the one without moving.
    """
    height, width = first.shape
    size = (2 * height, 2 * width)
    known_a, known_b = first_known.astype(float), second_known.astype(float)
    a, b = first * known_a, second * known_b
    mask_a, mask_b, spectrum_a, spectrum_b = (np.fft.rfft2(one, size) for one in (known_a, known_b, a, b))

    def correlated(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.fft.irfft2(one * other.conj(), size)

    count = np.maximum(correlated(mask_a, mask_b), 1e-9)
    sum_a, sum_b = correlated(spectrum_a, mask_b), correlated(mask_a, spectrum_b)
    together = correlated(spectrum_a, spectrum_b) - sum_a * sum_b / count
    power_a = correlated(np.fft.rfft2(a * a, size), mask_b) - sum_a**2 / count
    power_b = correlated(mask_a, np.fft.rfft2(b * b, size)) - sum_b**2 / count
    floor = 1e-12 + 1e-6 * float(max(power_a[0, 0], power_b[0, 0]))  # where nothing varies, nothing is alike
    correlation = together / np.sqrt(np.maximum(power_a, floor) * np.maximum(power_b, floor))
    correlation[count < LEAST_OVERLAP * first.size] = -1.0
    peak = np.unravel_index(int(np.argmax(correlation - FARNESS * _farness(size))), size)
    whole = np.where(np.array(peak) > np.array(size) // 2, np.array(peak) - size, peak)
    parts = _refined(correlation, (int(peak[0]), int(peak[1])))
    return whole + parts, float(correlation[peak]), float(correlation[0, 0])


def _farness(size: tuple[int, int]) -> np.ndarray:
    """How far each place of a correlation is from not moving at all, (H, W), in pictures."""
    down, across = (np.abs(np.fft.fftfreq(side)) * 2 for side in size)
    farness: np.ndarray = np.hypot(down[:, None], across)
    return farness


def _refined(values: np.ndarray, peak: tuple[int, int]) -> np.ndarray:
    """Where, within half a pixel of an extremum of (H, W) values, parabolas through it have theirs, (2,)."""
    height, width = values.shape
    row, column = peak
    centre = values[row, column]
    pairs = (
        (values[(row - 1) % height, column], values[(row + 1) % height, column]),
        (values[row, (column - 1) % width], values[row, (column + 1) % width]),
    )
    bends = [before - 2 * centre + after for before, after in pairs]
    return np.array(
        [
            0.0 if bend == 0 else np.clip(0.5 * (before - after) / bend, -0.5, 0.5)
            for bend, (before, after) in zip(bends, pairs, strict=True)
        ]
    )


def rough_path(
    pictures: Sequence[np.ndarray], known: Sequence[np.ndarray], on_frame: OnFrame = ignore_frame
) -> np.ndarray:
    """Where each frame lies in the first one's picture, from one frame to the next.

    Args:
        pictures: (h, w) each, small: some 160 pixels wide.
        known: (h, w) bool each.
        on_frame: Called before each frame but the first.

    Returns:
        (F, 2) rows and columns, parts of a pixel; 0 where neighbours lie on each other as they are, be it
        that the camera stands still or that it only creeps.
    """
    path, moved, unmoved = [np.zeros(2)], 0.0, 0.0
    for i in range(1, len(pictures)):
        on_frame()
        shift, best, without = shift_between(pictures[i - 1], known[i - 1], pictures[i], known[i])
        path.append(path[-1] + shift)
        moved, unmoved = moved + 1.0 - best, unmoved + 1.0 - without
    return np.array(path) * (moved < (1.0 - STEADY) * unmoved)


def exact_path(
    pictures: Sequence[np.ndarray],
    known: Sequence[np.ndarray],
    rough: np.ndarray,
    on_frame: OnFrame = ignore_frame,
) -> np.ndarray:
    """The same to about a tenth of a pixel, each frame laid on what earlier ones show there.

    Args:
        pictures: (h, w) each.
        known: (h, w) bool each.
        rough: (F, 2) from ``rough_path``, in pixels of these pictures.
        on_frame: As there.

    Returns:
        (F, 2) rows and columns.
    """
    mean, seen = pictures[0], known[0]
    path, place = [np.zeros(2)], np.zeros(2, int)
    for i in range(1, len(pictures)):
        on_frame()
        guess = np.round(path[-1] + rough[i] - rough[i - 1]).astype(int) - place
        step, parts = _laid(pictures[i], known[i], mean, seen, guess)
        place = place + step
        path.append(place + parts)
        mean, seen = moved_whole(mean, step), moved_whole(seen, step)
        # Laid on earlier frames as it is, a camera that creeps would take them along with it.
        mean, seen = with_one_more(mean, seen, *placed(pictures[i], known[i], Placement(parts[1], parts[0])))
    return np.array(path)


def placed(picture: np.ndarray, known: np.ndarray, placement: Placement) -> tuple[np.ndarray, np.ndarray]:
    """A picture (h, w) of which some is known, moved, and what is known of it then."""
    result, shown = moved((picture * known)[..., None].astype(np.float32), known, placement, LOBES)
    return result[..., 0], shown


def with_one_more(
    mean: np.ndarray, seen: np.ndarray, picture: np.ndarray, shown: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What earlier frames show, with one more."""
    share = np.where(seen, RENEWED, 1.0) * shown
    return (mean + share * (picture - mean)).astype(np.float32), seen | shown


def moves(pictures: Sequence[np.ndarray], known: Sequence[np.ndarray], path: np.ndarray) -> bool:
    """Whether frames are alike that are laid over each other along a path, and less so as they are.

    Frames 1, 2, 4, … apart are compared by the correlation of what is known of both: neighbours tell of a pan
    or of shaking, and those far apart of a camera that creeps.

    Args:
        pictures: (h, w) each.
        known: (h, w) bool each.
        path: (F, 2) rows and columns, from ``exact_path``.
    """
    steps = np.round(path).astype(int)
    here = apart(pictures, known, np.zeros_like(steps))
    return is_less(apart(pictures, known, steps), here, STEADY)


def is_less(one: Sequence[float], other: Sequence[float], by: float) -> bool:
    """Whether differences are less than others by that share, over all pairs of which both are known."""
    pairs = np.array([one, other]).T
    pairs = pairs[np.isfinite(pairs).all(axis=1)] if len(pairs) else np.zeros((1, 2))
    first, second = pairs.sum(axis=0)
    return bool(second > NOTHING * len(pairs) and first < (1.0 - by) * second)


def apart(pictures: Sequence[np.ndarray], known: Sequence[np.ndarray], steps: np.ndarray) -> list[float]:
    """How unlike frames are that lie at ``steps``, (F, 2) whole rows and columns: 1, 2, 4, 8, … apart."""
    return [
        _unlike(pictures[i - lag], known[i - lag], pictures[i], known[i], steps[i] - steps[i - lag])
        for lag in (2**k for k in range((len(pictures) - 1).bit_length()))
        for i in range(lag, len(pictures), -(-len(pictures) // COMPARED))
    ]


def _unlike(
    first: np.ndarray,
    first_known: np.ndarray,
    second: np.ndarray,
    second_known: np.ndarray,
    shift: np.ndarray,
) -> float:
    """1 less the correlation of what two frames show of the same, infinite where that is too little."""
    here, there = _overlap(first.shape, shift)
    both = first_known[here] & second_known[there]
    if np.count_nonzero(both) < LEAST_OVERLAP * first.size:
        return np.inf
    a, b = (one[both] - one[both].mean() for one in (first[here], second[there]))
    power = float(np.sqrt((a @ a) * (b @ b)))
    return 1.0 - float(a @ b) / power if power > 0.0 else 0.0


def _overlap(shape: tuple[int, ...], shift: np.ndarray) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """The part that a picture and one moved by ``shift`` share: in the unmoved one, and in the moved one."""
    pairs = [
        (slice(max(0, s), max(0, size + min(0, s))), slice(max(0, -s), max(0, size - max(0, s))))
        for s, size in zip(shift.tolist(), shape, strict=True)
    ]
    return tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)


def moved_whole(picture: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """What a picture shows of a frame that lies ``shift`` away from it; 0 elsewhere."""
    result = np.zeros_like(picture)
    here, there = _overlap(picture.shape, shift)
    result[there] = picture[here]
    return result


def _laid(
    picture: np.ndarray, known: np.ndarray, mean: np.ndarray, seen: np.ndarray, guess: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """By how much a picture is to be moved to fit ``mean`` best: whole pixels around a guess, and parts."""
    around = range(-SEARCH, SEARCH + 1)
    errors = np.array(
        [[_error(picture, known, mean, seen, guess + np.array((y, x))) for x in around] for y in around]
    )
    if not np.isfinite(errors).any():
        return guess, np.zeros(2)
    row, column = (int(k) for k in np.unravel_index(int(np.argmin(errors)), errors.shape))
    is_inside = 0 < row < 2 * SEARCH and 0 < column < 2 * SEARCH
    parts = _refined(errors, (row, column)) if is_inside and np.isfinite(errors).all() else np.zeros(2)
    return guess + np.array((row, column)) - SEARCH, parts


def _error(
    picture: np.ndarray, known: np.ndarray, mean: np.ndarray, seen: np.ndarray, shift: np.ndarray
) -> float:
    """Mean squared difference of what is known of both, infinite where that is too little."""
    here, there = _overlap(picture.shape, shift)
    both = seen[here] & known[there]
    count = np.count_nonzero(both)
    if count == 0 or count < LEAST_OVERLAP * np.count_nonzero(known):
        return np.inf
    difference = picture[there] - mean[here]
    return float(np.einsum("ij,ij,ij->", difference, difference, both)) / count
