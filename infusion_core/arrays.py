"""The method as a function on arrays, without files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from infusion_core.box import Box
from infusion_core.colour import ColourKind, fit_colour, known_samples
from infusion_core.errors import InputError
from infusion_core.follow import followed_region
from infusion_core.matte import bounding_box
from infusion_core.parallel import is_parallel
from infusion_core.placement import STILL, Placements
from infusion_core.progress import OnProgress, ShouldStop, ignore_progress, never_stop
from infusion_core.region import cut_to
from infusion_core.settings import Settings, load_preset
from infusion_core.shot import Shot, lay, to_model_range
from infusion_core.track import camera_placements, grey_of


def _checked(plate: np.ndarray, hole: np.ndarray) -> None:
    if plate.ndim != 4 or plate.shape[-1] != 3:
        raise InputError(f"The plate has the shape {plate.shape}.", remedy="Give it as (F, H, W, 3).")
    if hole.shape != plate.shape[:3] or hole.dtype != bool:
        raise InputError(
            f"The hole is {hole.dtype} of the shape {hole.shape}.",
            remedy=f"Give it as bool of the shape {plate.shape[:3]}.",
        )
    if not hole.any():
        raise InputError("The hole is empty.")


def _check_known(known: np.ndarray, hole: np.ndarray) -> None:
    unknown = np.flatnonzero(hole.any(axis=(1, 2)) & ~known.any(axis=(1, 2)))
    if unknown.size:
        raise InputError(
            "No pixel around the hole is known.",
            frame=int(unknown[0]),
            remedy="Check hole and plate for NaN, or use more context.",
        )


def shot_from_arrays(plate: np.ndarray, hole: np.ndarray, settings: Settings, colour: ColourKind) -> Shot:
    """The region of interest of a plate and its hole, in model range.

    Raises:
        InputError: the arrays do not fit together, or nothing is known around the hole.
    """
    _checked(plate, hole)
    frame = Box(0, 0, plate.shape[2], plate.shape[1])
    known = ~hole & np.isfinite(plate).all(-1)
    placements = _placements(plate, known, frame) if settings.shot.follow_camera else ()
    ways = placements or (STILL,) * len(plate)
    holes = [bounding_box(one) for one in hole]
    box = followed_region(holes, [frame] * len(plate), ways, settings.shot.context, multiple=1)
    boxes = [way.box_in_file(box) for way in ways]
    pixels, hole, known = (
        np.stack([cut_to(one, frame, part) for one, part in zip(whole, boxes, strict=True)])
        for whole in (plate, hole, known)
    )
    pixels = pixels.astype(np.float32, copy=False)
    _check_known(known, hole)
    transform = fit_colour(known_samples(pixels, known), colour)
    to_model_range(pixels, known, transform)
    blend = hole.astype(np.float32)
    for i, way in enumerate(ways):
        lay(pixels, known, hole, way.rest(box), i)
    return Shot(
        frames=tuple(range(len(plate))),
        box=box,
        plate=pixels,
        hole=hole,
        known=known,
        blend=blend,
        colour=transform,
        placements=placements,
    )


def _placements(plate: np.ndarray, known: np.ndarray, window: Box) -> Placements:
    return camera_placements([grey_of(*frame) for frame in zip(plate, known, strict=True)], window)


def inpaint(
    plate: np.ndarray,
    hole: np.ndarray,
    settings: Settings | None = None,
    *,
    colour: ColourKind = "scene-linear",
    seed: int | None = None,
    on_progress: OnProgress = ignore_progress,
    should_stop: ShouldStop = never_stop,
) -> np.ndarray:
    """Fill the hole of a clip by internal diffusion. Needs PyTorch.

    Args:
        plate: (F, H, W, 3) float32; what it holds in the hole is not looked at.
        hole: (F, H, W) bool, True = fill.
        settings: From ``load_preset`` or ``resolve``; None for the preset ``standard``.
        colour: ``scene-linear`` for linear light of any height, ``display`` for values in [0, 1].
        seed: Overrides the seed of the settings.
        on_progress: Told after every step where the work stands.
        should_stop: Polled between steps.

    Returns:
        (F, H, W, 3) float32: the plate, bit for bit, with the hole filled.

    Raises:
        InputError: the arrays do not fit together, the hole is empty, or nothing is known around it.
        Cancelled: ``should_stop`` returned true.
    """
    from infusion_core.engine.parallel import run_parallel
    from infusion_core.engine.run import run

    settings = settings or load_preset("standard")
    if seed is not None:
        settings = replace(settings, run=replace(settings.run, seed=seed))
    shot = shot_from_arrays(plate, hole, settings, colour)
    fill = run_parallel if is_parallel(settings.training) else run
    return with_fill(plate, shot, fill(shot, settings, on_progress=on_progress, should_stop=should_stop))


def with_fill(plate: np.ndarray, shot: Shot, x0: np.ndarray) -> np.ndarray:
    """The plate (F, H, W, 3) that ``shot`` was made from, with what fills its hole.

    Args:
        plate: As for ``inpaint``.
        shot: From ``shot_from_arrays``.
        x0: The filled shot, (F, h, w, 3) model range.

    Returns:
        As ``inpaint``.
    """
    result = np.array(plate, np.float32)
    frame = Box(0, 0, plate.shape[2], plate.shape[1])
    for i, filled in enumerate(x0):
        box = shot.box_of(i)
        part = box.intersection(frame)
        seen, hole_there = result[i][part.slices_in(frame)], shot.blend[i][part.slices_in(box)] > 0
        seen[hole_there] = shot.colour.decode(shot.in_file(filled, i)[part.slices_in(box)][hole_there])
    return result
