"""The pictures of the tests, made and read outside Blender."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio

FRAMES = range(1001, 1007)
WIDTH, HEIGHT = 40, 32
TINY = """
stages = [{"intervals": 2, "training_steps": 3, "sampling_steps": 2}]
network.channels = 8
network.levels = 1
training.window = 3
training.crop = 16
"""
ENDLESS = TINY.replace('"training_steps": 3', '"training_steps": 100000')


def read(path: Path) -> np.ndarray:
    """All channels of a picture as float32, rows x columns x channels."""
    buf = oiio.ImageBuf(str(path))
    assert not buf.has_error, buf.geterror()
    return np.asarray(buf.get_pixels(oiio.FLOAT))


def plate_picture(frame: int) -> np.ndarray:
    """Grain with values above 1 and below 0, an alpha that holds a square; exact in half floats."""
    pixels = np.random.default_rng(frame).normal(0.8, 0.9, (HEIGHT, WIDTH, 4)).astype(np.float32)
    pixels[..., 3] = 0.0
    pixels[10:20, 12:24, 3] = 1.0
    return pixels.astype(np.float16).astype(np.float32)


def write_exr(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], "half")
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec)
    output.write_image(pixels)
    output.close()


def write_plate(folder: Path) -> Path:
    """The plate of the scenarios in ``folder/plate``; returns ``folder``."""
    for frame in FRAMES:
        write_exr(folder / "plate" / f"plate.{frame}.exr", plate_picture(frame))
    return folder
