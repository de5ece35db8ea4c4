"""The way of a shot's camera, from its plates: reduced pictures, looked at in several passes. NumPy only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from infusion_core.alignment import bent_path, box_of, laid_path, lie_closer
from infusion_core.box import Box
from infusion_core.camera import STEADY, OnFrame, exact_path, ignore_frame, moves, rough_path
from infusion_core.placement import STILL, Placement, Placements
from infusion_core.resample import box_matrix, linear_matrix, resampled

Grey = tuple[np.ndarray, np.ndarray]
"""A picture (h, w) in shades of grey, and which of its pixels are known, (h, w) bool."""

Frames = tuple[Sequence[np.ndarray], Sequence[np.ndarray]]
"""Such pictures, and what is known of each."""

PASSES = 7
"""Over the frames: roughly, to a pixel, turned roughly, to parts of one, turned, bent roughly, and bent."""

SMALL, LARGE = 160, 640  # larger sides of the pictures in which the camera's way is looked for
MOSTLY = 0.9  # of a reduced pixel must be known
WHOLE = 0.05  # of a pixel: a frame that lies no farther off whole ones stays as it is
CELLS, CELL = 12, 16  # of even contrast along a picture's larger side, and pixels of one at least

LEAST = 0.5  # pixels that some frame must move for the camera to be followed
TURNING = 0.03
"""Share of the difference left that turning and zooming must take away, or the camera only moves."""

BENDING = 0.1
"""The same of bending, of what lies as it does without: where a tripod turns it takes most of it away."""

MOST_TURNED, MOST_ZOOMED = 0.17, 0.2
"""Radians, and logarithm: frames laid over each other that differ by more would lose too much detail."""

MOST_BENT = 0.5
"""Logarithm by which a frame's corner may be stretched or shrunk."""


def grey_of(rgb: np.ndarray, known: np.ndarray) -> Grey:
    """A frame (H, W, 3) as ``camera_placements`` takes it, and what is known of it."""
    return _reduced(rgb.mean(axis=-1), known, LARGE)


def _reduced(grey: np.ndarray, known: np.ndarray, largest: int) -> Grey:
    """A picture (H, W) with at most ``largest`` pixels to a side, and which of its pixels are known."""
    factor = min(1.0, largest / max(grey.shape))
    matrices = [box_matrix(side, max(1, round(side * factor))) for side in grey.shape]
    share = resampled(known.astype(np.float32), *matrices)
    values = resampled(np.where(known, grey, 0).astype(np.float32), *matrices)
    return values / np.maximum(share, 1e-6), share > MOSTLY


def camera_placements(frames: Sequence[Grey], window: Box, on_frame: OnFrame = ignore_frame) -> Placements:
    """How each frame is to be laid so that its background lies on the first one's; empty for a still camera.

    Moves are told to a hundredth of a pixel, though they are known to a tenth of those in ``frames`` at best.

    Args:
        frames: From ``grey_of``, in shades of any height.
        window: Of the plate that they were reduced from.
        on_frame: Called ``PASSES`` times for each frame but the first, less often for a still camera.
    """
    greys, known = [grey for grey, _ in frames], [seen for _, seen in frames]
    if len(greys) < 2 or not known[0].any():
        return ()
    middle = float(np.median(np.abs(greys[0][known[0]]))) or 1.0
    greys = [np.arcsinh(grey / middle) for grey in greys]  # as highlights must not outweigh all else
    views = _views(greys, known)
    small, evened = views.small, views.evened
    rough = rough_path(*small, on_frame)
    path = exact_path(*views.plain, rough * greys[0].shape[0] / small[0][0].shape[0], on_frame)
    is_moving = moves(*evened, path)
    lies = _laid(views, path * is_moving, is_moving, on_frame)
    placements = tuple(_rounded(_enlarged(one, greys[0].shape, window)) for one in lies)
    return placements if any(one.farthest_moved(window) > LEAST for one in placements) else ()


@dataclass(frozen=True)
class _Views:
    """A shot's frames as they are looked at.

    Attributes:
        plain: In which it is found exactly how frames lie.
        evened: See ``_evened``; in which it is judged what lies closer.
        small: The same, ``SMALL``, in which what is far off is found.
    """

    plain: Frames
    evened: Frames
    small: Frames


def _views(greys: Sequence[np.ndarray], known: Sequence[np.ndarray]) -> _Views:
    evened = [_evened(*one) for one in zip(greys, known, strict=True)]
    small, seen = zip(*(_reduced(*one, SMALL) for one in zip(evened, known, strict=True)), strict=True)
    return _Views((greys, known), (evened, known), (small, seen))


