"""A shot in memory: the region of interest of plate and matte, in the model's range.

Loading takes two passes: all mattes first, which gives the region of interest; then only that
region of the plates. Nothing outside of it is held for more than one frame.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from infusion_core.array_files import save_arrays
from infusion_core.box import Box
from infusion_core.colour import ColourKind, ColourTransform, fit_colour, known_samples
from infusion_core.each_frame import for_each_frame
from infusion_core.errors import InputError, JobError, ResourceError
from infusion_core.extent import Extent, extent_of
from infusion_core.io.mattes import Matte
from infusion_core.io.plates import Plate
from infusion_core.matte import bounding_box
from infusion_core.placement import STILL, Laid, Placement, Placements
from infusion_core.progress import OnProgress, ShouldStop, half, ignore_progress, never_stop
from infusion_core.region import HolePlan, find_region, laid_hole, plan_holes
from infusion_core.resample import LOBES, moved
from infusion_core.settings import ShotSettings

__all__ = ["HolePlan", "Shot", "find_region", "load_shot", "plan_holes"]

SHOT_SCHEMA_VERSION = 2


@dataclass(frozen=True)
class Shot(Laid):
    """What training and sampling work on.

    Attributes:
        frames: Frame numbers, ascending, handles included.
        box: Region of interest, in absolute coordinates of the file of the frame that lies in it as it is.
        plate: (F, H, W, 3) float32 in the model's range; 0 where the pixel is not known.
        hole: (F, H, W) bool, True = fill.
        known: (F, H, W) bool: outside the hole, inside the data window and finite.
        blend: (F, H, W) float32 in [0, 1], weight of the fill; 0 outside the hole. As the files lie,
            ``box_of`` of each; the others lie as ``placements`` say.
        colour: The transform to the model's range.
        handles: Those of ``frames`` that are learned from but not written.
        placements: How each frame's picture lies in the region; empty where no camera is followed.
    """

    frames: tuple[int, ...]
    box: Box
    plate: np.ndarray
    hole: np.ndarray
    known: np.ndarray
    blend: np.ndarray
    colour: ColourTransform
    handles: tuple[int, ...] = ()
    placements: Placements = ()

    def in_file(self, filled: np.ndarray, i: int) -> np.ndarray:
        """Frame number ``i`` of a filled shot, (H, W, 3) model range, as its file lies, and ``blend``.

        Right in the hole; elsewhere it need not be.
        """
        rest = self.rest(i)
        hole = bounding_box(self.blend[i] > 0)
        if rest == STILL or hole.is_empty:
            return filled
        whole = Box(0, 0, *filled.shape[1::-1])
        part = hole.union(rest.box_in_region(hole)).grown(2 * LOBES).intersection(whole)
        cut, back = filled[part.slices_in(whole)], rest.inverse().between(part, part)
        result = filled.copy()
        result[part.slices_in(whole)] = moved(cut, np.ones(cut.shape[:2], bool), back)[0]
        return result

    @property
    def size(self) -> tuple[int, int, int]:
        """Frames, rows, columns of the region."""
        frames, rows, columns = self.hole.shape
        return frames, rows, columns

    @cached_property
    def extent(self) -> Extent:
        """How large the region is and where its hole is."""
        return extent_of(self.hole)

    @property
    def fill_frames(self) -> tuple[int, ...]:
        """The frames to write."""
        return tuple(frame for frame in self.frames if frame not in set(self.handles))

    def save(self, path: str | Path) -> None:
        """Write the shot as one safetensors file, replacing it only once complete.

        Raises:
            OutputError: the file cannot be written.
        """
        box = self.box
        header = {
            "schema_version": SHOT_SCHEMA_VERSION,
            "frames": self.frames,
            "handles": self.handles,
            "box": (box.x0, box.y0, box.x1, box.y1),
            "offsets": [one.numbers for one in self.placements],
            "colour": self.colour.to_dict(),
        }
        arrays = {"plate": self.plate, "hole": self.hole, "known": self.known, "blend": self.blend}
        save_arrays(Path(path), arrays, {"shot": json.dumps(header)})

    @classmethod
    def load(cls, path: str | Path) -> Shot:
        """Read a shot written by ``save``.

        Raises:
            JobError: the file is missing, damaged, or of another release.
        """
        try:
            with safe_open(path, framework="numpy") as file:
                header = json.loads((file.metadata() or {})["shot"])
                arrays = {name: file.get_tensor(name) for name in ("plate", "hole", "known", "blend")}
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise JobError(
                f"Cannot read the shot of this job ({error}).", path=path, remedy="Start the job anew."
            ) from error
        if header.get("schema_version") != SHOT_SCHEMA_VERSION:
            raise JobError(
                "The shot was written by another release.", path=path, remedy="Start the job anew."
            )
        return cls(
            frames=tuple(header["frames"]),
            box=Box(*header["box"]),
            colour=ColourTransform.from_dict(header["colour"]),
            handles=tuple(header["handles"]),
            placements=tuple(map(Placement.of_numbers, header["offsets"])),
            **arrays,
        )


def _room(num_frames: int, box: Box) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Zeroed arrays for plate (F, H, W, 3), blend and known (F, H, W)."""
    shape = (num_frames, box.height, box.width)
    try:
        return np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32), np.zeros(shape, bool)
    except MemoryError as error:
        raise ResourceError(
            f"The region of interest ({box.width}x{box.height}, {num_frames} frames) exceeds the memory.",
            remedy="Fill fewer frames at a time, or use less context.",
        ) from error


