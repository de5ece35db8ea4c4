"""A picture of the fill as it stands, for people who wait."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from infusion_core.clip import upsampled
from infusion_core.metrics.display import to_display
from infusion_core.pictures import write_picture
from infusion_core.shot import Shot

HOLE_GREY = 0.25
MAX_WIDTH = 960


def preview_picture(shot: Shot, x0_hat: np.ndarray) -> np.ndarray:
    """The frame with the largest hole, as it came and as it is filled, side by side.

    Args:
        shot: The shot.
        x0_hat: (F, h, w, 3) model range, at any resolution.

    Returns:
        (H, 2 W, 3) float32, display-like, 0 to 1.
    """
    written = [i for i, frame in enumerate(shot.frames) if frame not in shot.handles]
    index = max(written, key=lambda i: int(shot.hole[i].sum()))
    height, width = shot.hole.shape[1:]
    fill = upsampled(x0_hat[index].transpose(2, 0, 1), height, width).transpose(1, 2, 0)
    known = shot.known[index][..., None]
    is_scene_linear = shot.colour.name == "scene-linear"
    plate = to_display(shot.colour.decode(shot.plate[index]), is_scene_linear)
    filled = to_display(shot.colour.decode(fill), is_scene_linear)
    return np.concatenate(
        [np.where(known, plate, HOLE_GREY), np.where(known, plate, filled)], axis=1, dtype=np.float32
    )


def write_preview(path: Path, shot: Shot, x0_hat: np.ndarray) -> None:
    """Write ``preview_picture`` as an 8-bit PNG, at most ``MAX_WIDTH`` pixels wide.

    Raises:
        OutputError: the file cannot be written.
    """
    picture = preview_picture(shot, x0_hat)
    step = -(-picture.shape[1] // MAX_WIDTH)
    write_picture(path, picture[::step, ::step])