def _evened(grey: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A picture (h, w) in which all that has some contrast has as much.

    What counts is how a pixel differs from those around it, by what those differ from each other: neither
    somebody close to the camera outweighs all that lies behind, nor does a change of the light. Weights are
    none below 0, so that where little is known means and contrasts are still those of some pixels.
    """
    if not known.any():
        return np.zeros_like(grey)
    cell = max(max(grey.shape) / CELLS, CELL)
    cells = [max(1, round(side / cell)) for side in grey.shape]
    down = [box_matrix(side, size) for side, size in zip(grey.shape, cells, strict=True)]
    up = [linear_matrix(size, side) for side, size in zip(grey.shape, cells, strict=True)]
    values = np.stack([grey * known, grey**2 * known, known]).astype(np.float32)
    mean, square, share = resampled(resampled(values, *down), *up)
    mean, square = (one / np.maximum(share, 1e-6) for one in (mean, square))
    contrast = np.sqrt(np.maximum(square - mean**2, 0.0))
    usual = float(np.median(contrast[known])) or 1.0
    evened: np.ndarray = np.where(known, (grey - mean) / (contrast + usual), 0.0).astype(np.float32)
    return evened


def _laid(views: _Views, path: np.ndarray, is_moving: bool, on_frame: OnFrame) -> list[Placement]:
    """How frames lie: turned, zoomed, bent where that pays and is not too much; ``STILL`` if none moves."""
    lies = _turned(views, path, is_moving, on_frame)
    if all(one == STILL for one in lies):
        return lies
    start = _among(views.small, lies, views.plain)
    small_bent = bent_path(*views.small, start, on_frame)
    if not _pays(views.small, small_bent, start, BENDING):
        return lies
    bent = bent_path(*views.plain, _among(views.plain, small_bent, views.small), on_frame)
    return bent if _pays(views.evened, bent, lies, BENDING) else lies


def _among(frames: Frames, lies: Sequence[Placement], others: Frames) -> list[Placement]:
    """How ``frames`` lie as ``others`` do, which show the same with other pixels."""
    shape, box = others[0][0].shape, box_of(frames[0][0])
    return [_enlarged(one, shape, box) for one in lies]


def _turned(views: _Views, path: np.ndarray, is_moving: bool, on_frame: OnFrame) -> list[Placement]:
    """The same, but for bending."""
    start = [Placement(float(x), float(y)) for y, x in path]
    small_turning = laid_path(*views.small, _among(views.small, start, views.plain), "turns", on_frame)
    lies, least = [STILL] * len(path), STEADY
    if is_moving:
        lies, least = laid_path(*views.plain, start, "moves", on_frame), TURNING
    elif not lie_closer(*views.small, small_turning, lies, STEADY):
        return lies
    turning = laid_path(*views.plain, _among(views.plain, small_turning, views.small), "turns", on_frame)
    return turning if _pays(views.evened, turning, lies, least) else lies


def _pays(frames: Frames, lies: Sequence[Placement], others: Sequence[Placement], least: float) -> bool:
    """Whether frames are to lie so: not too much turned, zoomed or bent, and closer than otherwise."""
    return _are_little(lies, frames[0][0]) and lie_closer(*frames, lies, others, least)


def _are_little(lies: Sequence[Placement], picture: np.ndarray) -> bool:
    """Whether frames that lie so are turned, zoomed and bent by no more than they may be."""
    box = box_of(picture)
    if any(_stretch(one, box) >= MOST_BENT for one in lies):
        return False
    middles = [one.turn_and_zoom(*box.middle) for one in lies]
    return all(abs(turn) < MOST_TURNED and abs(math.log(zoom)) < MOST_ZOOMED for turn, zoom in middles)


def _stretch(placement: Placement, box: Box) -> float:
    """Logarithm by which it stretches or shrinks a box's corners most; infinite where one lies nowhere."""
    if min(placement.nearness(*corner) for corner in box.corners) <= 0.0:
        return math.inf
    sizes = (size for corner in box.corners for size in placement.sizes(*corner))
    return max(abs(math.log(max(size, 1e-9))) for size in sizes)


def _enlarged(placement: Placement, shape: tuple[int, ...], window: Box) -> Placement:
    """A placement of reduced pictures (h, w) as one of those with a window that they show, or the reverse."""
    across, down = window.width / shape[1], window.height / shape[0]
    if placement.only_moves:
        return Placement(placement.x * across, placement.y * down)
    # The corner, half a pixel from the first one's centre, stays the corner.
    shown = Placement(window.x0 + (across - 1) / 2, window.y0 + (down - 1) / 2, xx=across, yy=down)
    return shown.inverse().then(placement).then(shown)


def _rounded(placement: Placement) -> Placement:
    """To a hundredth of a pixel, or a whole one where that is near, so that the picture stays as it is."""
    if not placement.only_moves:
        return placement
    x, y = (
        round(way) if abs(way - round(way)) < WHOLE else round(way, 2) for way in (placement.x, placement.y)
    )
    return Placement(float(x), float(y))
