"""Clips with a known truth, and the holes that are cut into them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from benchmarks.made_clips import MADE_CLIPS
from infusion_core.errors import InputError

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "clips"
HOLES = ("static", "moving")
MADE_FRAMES, MADE_WIDTH = 40, 128
"""Size of a made clip where the matrix gives none."""


@dataclass(frozen=True)
class BenchClip:
    """A clip at the bench's size.

    Attributes:
        name: Of its folder.
        truth: F H W 3, display-referred, 0 to 1.
        hole: F H W bool, True = fill.
        frames_per_second: For metrics and videos.
    """

    name: str
    truth: np.ndarray
    hole: np.ndarray
    frames_per_second: float

    @property
    def plate(self) -> np.ndarray:
        """The truth with the hole cut out (0)."""
        return np.where(self.hole[..., None], np.float32(0), self.truth)


def _read(path: Path, height: int, width: int) -> np.ndarray:
    buffer = oiio.ImageBuf(str(path))
    if not buffer.initialized:
        raise InputError("Cannot open the picture.", path=path)
    roi = oiio.ROI(0, width, 0, height, 0, 1, 0, buffer.nchannels)
    if (buffer.spec().width, buffer.spec().height) != (width, height):
        buffer = oiio.ImageBufAlgo.resize(buffer, roi=roi)
    return np.asarray(buffer.get_pixels(oiio.FLOAT)).reshape(height, width, -1)[..., :3].clip(0, 1)


def _read_all(paths: Iterable[Path], height: int, width: int) -> np.ndarray:
    return np.stack([_read(path, height, width) for path in paths])


def read_matte(folder: Path, shape: tuple[int, ...]) -> np.ndarray:
    """A folder of mattes, white where to fill, as a hole of the given shape: F H W bool."""
    frames, height, width = shape
    return _read_all(sorted(folder.iterdir())[:frames], height, width)[..., 0] > 0.5


def load_clip(folder: Path, name: str, hole: str, width: int, frames: int) -> BenchClip:
    """Read a clip of the layout ``NAME/clip.json``, ``frames/``, ``mask_static.png``, ``mask_moving/``.

    Args:
        folder: Holds the clips.
        name: One of them, or one of ``MADE_CLIPS``.
        hole: ``static`` or ``moving``.
        width: Pixels across; 0 keeps the clip's size. Heights follow.
        frames: How many, from the first; 0 takes all.

    Raises:
        InputError: the clip, its pictures or its hole are not there.
    """
    if hole not in HOLES:
        raise InputError(f"There is no hole {hole!r}.", remedy=f"Choose one of: {', '.join(HOLES)}.")
    if name in MADE_CLIPS:
        truth, inside = MADE_CLIPS[name](frames or MADE_FRAMES, width or MADE_WIDTH)
        inside = inside if hole == "moving" else np.broadcast_to(inside.any(axis=0), inside.shape).copy()
        return BenchClip(name, truth, inside, 24.0)
    home = folder / name
    try:
        facts = json.loads((home / "clip.json").read_text("utf-8"))
    except OSError as error:
        raise InputError("There is no such clip.", path=home, remedy="Set --clips.") from error
    width = width or int(facts["width"])
    height = round(width * facts["height"] / facts["width"])
    paths = sorted(path for path in (home / "frames").iterdir() if not path.name.startswith("."))
    paths = paths[: frames or len(paths)]
    if len(paths) < frames:
        raise InputError(f"The clip has {len(paths)} frames, {frames} are asked for.", path=home)
    masks = sorted((home / "mask_moving").iterdir()) if hole == "moving" else [home / "mask_static.png"]
    inside = _read_all(masks[: len(paths)], height, width)[..., 0] > 0.5
    truth = _read_all(paths, height, width).astype(np.float32)
    whole = np.broadcast_to(inside, truth.shape[:3]).copy()
    return BenchClip(name, truth, whole, float(facts.get("fps", 24)))
