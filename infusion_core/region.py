"""The region of interest: where the hole is on every frame, and what is kept around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from infusion_core.box import Box
from infusion_core.each_frame import for_each_frame
from infusion_core.errors import InputError
from infusion_core.extent import Extent, extent_of
from infusion_core.io.mattes import Matte
from infusion_core.io.plates import Plate
from infusion_core.matte import bounding_box, hole_and_blend
from infusion_core.placement import Laid, Placement, Placements
from infusion_core.progress import OnProgress, ShouldStop, ignore_progress, never_stop
from infusion_core.resample import known_when_moved
from infusion_core.settings import ShotSettings

REGION_MULTIPLE = 8
_MIN_CONTEXT = 32


@dataclass(frozen=True)
class FrameHole:
    """The hole of one frame, stored only where it is.

    Attributes:
        box: Bounding box of the hole; empty where there is none.
        blend: (h, w) float32 weights in that box; the hole is where they are above 0.
    """

    box: Box
    blend: np.ndarray

    def blend_in(self, box: Box) -> np.ndarray:
        """The weights within another box, (H, W) float32, 0 where this one does not reach."""
        blend = np.zeros((box.height, box.width), np.float32)
        part = self.box.intersection(box)
        if not part.is_empty:
            blend[part.slices_in(box)] = self.blend[part.slices_in(self.box)]
        return blend


@dataclass(frozen=True)
class HolePlan(Laid):
    """What the mattes alone say: the hole of every frame and the region of interest.

    Attributes:
        frames: Frame numbers, handles included.
        handles: Those that are not written.
        box: Region of interest, in the picture of the frame that lies in it as it is.
        holes: One for each frame.
        placements: How each frame's picture lies in the region; empty where no camera is followed.
    """

    frames: tuple[int, ...]
    handles: tuple[int, ...]
    box: Box
    holes: tuple[FrameHole, ...]
    placements: Placements = ()

    def laid_hole(self, i: int) -> np.ndarray:
        """The hole of frame number ``i`` as it lies in the region, (H, W) bool: all that it touches."""
        hole = self.holes[i].blend_in(self.box_of(i)) > 0
        return laid_hole(hole, self.rest(i))

    @cached_property
    def extent(self) -> Extent:
        """How large the region of interest is and where its hole is; as that of the shot read with it."""
        return extent_of(self.laid_hole(i) for i in range(len(self.holes)))


def cut_to(picture: np.ndarray, box: Box, wanted: Box) -> np.ndarray:
    """A picture (H, W, ...) that covers ``box`` cut to another box, 0 where it does not reach."""
    result = np.zeros((wanted.height, wanted.width, *picture.shape[2:]), picture.dtype)
    part = wanted.intersection(box)
    result[part.slices_in(wanted)] = picture[part.slices_in(box)]
    return result


def laid_hole(hole: np.ndarray, rest: Placement) -> np.ndarray:
    """A frame's hole (H, W), cut to its box, moved to how it lies in the region: all it touches."""
    return ~known_when_moved(~hole, rest, beyond=True)


