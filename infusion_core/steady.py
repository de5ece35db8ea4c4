"""A fill that strays as far from what other frames show as they do: no farther, nor much less. NumPy only.

What stands still behind a hole that moves, other frames show as it is. A network of few training steps
paints it nearly so and a little otherwise in each frame: a wall flickers. How far a place strays from what
it is on average is known where enough frames show it, and in the hole it may stray as far. Beyond that it is
drawn back towards the average, in each of the run's colours by itself: of a grey wall all but the brightness
is noise. The frames count that are alike around the hole (``alike``), so that a branch which sways is drawn
to where it is when the tree leans as it does now.

What strays much farther is no mistake in a lively shot but an event: a flame where there was none before. It
is left alone, unless the shot is one that comes back, of which alike frames show all.

What stirs in other frames, a twig or the rim of a flame, such a network paints stiller than it is. There what
changes over time is made stronger, within the range of what other frames show.

The frames that show a place may all lie before the hole, while the light changes or the camera moves later
on. So a place may stray the farther, the more the rest of the picture differs between those frames and the
hole's than among those frames.
"""

from __future__ import annotations

import numpy as np

from infusion_core.alike import Alike, how_much_farther, square_differences, when_alike
from infusion_core.clip import Clip, background, deviation
from infusion_core.liveliness import never_shown
from infusion_core.livened import liven
from infusion_core.metrics.regions import bounds
from infusion_core.nearby import LEAST, strips, summed, thinned

ROOM = 1.25
"""Times as far as other frames say."""

MISTAKE, EVENT = 0.15, 0.5
"""Of the standard deviation of the known picture: what strays less is drawn back, what strays more is not."""

FEWEST_SHOWN = 4
"""Frames that have to show a place; how far it strays is not known from fewer."""

TELLS, AS_EVER = 0.65, 0.95
"""Mean square deviation of alike frames from each other over that of all, from which on they are asked."""

MOST_PLACES = 4096
"""Places by which frames are compared, about."""


def steadied(x0_hat: np.ndarray, clip: Clip, alike: Alike, is_calm: bool) -> np.ndarray:
    """A fill that is drawn back to what other frames show, and that stirs where it does in those.

    Args:
        x0_hat: (1, 3, F, H, W).
        clip: The shot at the fill's resolution, NumPy arrays.
        alike: Which of its frames are alike.
        is_calm: Whether nothing happens in the shot that may be left alone as an event.

    Returns:
        ``x0_hat`` itself where no place of the hole is shown by enough frames.
    """
    plate, known = clip.plate[0], clip.known[0, 0]
    enough = (known.sum(axis=0) >= FEWEST_SHOWN) & ~never_shown(known)
    shown = clip.hole & enough
    if not shown.any():
        return x0_hat
    mean = background(clip.plate, clip.known)[0][0]
    usual = _deviation(plate, known, mean)
    differences = _frame_differences(plate, known, mean, usual.mean(axis=0))
    variance = float((deviation(plate.swapaxes(0, 1), known > 0) ** 2).mean())
    rows, columns = bounds(shown, 0)
    result = x0_hat.copy()
    for inner, outer in strips(rows, clip.size[1]):
        part = (..., outer, columns)
        later_change = _later_change(known[part], differences)
        told, off_told, is_told = when_alike(plate[part], known[part], shown[part], alike, differences)
        off_mean = usual[part][:, None] * later_change
        trust = _trust(off_told, off_mean, is_told)
        away = x0_hat[0][part] - (mean[part] + trust * (told - mean[part]))
        may_stray = off_mean + trust * (off_told - off_mean)
        lets_events = (1.0 - trust * alike.comes_back) * (not is_calm)
        share = _too_far(away, may_stray, shown[part], variance, lets_events)
        kept = slice(inner.start - outer.start, inner.stop - outer.start)
        result[0][..., inner, columns] -= (share * away)[..., kept, :]
    liven(result[0], plate, known, usual, shown)
    return result


def _trust(off_told: np.ndarray, off_mean: np.ndarray, is_told: np.ndarray) -> np.ndarray:
    """Whether alike frames tell more of a place than all do, (F, h, w), 0 to 1.

    Args:
        off_told, off_mean: Mean square deviations from what either tell, (3, F, h, w).
        is_told: Where alike frames tell anything, (F, h, w) bool.
    """
    told, as_ever = (summed(off.mean(axis=0) * is_told) for off in (off_told, off_mean))
    trust: np.ndarray = np.interp(told / (as_ever + LEAST), (TELLS, AS_EVER), (1.0, 0.0)) * is_told
    return trust.astype(np.float32)


def _too_far(
    away: np.ndarray, may_stray: np.ndarray, shown: np.ndarray, variance: float, lets_events: np.ndarray
) -> np.ndarray:
    """By what share of its deviation a fill is to be drawn back, (3, F, h, w).

    Args:
        away: Deviation of the fill from what other frames show, (3, F, h, w).
        may_stray: Mean square deviation of other frames, (3, F, h, w).
        shown: The hole as far as enough frames show it, (F, h, w) bool.
        variance: Of the known picture.
        lets_events: How much of an event is left alone, (F, h, w), 0 to 1.
    """
    counted = summed(shown.astype(np.float32)).clip(1.0)
    stray = [summed(one**2 * shown) / counted for one in away]
    size = np.mean(stray, axis=0) / max(variance, LEAST)
    event = lets_events * np.interp(np.sqrt(size), (MISTAKE, EVENT), (0.0, 1.0))
    share = np.empty_like(away)
    for channel, (colour, may) in enumerate(zip(stray, may_stray, strict=True)):
        allowed = ROOM**2 * (summed(may * shown) / counted)
        drawn_back = 1.0 - np.sqrt((allowed / (colour + LEAST)).clip(0.0, 1.0))
        share[channel] = (1.0 - event) * drawn_back * shown
    return share


def _deviation(plate: np.ndarray, known: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Mean square deviation (3, H, W) of places from their means (3, 1, H, W) in frames that show them."""
    square = np.zeros_like(mean[:, 0])
    for frame, shows in zip(plate.swapaxes(0, 1), known, strict=True):
        square += (frame - mean[:, 0]) ** 2 * shows
    result: np.ndarray = square / (known.sum(axis=0) - 1).clip(1)
    return result


def _frame_differences(
    plate: np.ndarray, known: np.ndarray, mean: np.ndarray, usual: np.ndarray
) -> np.ndarray:
    """Mean square difference (F, F) of each two frames, of places that both show; as ever, it is 2.

    Args:
        usual: Mean square deviation of places, (H, W); by it differences are measured.
    """
    _, some = thinned(usual.size, MOST_PLACES)
    frames = len(known)
    shows = known[some].reshape(frames, -1)
    away = (plate[some] - mean[some]).reshape(3, frames, -1)
    away = away * shows / np.sqrt(usual[some].reshape(-1) + LEAST)
    return square_differences(away, shows, away, shows)[0]


def _later_change(known: np.ndarray, differences: np.ndarray) -> np.ndarray:
    """How much more each frame differs from those that show a place than those from each other, (F, H, W).

    Args:
        known: Which frames show each place, (F, H, W) of 0 and 1.
        differences: From ``_frame_differences``.
    """
    share = known / known.sum(axis=0).clip(1)
    towards = np.tensordot(differences, share, 1)
    return how_much_farther(share, towards, towards)
