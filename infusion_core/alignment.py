"""How each frame lies on the others: to parts of a pixel, turned, magnified, bent. NumPy only.

Least squares on what earlier frames show, from where ``camera.py`` says that the frame lies (Lucas and Kanade
1981, "An iterative image registration technique"), with weights for what moves by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from infusion_core.box import Box
from infusion_core.camera import (
    LEAST_OVERLAP,
    OnFrame,
    apart,
    ignore_frame,
    is_less,
    moved_whole,
    placed,
    with_one_more,
)
from infusion_core.placement import STILL, Placement

ROUNDS = 5  # of least squares for each frame, at most
FARTHEST = 4.0  # pixels by which a round may move a corner of the picture, or it is not believed
EXACT = 0.05  # pixels by which a round must move the picture, or it is the last

Ways = Literal["moves", "turns", "bends"]
"""A camera that only moves, one that rolls and zooms too, or one that bends the picture as well."""


def laid_path(
    pictures: Sequence[np.ndarray],
    known: Sequence[np.ndarray],
    start: Sequence[Placement],
    ways: Ways,
    on_frame: OnFrame = ignore_frame,
) -> list[Placement]:
    """How each frame's picture lies in the first one's, for the pixels of these pictures.

    Args:
        pictures: (h, w) each.
        known: (h, w) bool each.
        start: How they lie roughly. By what a frame lies otherwise, the next one is taken to as well.
        ways: What they may lie like.
        on_frame: Called before each frame but the first.
    """
    mean, seen = pictures[0], known[0]
    box = box_of(mean)
    lies, place, found = [STILL], np.zeros(2), STILL
    for i in range(1, len(pictures)):
        on_frame()
        guess = start[i].then(found)
        step = np.subtract(guess.of(*box.middle), box.middle).round() - place
        place = place + step
        mean, seen = (moved_whole(one, step[::-1].astype(int)) for one in (mean, seen))
        rest = guess.then(Placement(*map(float, -place)))
        for _ in range(ROUNDS):
            correction = _correction(*placed(pictures[i], known[i], rest), mean, seen, ways)
            rest = rest.then(correction)
            if correction.farthest_moved(box) < EXACT:
                break
        mean, seen = with_one_more(mean, seen, *placed(pictures[i], known[i], rest))
        lies.append(rest.then(Placement(*map(float, place))))
        found = start[i].inverse().then(lies[-1])
    return lies


def bent_path(
    pictures: Sequence[np.ndarray],
    known: Sequence[np.ndarray],
    start: Sequence[Placement],
    on_frame: OnFrame = ignore_frame,
) -> list[Placement]:
    """``laid_path`` of what bends, in the picture of the frame amidst all, from there on and back.

    A picture that is bent is stretched towards its edges, the more the farther the camera has turned away.
    """
    first = _amidst(start, box_of(pictures[0]).middle)
    from_first = [one.then(start[first].inverse()) for one in start]
    after, before = (
        laid_path(pictures[part], known[part], from_first[part], "bends", on_frame)
        for part in (slice(first, None), slice(first, None, -1))
    )
    return before[:0:-1] + after


def _amidst(lies: Sequence[Placement], middle: tuple[float, float]) -> int:
    """Number of the frame whose middle is nearest to the one that is farthest from it."""
    middles = np.array([one.of(*middle) for one in lies])
    away = np.linalg.norm(middles[:, None] - middles, axis=-1)
    return int(np.argmin(away.max(axis=1)))


def _correction(
    picture: np.ndarray, shown: np.ndarray, mean: np.ndarray, seen: np.ndarray, ways: Ways
) -> Placement:
    """What moves, turns, magnifies or bends a picture about its middle so that it fits ``mean`` better.

    By weighted least squares, linear in what is looked for; what differs by more than most counts for less.
    """
    inside = seen.copy()
    for axis in (0, 1):
        inside &= np.roll(seen, 1, axis) & np.roll(seen, -1, axis)
    inside[[0, -1]] = inside[:, [0, -1]] = False
    both = inside & shown
    if np.count_nonzero(both) < LEAST_OVERLAP * both.size:
        return STILL
    middle, size = box_of(mean).middle, float(max(mean.shape))
    rows, columns = np.nonzero(both)
    down, right = (slope[both] for slope in np.gradient(mean))
    effect = _effects(right, down, (columns - middle[0]) / size, (rows - middle[1]) / size, ways)
    left = (picture - mean)[both]
    spread = 1.4826 * float(np.median(np.abs(left)))
    weighted = effect / (1.0 + (left / max(2.0 * spread, 1e-6)) ** 2)
    power = weighted @ effect.T
    found = np.linalg.solve(power + np.eye(len(power)) * (1e-9 + 1e-6 * np.trace(power)), weighted @ left)
    if not np.isfinite(found).all() or np.abs(found).max() > size:
        return STILL
    correction = _found(found, middle, size, ways)
    return correction if correction.farthest_moved(box_of(mean)) < FARTHEST else STILL


def _effects(right: np.ndarray, down: np.ndarray, x: np.ndarray, y: np.ndarray, ways: Ways) -> np.ndarray:
    """What a pixel of each way changes, (ways, N), given the picture's slopes, and places of -0.5 to 0.5."""
    if ways == "moves":
        return np.stack([right, down])
    if ways == "turns":
        return np.stack([right, down, x * down - y * right, x * right + y * down])
    outwards = x * right + y * down
    linear = [x * right, y * right, x * down, y * down]
    return np.stack([right, down, *linear, -x * outwards, -y * outwards])


def _found(found: np.ndarray, middle: tuple[float, float], size: float, ways: Ways) -> Placement:
    """The placement that so much of each of the ``_effects`` is."""
    right, down, *rest = (float(one) for one in found)
    if ways != "bends":
        turn, zoom = (one / size for one in rest or (0.0, 0.0))
        return Placement.about(middle, right, down, turn, 1.0 + zoom)
    xx, xy, yx, yy = (one / size for one in rest[:4])
    wx, wy = (one / size**2 for one in rest[4:])
    about_middle = Placement(right, down, 1.0 + xx, xy, yx, 1.0 + yy, wx, wy)
    return Placement(-middle[0], -middle[1]).then(about_middle).then(Placement(*middle))


def lie_closer(
    pictures: Sequence[np.ndarray],
    known: Sequence[np.ndarray],
    lies: Sequence[Placement],
    others: Sequence[Placement],
    by: float,
) -> bool:
    """Whether frames laid over each other are more alike, by a share of the difference, than laid otherwise.

    Args:
        pictures: (h, w) each.
        known: (h, w) bool each.
        lies: How they lie.
        others: How they lie otherwise.
        by: Share that must be taken away.
    """
    return is_less(_differences(pictures, known, lies), _differences(pictures, known, others), by)


def _differences(
    pictures: Sequence[np.ndarray], known: Sequence[np.ndarray], lies: Sequence[Placement]
) -> list[float]:
    middle = box_of(pictures[0]).middle
    ways = [np.subtract(one.of(*middle), middle).round() for one in lies]
    rests = [one.then(Placement(-x, -y)) for one, (x, y) in zip(lies, ways, strict=True)]
    laid = [placed(*frame) for frame in zip(pictures, known, rests, strict=True)]
    steps = np.array(ways, int)[:, ::-1]
    return apart([one for one, _ in laid], [shown for _, shown in laid], steps)


def box_of(picture: np.ndarray) -> Box:
    """The pixels of a picture (h, w)."""
    return Box(0, 0, picture.shape[1], picture.shape[0])
