"""A contact sheet of sequences on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from infusion_core.io.mattes import open_matte
from infusion_core.io.plates import Plate, open_plate
from infusion_core.matte import hole_and_blend
from infusion_core.metrics import to_display
from infusion_core.pictures import contact_sheet, pick_frames, write_picture
from infusion_core.settings import ShotSettings

COLUMNS = 5


def write_sheet(
    path: Path, plate: str, matte: str, result: str, truth: str | None, shot: ShotSettings
) -> None:
    """Draw plate, hole, result and truth of some frames into one picture.

    Args:
        path: PNG to write.
        plate, matte, result, truth: Sequences; truth may be None.
        shot: Frames, layer, colour and matte treatment of the run.

    Raises:
        InputError: a sequence cannot be read.
        OutputError: the picture cannot be written.
    """
    before = open_plate(plate, shot.frames, layer=shot.layer)
    holes = open_matte(matte, before, shot)
    frames = [before.frames[i] for i in pick_frames(len(before.frames), COLUMNS)]
    mattes = np.stack([holes.read(frame, before.display) for frame in frames])
    hole = [
        hole_and_blend(m, threshold=shot.threshold, grow=shot.grow, feather=shot.feather)[0] for m in mattes
    ]
    after = open_plate(result, shot.frames, layer=shot.layer)
    right = None if truth is None else open_plate(truth, shot.frames, layer=shot.layer)
    picture = contact_sheet(
        _pictures(before, frames, shot.colour),
        np.stack(hole),
        _pictures(after, frames, shot.colour),
        None if right is None else _pictures(right, frames, shot.colour),
        labels=[str(frame) for frame in frames],
    )
    write_picture(path, picture)


def _pictures(plate: Plate, frames: list[int], colour: str) -> np.ndarray:
    """Frames of a plate, (N, H, W, 3), display-like."""
    linear = plate.is_taken_as_linear(colour)
    return np.stack([to_display(plate.read(frame, plate.display)[0], linear) for frame in frames])
