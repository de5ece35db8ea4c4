"""The demo shot as files: plate, matte and truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from infusion_core.atomic import replacing
from infusion_core.demo.fire import Canvas, black_body, embers, flames, surroundings
from infusion_core.demo.marker import marker
from infusion_core.demo.turbulence import Turbulence
from infusion_core.demo.water import add_water
from infusion_core.errors import OutputError


@dataclass(frozen=True)
class DemoPaths:
    """Where the demo shot lies: sequences as ``name.%04d.exr``, and their frame range."""

    plate: str
    matte: str
    truth: str
    frames: str


def render_demo(
    frames: int = 32, height: int = 80, width: int = 128, seed: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Render the shot: a fire on the shore of a lake at night, a marker bobbing before it.

    Args:
        frames: Frames, at 24 a second.
        height, width: Size in pixels.
        seed: Another seed gives another fire.

    Returns:
        plate (F H W 3) and truth (F H W 3), scene-linear, the fire well above 1; matte (F H W), 0 to 1
        with soft edges. All are float32 rounded to half, and the plate is the truth where the matte is 0.
    """
    generator = np.random.default_rng(seed)
    canvas, turbulence = Canvas(frames, height, width), Turbulence(generator)
    heat = flames(canvas, turbulence)
    light = heat.mean(axis=(1, 2))
    above = surroundings(canvas, turbulence, heat) + black_body(heat)
    above = above + black_body(embers(canvas, turbulence, generator, max(1, width // 3)))
    truth = add_water(canvas, above, turbulence).astype(np.float16).astype(np.float32)
    colour, coverage = marker(canvas, light / light.mean())
    matte = coverage.astype(np.float16).astype(np.float32)
    share = matte[..., None]
    plate = np.where(share > 0, truth * (1 - share) + colour * share, truth)
    return plate.astype(np.float16).astype(np.float32), truth, matte


def _write(path: Path, pixels: np.ndarray, channels: tuple[str, ...]) -> None:
    height, width = pixels.shape[:2]
    spec = oiio.ImageSpec(width, height, len(channels), oiio.HALF)
    spec.channelnames = channels
    spec.attribute("compression", "zip")
    buffer = oiio.ImageBuf(spec)
    buffer.set_pixels(spec.roi, np.ascontiguousarray(pixels))
    with replacing(path) as beside:
        if not buffer.write(str(beside)):
            raise OSError(buffer.geterror())


def write_demo(
    folder: str | Path,
    *,
    frames: int = 32,
    height: int = 80,
    width: int = 128,
    seed: int = 1,
    first_frame: int = 1001,
) -> DemoPaths:
    """Write the demo shot as half-float EXRs: ``plate.1001.exr``, ``matte.1001.exr``, ``truth.1001.exr``, ...

    Args:
        folder: Created if need be; files of the same names are replaced.
        frames, height, width, seed: See ``render_demo``.
        first_frame: Number of the first frame.

    Raises:
        OutputError: the folder or a file cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"Cannot make the folder: {error.strerror}.", path=folder) from error
    plate, truth, matte = render_demo(frames, height, width, seed)
    for index in range(frames):
        number = f"{first_frame + index:04d}"
        _write(folder / f"plate.{number}.exr", plate[index], ("R", "G", "B"))
        _write(folder / f"truth.{number}.exr", truth[index], ("R", "G", "B"))
        _write(folder / f"matte.{number}.exr", matte[index, ..., None], ("R",))
    plate_text, matte_text, truth_text = (
        str(folder / f"{name}.%04d.exr") for name in ("plate", "matte", "truth")
    )
    return DemoPaths(plate_text, matte_text, truth_text, f"{first_frame}-{first_frame + frames - 1}")
