"""Following the camera: a shot's frames laid over each other, so that its background stands still.

The network sees a dozen frames and some forty pixels. In a shot whose camera moves by more than that within a
few frames it would find nothing of a place again. Laid over each other the frames are a shot of a camera that
stands still, of which each shows another part. By whole pixels each frame has its own place in the region; by
the parts that are left, and by what the camera turned and zoomed, the pictures are moved, and the fill back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from itertools import count

import numpy as np

from infusion_core.alignment import laid_path, turns
from infusion_core.box import Box
from infusion_core.camera import OnFrame, exact_path, ignore_frame, moves, rough_path
from infusion_core.each_frame import for_each_frame
from infusion_core.io.mattes import Matte
from infusion_core.io.plates import Plate
from infusion_core.placement import Placement, Placements
from infusion_core.progress import (
    OnProgress,
    Progress,
    ShouldStop,
    half,
    ignore_progress,
    never_stop,
    raise_if_stopped,
)
from infusion_core.region import REGION_MULTIPLE, HolePlan, find_region, plan_holes
from infusion_core.resample import box_matrix, resampled
from infusion_core.settings import ShotSettings

Grey = tuple[np.ndarray, np.ndarray]
"""A picture (h, w) in shades of grey, and which of its pixels are known, (h, w) bool."""

PASSES = 4  # over the frames: roughly, to a pixel, to parts of one, and turned
SMALL, LARGE = 160, 640  # larger sides of the pictures in which the camera's way is looked for
MOSTLY = 0.9  # of a reduced pixel must be known
WHOLE = 0.05  # of a pixel: a frame that lies no farther off whole ones stays as it is
LEAST = 0.5  # pixels that some frame must move for the camera to be followed
MOST_TURNED, MOST_ZOOMED = 0.17, 0.2
"""Radians, and logarithm: frames laid over each other that differ by more would lose too much detail."""


def plan_shot(
    plate: Plate,
    matte: Matte,
    settings: ShotSettings,
    *,
    on_progress: OnProgress = ignore_progress,
    should_stop: ShouldStop = never_stop,
) -> HolePlan:
    """What mattes, and plates where the camera is to be followed, say before the shot is read.

    Raises:
        InputError: as ``plan_holes``; a frame of the plate cannot be read.
        Cancelled: ``should_stop`` said so.
    """
    if not settings.follow_camera:
        return plan_holes(plate, matte, settings, on_progress=on_progress, should_stop=should_stop)
    first, second = half(on_progress, 0.0), half(on_progress, 0.5)
    plan = plan_holes(plate, matte, settings, on_progress=first, should_stop=should_stop)
    return with_camera(plan, plate, settings, on_progress=second, should_stop=should_stop)


def with_camera(
    plan: HolePlan, plate: Plate, settings: ShotSettings, *, on_progress: OnProgress, should_stop: ShouldStop
) -> HolePlan:
    """The plan with the way of the camera, where it moves and is to be followed.

    Raises:
        InputError: a frame of the plate cannot be read.
        Cancelled: ``should_stop`` said so.
    """
    if not settings.follow_camera:
        return plan
    window = plate.window_of(plan.frames)

    def read(i: int) -> Grey:
        rgb, valid = plate.read(plan.frames[i], window)
        return grey_of(rgb, valid & (plan.holes[i].blend_in(window) == 0))

    reading, finding = half(on_progress, 0.0), half(on_progress, 0.5)
    num_frames = len(plan.frames)
    greys = for_each_frame(
        read, num_frames, "Looking at the camera", on_progress=reading, should_stop=should_stop
    )
    placements = camera_placements(greys, window, _told(num_frames, finding, should_stop))
    if not placements:
        return plan
    nothing = Box(0, 0, 0, 0)
    holes = [
        nothing if frame in plan.handles else hole.box
        for frame, hole in zip(plan.frames, plan.holes, strict=True)
    ]
    windows = [plate.data_window(frame) for frame in plan.frames]
    return replace(
        plan, box=followed_region(holes, windows, placements, settings.context), placements=placements
    )


def _told(num_frames: int, on_progress: OnProgress, should_stop: ShouldStop) -> OnFrame:
    """What tells how far ``camera_placements`` is, and stops it."""
    numbers, total = count(1), PASSES * (num_frames - 1)

    def on_frame() -> None:
        raise_if_stopped(should_stop)
        done = next(numbers)
        on_progress(
            Progress("prepare", done / total, step=done, num_steps=total, message="Following the camera")
        )

    return on_frame


def followed_region(
    holes: Sequence[Box],
    windows: Sequence[Box],
    placements: Sequence[Placement],
    context: int,
    multiple: int = REGION_MULTIPLE,
) -> Box:
    """The region of interest of frames that are laid over each other; one for each frame of:

    Args:
        holes: The hole's bounding box in the file; empty where none is to be filled.
        windows: Of the file.
        placements: How it lies.
        context, multiple: As for ``find_region``.

    Returns:
        A box that holds all holes, in the region as well as in each file.
    """
    laid = [way.box_in_region(hole) for hole, way in zip(holes, placements, strict=True)]
    limits = reduce(Box.union, (way.box_in_region(one) for one, way in zip(windows, placements, strict=True)))
    box = find_region(laid, limits, context, multiple)
    if all(way.only_moves for way in placements):
        return box
    at_corner = Box(0, 0, box.width, box.height)
    reach = 1 + math.ceil(max(way.rest(box).farthest_moved(at_corner) for way in placements))
    turned = [one if one.is_empty else one.grown(reach) for one in laid]
    return find_region(turned, limits.grown(reach), context, multiple)


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
    small = [_reduced(grey, seen, SMALL) for grey, seen in zip(greys, known, strict=True)]
    rough = rough_path([grey for grey, _ in small], [seen for _, seen in small], on_frame)
    path = exact_path(greys, known, rough * greys[0].shape[0] / small[0][0].shape[0], on_frame)
    if not moves(greys, known, path):
        return ()
    lies = _laid(greys, known, path, on_frame)
    placements = tuple(_of_plate(one, window, greys[0].shape) for one in lies)
    return placements if any(one.farthest_moved(window) > LEAST for one in placements) else ()


def _laid(
    greys: Sequence[np.ndarray], known: Sequence[np.ndarray], path: np.ndarray, on_frame: OnFrame
) -> list[Placement]:
    """How frames of a camera that moves lie, turned and magnified where that pays and is not too much."""
    moving, turning = (
        laid_path(greys, known, path, turning=turns_too, on_frame=on_frame) for turns_too in (False, True)
    )
    is_little = all(abs(one.turn) < MOST_TURNED and abs(math.log(one.zoom)) < MOST_ZOOMED for one in turning)
    return turning if is_little and turns(greys, known, moving, turning) else moving


def _of_plate(placement: Placement, window: Box, shape: tuple[int, ...]) -> Placement:
    """A placement of reduced pictures (h, w) as one of the plates with a window that they show."""
    across, down = window.width / shape[1], window.height / shape[0]
    x, y = placement.of(-0.5, -0.5)  # the corner, from which pixels of any size count alike
    turned = replace(placement, x=0.0, y=0.0)
    corner = window.x0 - 0.5, window.y0 - 0.5
    pivot = turned.of(*corner)
    x, y = corner[0] - pivot[0] + (x + 0.5) * across, corner[1] - pivot[1] + (y + 0.5) * down
    if placement.only_moves:
        x, y = (round(way) if abs(way - round(way)) < WHOLE else round(way, 2) for way in (x, y))
    return replace(placement, x=float(x), y=float(y))
