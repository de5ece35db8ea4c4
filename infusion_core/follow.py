"""Following the camera: a shot's frames laid over each other, so that its background stands still.

The network sees a dozen frames and some forty pixels. In a shot whose camera moves by more than that within a
few frames it would find nothing of a place again. Laid over each other the frames are a shot of a camera that
stands still, of which each shows another part. By whole pixels each frame has its own place in the region; by
the parts that are left, and by what the camera turned and zoomed, the pictures are moved, and the fill back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from itertools import count

from infusion_core.box import Box
from infusion_core.camera import OnFrame
from infusion_core.each_frame import for_each_frame
from infusion_core.io.mattes import Matte
from infusion_core.io.plates import Plate
from infusion_core.placement import Placement
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
from infusion_core.settings import ShotSettings
from infusion_core.track import PASSES, Grey, camera_placements, grey_of

ROUNDS = 8  # in which a region is made large enough, at most
MARGIN = 2  # pixels around a hole that are cut out of its file with it


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
    for _ in range(ROUNDS):  # a box that grows has another middle, by which files are cut
        lacking = [_lacking(box, hole, way) for hole, way in zip(holes, placements, strict=True)]
        left, top, right, bottom = (max(side) for side in zip(*lacking, strict=True))
        if not (left or top or right or bottom):
            break
        grown = Box(box.x0 - left, box.y0 - top, box.x1 + right, box.y1 + bottom)
        box = find_region([grown], limits.union(grown), 0, multiple)
    return box


def _lacking(box: Box, hole: Box, placement: Placement) -> tuple[int, int, int, int]:
    """Pixels by which a hole reaches beyond what is cut out of its file: left, top, right, bottom."""
    if hole.is_empty:
        return 0, 0, 0, 0
    cut, needed = placement.box_in_file(box), hole.grown(MARGIN)
    return (
        max(0, cut.x0 - needed.x0),
        max(0, cut.y0 - needed.y0),
        max(0, needed.x1 - cut.x1),
        max(0, needed.y1 - cut.y1),
    )