def _check_known(known: np.ndarray, blend: np.ndarray, plate: Plate, frame: int) -> None:
    if blend.any() and not known.any():
        raise InputError(
            "No pixel around the hole is known.",
            path=plate.path(frame),
            frame=frame,
            remedy="Check the plate for NaN, or use more context.",
        )


def to_model_range(pixels: np.ndarray, known: np.ndarray, colour: ColourTransform) -> None:
    """Bring what is known of a shot to the model's range, in place; the rest becomes 0.

    Args:
        pixels: (F, H, W, 3) float32.
        known: (F, H, W) bool.
        colour: The transform.
    """
    for values, mask in zip(pixels, known[..., None], strict=True):
        values[:] = np.where(mask, colour.encode(np.where(mask, values, 0)), 0)


def lay(pixels: np.ndarray, known: np.ndarray, hole: np.ndarray, rest: Placement, i: int) -> None:
    """Move frame number ``i``, which was cut to its box, to how it lies in the region, in place.

    Args:
        pixels: (F, H, W, 3) float32, model range, 0 where not known.
        known: (F, H, W) bool.
        hole: (F, H, W) bool.
        rest: What is left of its placement, ``Placement.rest``.
        i: The frame.
    """
    pixels[i], known[i] = moved(pixels[i], known[i], rest)
    hole[i] = laid_hole(hole[i], rest)


def load_shot(
    plate: Plate,
    matte: Matte,
    settings: ShotSettings,
    *,
    colour: ColourTransform | None = None,
    box: Box | None = None,
    plan: HolePlan | None = None,
    on_progress: OnProgress = ignore_progress,
    should_stop: ShouldStop = never_stop,
) -> Shot:
    """Load the region of interest of a shot in the model's range.

    Args:
        plate: The plate.
        matte: Its matte.
        settings: Matte treatment, handles, context, colour.
        colour: Use this transform instead of fitting one (rendering from a bundle).
        box: Use this region of interest instead of choosing one.
        plan: The result of ``plan_holes`` where it is at hand already.
        on_progress: Called for every frame with stage ``prepare``; its fraction is of each pass.
        should_stop: Polled for every frame.

    Raises:
        InputError: a frame cannot be read, the hole is empty or covers a whole frame.
        ResourceError: the region of interest does not fit in memory.
        Cancelled: ``should_stop`` said so.
    """
    if plan is None:
        plan = plan_holes(plate, matte, settings, box=box, on_progress=on_progress, should_stop=should_stop)
    pixels, blend, known = _room(len(plan.frames), plan.box)

    def read(i: int) -> None:
        pixels[i], valid = plate.read(plan.frames[i], plan.box_of(i))
        blend[i] = plan.holes[i].blend_in(plan.box_of(i))
        known[i] = valid & (blend[i] == 0)
        _check_known(known[i], blend[i], plate, plan.frames[i])

    def lay_frame(i: int) -> None:
        lay(pixels, known, hole, plan.rest(i), i)

    count = len(plan.frames)
    reading = half(on_progress, 0.0) if plan.placements else on_progress
    for_each_frame(read, count, "Reading plates", on_progress=reading, should_stop=should_stop)
    if colour is None:
        kind: ColourKind = "scene-linear" if plate.is_taken_as_linear(settings.colour) else "display"
        colour = fit_colour(known_samples(pixels, known), kind)
    to_model_range(pixels, known, colour)
    hole = blend > 0
    if plan.placements:
        laying = half(on_progress, 0.5)
        for_each_frame(lay_frame, count, "Laying frames", on_progress=laying, should_stop=should_stop)
    return Shot(plan.frames, plan.box, pixels, hole, known, blend, colour, plan.handles, plan.placements)
