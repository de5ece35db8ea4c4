"""How each frame lies on the others: to parts of a pixel, turned, magnified. NumPy only.

Least squares on what earlier frames show, from where ``camera.py`` says that the frame lies (Lucas and Kanade
1981, "An iterative image registration technique"), with weights for what moves by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from infusion_core.camera import (
    LEAST_OVERLAP,
    SEARCH,
    OnFrame,
    apart,
    ignore_frame,
    is_less,
    moved_whole,
    placed,
    with_one_more,
)
from infusion_core.placement import STILL, Placement

TURNING = 0.03
"""Share of the difference left that turning and zooming must take away, or the camera only moves."""

ROUNDS = 2  # of least squares for each frame


def laid_path(
    pictures: Sequence[np.ndarray],
    known: Sequence[np.ndarray],
    path: np.ndarray,
    *,
    turning: bool,
    on_frame: OnFrame = ignore_frame,
) -> list[Placement]:
    """How each frame's picture lies in the first one's.

    Args:
        pictures: (h, w) each.
        known: (h, w) bool each.
        path: (F, 2) from ``exact_path``.
        turning: Whether cameras that turn and zoom are looked for, or such that only move.
        on_frame: Called before each frame but the first.

    Returns:
        For the pixels of these pictures.
    """
    mean, seen = pictures[0], known[0]
    middle = (mean.shape[1] - 1) / 2, (mean.shape[0] - 1) / 2
    lies, place, rest = [STILL], np.zeros(2, int), STILL
    for i in range(1, len(pictures)):
        on_frame()
        step = np.round(path[i]).astype(int) - place
        place = place + step
        mean, seen = moved_whole(mean, step), moved_whole(seen, step)
        down, right = path[i] - place
        rest = Placement.about(middle, right, down, rest.turn, rest.zoom)
        for _ in range(ROUNDS):
            picture, shown = placed(pictures[i], known[i], rest)
            rest = rest.then(_correction(picture, shown, mean, seen, middle, turning))
        mean, seen = with_one_more(mean, seen, *placed(pictures[i], known[i], rest))
        lies.append(rest.then(Placement(float(place[1]), float(place[0]))))
    return lies


def _correction(
    picture: np.ndarray,
    shown: np.ndarray,
    mean: np.ndarray,
    seen: np.ndarray,
    middle: tuple[float, float],
    turning: bool,
) -> Placement:
    """What moves, turns and magnifies a picture about its middle so that it fits ``mean`` better.

    By weighted least squares, linear in what is looked for; what differs by more than most counts for less.
    """
    inside = seen.copy()
    for axis in (0, 1):
        inside &= np.roll(seen, 1, axis) & np.roll(seen, -1, axis)
    inside[[0, -1]] = inside[:, [0, -1]] = False
    both = inside & shown
    if np.count_nonzero(both) < LEAST_OVERLAP * both.size:
        return STILL
    rows, columns = np.nonzero(both)
    down, right = (slope[both] for slope in np.gradient(mean))
    size = float(max(mean.shape))
    x, y = (columns - middle[0]) / size, (rows - middle[1]) / size
    effects = [right, down] + ([x * down - y * right, x * right + y * down] if turning else [])
    effect, left = np.stack(effects), (picture - mean)[both]
    spread = 1.4826 * float(np.median(np.abs(left)))
    weighted = effect / (1.0 + (left / max(2.0 * spread, 1e-6)) ** 2)
    power = weighted @ effect.T
    found = np.linalg.solve(power + np.eye(len(power)) * (1e-9 + 1e-6 * np.trace(power)), weighted @ left)
    if not np.isfinite(found).all() or np.abs(found).max() > SEARCH:
        return STILL
    turn, zoom = found[2:] / size if turning else (0.0, 0.0)
    return Placement.about(middle, found[0], found[1], float(turn), 1.0 + float(zoom))


def turns(
    pictures: Sequence[np.ndarray],
    known: Sequence[np.ndarray],
    moving: Sequence[Placement],
    turning: Sequence[Placement],
) -> bool:
    """Whether frames laid over each other are more alike where they are turned and magnified as well.

    Args:
        pictures: (h, w) each.
        known: (h, w) bool each.
        moving, turning: From ``laid_path``.
    """

    def difference(lies: Sequence[Placement]) -> list[float]:
        steps = np.round([(one.of(*middle)[1] - middle[1], one.of(*middle)[0] - middle[0]) for one in lies])
        rests = [one.then(Placement(-x, -y)) for one, (y, x) in zip(lies, steps, strict=True)]
        laid = [placed(*frame) for frame in zip(pictures, known, rests, strict=True)]
        return apart([one for one, _ in laid], [shown for _, shown in laid], steps.astype(int))

    middle = (pictures[0].shape[1] - 1) / 2, (pictures[0].shape[0] - 1) / 2
    return is_less(difference(turning), difference(moving), TURNING)
