"""Following the camera: a shot's frames laid over each other, so that its background stands still.

The network sees a dozen frames and some forty pixels. In a shot whose camera moves by more than that within a
few frames it would find nothing of a place again. Laid over each other the frames are a shot of a camera that
stands still, of which each shows another part. By whole pixels each frame has its own place in the region; by
the parts that are left the pictures are moved, and the fill is moved back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from infusion_core.box import Box
from infusion_core.camera import exact_path, moves, rough_path
from infusion_core.each_frame import for_each_frame
from infusion_core.io.mattes import Matte
from infusion_core.io.plates import Plate
from infusion_core.progress import OnProgress, ShouldStop, half, ignore_progress, never_stop
from infusion_core.region import HolePlan, Offsets, box_in_region, find_region, plan_holes
from infusion_core.resample import box_matrix, resampled
from infusion_core.settings import ShotSettings

Grey = tuple[np.ndarray, np.ndarray]
"""A picture (h, w) in shades of grey, and which of its pixels are known, (h, w) bool."""

SMALL, LARGE = 160, 640  # larger sides of the pictures in which the camera's way is looked for
MOSTLY = 0.9  # of a reduced pixel must be known
WHOLE = 0.05  # of a pixel: a frame that lies no farther off whole ones stays as it is


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

    greys = for_each_frame(
        read, len(plan.frames), "Following the camera", on_progress=on_progress, should_stop=should_stop
    )
    offsets = camera_offsets(greys, window.height, should_stop)
    if not offsets:
        return plan
    holes, limits = [], Box(0, 0, 0, 0)
    for frame, hole, offset in zip(plan.frames, plan.holes, offsets, strict=True):
        limits = limits.union(box_in_region(plate.data_window(frame), offset))
        if frame not in plan.handles:
            holes.append(box_in_region(hole.box, offset))
    return replace(plan, box=find_region(holes, limits, settings.context), offsets=offsets)


def grey_of(rgb: np.ndarray, known: np.ndarray) -> Grey:
    """A frame (H, W, 3) as ``camera_offsets`` takes it, and what is known of it."""
    return _reduced(rgb.mean(axis=-1), known, LARGE)


def _reduced(grey: np.ndarray, known: np.ndarray, largest: int) -> Grey:
    """A picture (H, W) with at most ``largest`` pixels to a side, and which of its pixels are known."""
    factor = min(1.0, largest / max(grey.shape))
    matrices = [box_matrix(side, max(1, round(side * factor))) for side in grey.shape]
    share = resampled(known.astype(np.float32), *matrices)
    values = resampled(np.where(known, grey, 0).astype(np.float32), *matrices)
    return values / np.maximum(share, 1e-6), share > MOSTLY


def camera_offsets(frames: Sequence[Grey], height: int, should_stop: ShouldStop = never_stop) -> Offsets:
    """Columns and rows by which each frame is to be moved to lie on the first; empty for a still camera.

    To a hundredth of a pixel, though they are known to a tenth of those in ``frames`` at best.

    Args:
        frames: From ``grey_of``, in shades of any height.
        height: Rows of the plate that they were reduced from.
        should_stop: Polled between frames.

    Raises:
        Cancelled: ``should_stop`` returned true.
    """
    greys, known = [grey for grey, _ in frames], [seen for _, seen in frames]
    if len(greys) < 2 or not known[0].any():
        return ()
    middle = float(np.median(np.abs(greys[0][known[0]]))) or 1.0
    greys = [np.arcsinh(grey / middle) for grey in greys]  # as highlights must not outweigh all else
    small = [_reduced(grey, seen, SMALL) for grey, seen in zip(greys, known, strict=True)]
    rough = rough_path([grey for grey, _ in small], [seen for _, seen in small], should_stop)
    rows = greys[0].shape[0]
    path = exact_path(greys, known, rough * rows / small[0][0].shape[0], should_stop)
    if not moves(greys, known, path):
        return ()
    path = path * height / rows
    whole = np.round(path)
    path = np.where(np.abs(path - whole) < WHOLE, whole, path)
    offsets = tuple((round(float(x), 2), round(float(y), 2)) for y, x in path)
    return offsets if any(round(x) or round(y) for x, y in offsets) else ()
