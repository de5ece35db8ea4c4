"""A fill that changes as much over time as other frames do. NumPy only.

What stirs in other frames, a twig or the rim of a flame, a network of few training steps paints stiller than
it is. How much a place changes is known where enough frames show it: so what changes there is made stronger.
But somebody may cross a place in those frames and be gone in the hole's. So a fill is to change as much more
or less than that as the picture around it changes more or less than it usually does.
"""

from __future__ import annotations

import numpy as np

from infusion_core.metrics.regions import bounds
from infusion_core.nearby import LEAST, REACH, strips, summed
from infusion_core.stirring import Stirring, stirring, usual_steps

CHANCE = 3.0
"""Standard deviations of a mean square by which a fill must change less than other frames do."""

MOST_LIVENED = 1.5
"""Times that a change is made stronger, at most."""


def liven(
    fill: np.ndarray, plate: np.ndarray, known: np.ndarray, usual: np.ndarray, shown: np.ndarray
) -> None:
    """Make a fill (3, F, H, W) change as much over time as other frames do, in place.

    Only what changes is made stronger, not what differs from other frames all the time; and nothing goes
    beyond the range of what other frames show.

    Args:
        plate: (3, F, H, W).
        known, shown: (F, H, W).
        usual: Mean square deviation (3, H, W) of places from their means in frames that show them.
    """
    steps = usual_steps(plate, known)
    around = stirring(plate, known, steps)
    rows, columns = bounds(shown, 0)
    most = _most_livened(fill, steps, around, shown, (rows, columns))
    if (most <= 1.0).all():
        return
    ends = _ends(plate, known)
    above = fill[..., :0, columns]
    for inner, outer in strips(rows, fill.shape[-2]):
        part, margin = (..., outer, columns), inner.start - outer.start
        before = fill[part].copy()
        before[..., margin - above.shape[-2] : margin, :] = above
        kept = slice(margin, inner.stop - outer.start)
        above = before[..., kept, :][..., -REACH:, :]
        change = before - _mean_shown(before, shown[part])
        wanted = steps[part][:, None] * around.at(slice(None), outer, columns)
        gain = _gain(before, change, usual[part], wanted, shown[part], most)
        livened = before + (gain - 1.0) * change
        least, greatest = (one[part] for one in ends)
        livened = livened.clip(np.minimum(least, before), np.maximum(greatest, before))
        fill[..., inner, columns] = np.where(shown[part], livened, before)[..., kept, :]


def _most_livened(
    fill: np.ndarray,
    steps: np.ndarray,
    around: Stirring,
    shown: np.ndarray,
    part: tuple[slice, slice],
) -> np.ndarray:
    """By how much a channel's changes may be made stronger, (3, 1, 1, 1): no more than all of them need.

    ``part`` are the rows and columns beyond which nothing is ``shown``.
    """
    found, wanted = np.zeros(len(fill)), np.zeros(len(fill))
    fill, steps, shown = (whole[(..., *part)] for whole in (fill, steps, shown))
    for i in range(1, len(shown)):
        both = shown[i] & shown[i - 1]
        found += ((fill[:, i] - fill[:, i - 1])[:, both] ** 2).sum(axis=-1)
        (stirs,) = around.at(slice(i - 1, i), *part)
        wanted += (steps * stirs)[:, both].sum(axis=-1)
    needed: np.ndarray = np.sqrt(wanted / (found + LEAST))
    return needed.clip(1.0, MOST_LIVENED)[:, None, None, None]


def _gain(
    fill: np.ndarray,
    change: np.ndarray,
    usual: np.ndarray,
    wanted: np.ndarray,
    shown: np.ndarray,
    most: np.ndarray,
) -> np.ndarray:
    """By how much what changes at a place is to be made stronger, (3, F, h, w).

    Both how far it strays from its mean and how far it goes from a frame to the next must be less than
    ``usual`` (3, h, w) and ``wanted`` (3, F - 1, h, w), mean squares, and not by chance.
    """
    times, both = shown.sum(axis=0), shown[1:] & shown[:-1]
    counted = summed(shown.astype(np.float32))
    not_by_chance = (1.0 - CHANCE * np.sqrt(2.0 / counted.clip(1.0))).clip(0.0)
    unbiased = (times / (times - 1).clip(1)).astype(np.float32)
    stray = change**2 * shown * unbiased
    gain = np.ones_like(fill)
    for channel in np.flatnonzero(most > 1.0):
        strays = summed(usual[channel] * shown) / (summed(stray[channel]) + LEAST)
        step = np.diff(fill[channel], axis=0) ** 2 * both
        goes = summed(_with_last(wanted[channel] * both)) / (summed(_with_last(step)) + LEAST)
        gain[channel] = np.sqrt(not_by_chance * np.minimum(strays, goes))
    return gain.clip(1.0, most)


def _mean_shown(fill: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """The mean over time (3, 1, h, w) of what a fill (3, F, h, w) has at a place."""
    mean: np.ndarray = (fill * shown).sum(axis=1, keepdims=True) / shown.sum(axis=0).clip(1)
    return mean.astype(np.float32)


def _with_last(steps: np.ndarray) -> np.ndarray:
    """Steps (F - 1, h, w) as of F frames, the last of which goes nowhere."""
    return np.concatenate([steps, np.zeros_like(steps[:1])])


def _ends(plate: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest of what frames show of each place, (3, 1, H, W) each."""
    least, greatest = (
        extreme(plate, axis=1, keepdims=True, where=known > 0, initial=initial)
        for extreme, initial in ((np.min, np.inf), (np.max, -np.inf))
    )
    return least, greatest