def _fit(low: int, high: int, limit_low: int, limit_high: int, multiple: int) -> tuple[int, int]:
    """Round an interval up to ``multiple``, moved to lie within the limits as far as it can."""
    size = -(-(high - low) // multiple) * multiple
    low -= (size - (high - low)) // 2
    low = max(limit_low, min(low, limit_high - size))
    return low, low + size


def find_region(holes: Iterable[Box], limits: Box, context: int, multiple: int = REGION_MULTIPLE) -> Box:
    """The region of interest: the bounding box of all holes with known pixels around it.

    Args:
        holes: The hole's bounding box on every frame; empty ones count for nothing.
        limits: What the plate holds: the union of its data windows.
        context: Pixels to add on every side; -1 takes the larger side of the largest hole, at least 32.
        multiple: Width and height become multiples of this; only for this reason may the region
            reach beyond ``limits``, where pixels count as unknown.

    Raises:
        InputError: every hole is empty.
    """
    boxes = [box for box in holes if not box.is_empty]
    if not boxes:
        raise InputError(
            "The hole is empty on every frame.", remedy="Check matte, channel, threshold, invert."
        )
    if context < 0:
        context = max(_MIN_CONTEXT, *(max(box.width, box.height) for box in boxes))
    hole = boxes[0]
    for box in boxes[1:]:
        hole = hole.union(box)
    wanted = hole.grown(context).intersection(limits)
    x0, x1 = _fit(wanted.x0, wanted.x1, limits.x0, limits.x1, multiple)
    y0, y1 = _fit(wanted.y0, wanted.y1, limits.y0, limits.y1, multiple)
    return Box(x0, y0, x1, y1)


def _frame_hole(plate: Plate, matte: Matte, frame: int, settings: ShotSettings) -> FrameHole:
    """The hole of one frame, cut to the data window: other pixels have no place in the file."""
    window = plate.data_window(frame)
    reach = max(0, settings.grow) + int(np.ceil(settings.feather))
    around = window.grown(reach)  # a matte just outside the window may grow into it
    values = matte.read(frame, around)
    _, blend = hole_and_blend(
        values, threshold=settings.threshold, grow=settings.grow, feather=settings.feather
    )
    blend = blend[window.slices_in(around)]
    box = bounding_box(blend > 0, window.x0, window.y0)
    weights = blend[box.slices_in(window)].copy()
    if box == window and (weights > 0).all():
        raise InputError(
            "The matte covers the whole picture, so that nothing is known on this frame.",
            path=matte.path(frame),
            frame=frame,
            remedy="Check invert and threshold, or leave this frame out.",
        )
    return FrameHole(box, weights)


def plan_holes(
    plate: Plate,
    matte: Matte,
    settings: ShotSettings,
    *,
    box: Box | None = None,
    on_progress: OnProgress = ignore_progress,
    should_stop: ShouldStop = never_stop,
) -> HolePlan:
    """Read all mattes and find the region of interest; the first pass of loading, and a dry run.

    Args:
        plate: The plate; only headers are read.
        matte: Its matte.
        settings: Matte treatment, handles, context.
        box: Use this region of interest instead of choosing one.
        on_progress: Called for every frame with stage ``prepare``; its fraction is of this pass.
        should_stop: Polled for every frame.

    Raises:
        InputError: the hole is empty on all frames to write, covers a whole frame, or leaves ``box``.
        Cancelled: ``should_stop`` said so.
    """
    frames = plate.with_handles(settings.handles)
    handles = tuple(frame for frame in frames if frame not in set(plate.frames))
    plate.check(frames)
    of_still: dict[Box, FrameHole] = {}  # one still serves all frames with the same data window

    def read(i: int) -> FrameHole:
        window = plate.data_window(frames[i])
        hole = of_still.get(window) or _frame_hole(plate, matte, frames[i], settings)
        if matte.sequence.is_still:
            of_still[window] = hole
        return hole

    holes = for_each_frame(
        read, len(frames), "Reading mattes", on_progress=on_progress, should_stop=should_stop
    )
    wanted = [hole.box for frame, hole in zip(frames, holes, strict=True) if frame not in handles]
    try:
        region = find_region(wanted, plate.window_of(frames), settings.context)
    except InputError as error:
        raise InputError(error.message, path=matte.sequence.text, remedy=error.remedy) from error
    if box is not None:
        _check_inside(plate.frames, dict(zip(frames, holes, strict=True)), box)
    return HolePlan(frames, handles, box or region, tuple(holes))


def _check_inside(frames: tuple[int, ...], holes: dict[int, FrameHole], box: Box) -> None:
    for frame in frames:
        hole = holes[frame].box
        if hole.intersection(box) != hole and not hole.is_empty:
            raise InputError(
                "The hole leaves the region of interest that was chosen.",
                frame=frame,
                remedy="Use the matte that the job was made with, or start a new job.",
            )
