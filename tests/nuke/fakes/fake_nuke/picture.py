"""Pixels: EXR files in and out, and what a comp does to them on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

NUKE_NAMES = {"R": "rgba.red", "G": "rgba.green", "B": "rgba.blue", "A": "rgba.alpha"}
EXR_NAMES = {nuke: exr for exr, nuke in NUKE_NAMES.items()}


@dataclass(frozen=True)
class Picture:
    """Channels by Nuke's names, pixels (H, W, C) of the data window, windows as (x, y, width, height)."""

    channels: tuple[str, ...]
    pixels: np.ndarray
    data: tuple[int, int, int, int]
    display: tuple[int, int, int, int]

    def only(self, layers: str) -> Picture:
        """The channels that a Write's ``channels`` knob keeps."""
        wanted = {
            "all": self.channels,
            "rgba": tuple(EXR_NAMES),
            "rgb": ("rgba.red", "rgba.green", "rgba.blue"),
        }[layers]
        kept = [i for i, name in enumerate(self.channels) if name in wanted]
        return replace(self, channels=tuple(self.channels[i] for i in kept), pixels=self.pixels[..., kept])

    def mapped(self, function: object) -> Picture:
        return replace(self, pixels=function(self.pixels).astype(np.float32))  # type: ignore[operator]

    def half_size(self) -> Picture:
        """Every second pixel, as in proxy mode."""
        x, y, width, height = (value // 2 for value in self.data)
        pixels = self.pixels[::2, ::2][:height, :width]
        display = tuple(value // 2 for value in self.display)
        return Picture(self.channels, pixels, (x, y, width, height), display)  # type: ignore[arg-type]


def read_exr(path: Path) -> Picture:
    buffer = oiio.ImageBuf(str(path))
    if buffer.has_error or not buffer.initialized:
        raise RuntimeError(f"{path}: {buffer.geterror() or 'No such file or directory'}")
    spec = buffer.spec()
    channels = tuple(NUKE_NAMES.get(name, name) for name in spec.channelnames)
    data = (spec.x, spec.y, spec.width, spec.height)
    display = (spec.full_x, spec.full_y, spec.full_width, spec.full_height)
    return Picture(channels, np.asarray(buffer.get_pixels(oiio.FLOAT)), data, display)


def write_exr(path: Path, picture: Picture, datatype: str) -> None:
    x, y, width, height = picture.data
    spec = oiio.ImageSpec(
        width, height, len(picture.channels), oiio.HALF if "half" in datatype else oiio.FLOAT
    )
    spec.channelnames = tuple(EXR_NAMES.get(name, name) for name in picture.channels)
    spec.x, spec.y = x, y
    spec.full_x, spec.full_y, spec.full_width, spec.full_height = picture.display
    spec["compression"] = "zips"
    out = oiio.ImageOutput.create(str(path))
    if not out or not out.open(str(path), spec):
        raise RuntimeError(f"can't open {path}: {oiio.geterror()}")
    if not out.write_image(np.ascontiguousarray(picture.pixels)):
        raise RuntimeError(f"can't write {path}: {out.geterror()}")
    out.close()


def srgb_encoded(pixels: np.ndarray) -> np.ndarray:
    positive = np.maximum(pixels, 0.0031308)
    return np.where(pixels <= 0.0031308, 12.92 * pixels, 1.055 * positive ** (1 / 2.4) - 0.055)


def srgb_decoded(pixels: np.ndarray) -> np.ndarray:
    positive = np.maximum(pixels, 0.04045)
    return np.where(pixels <= 0.04045, pixels / 12.92, ((positive + 0.055) / 1.055) ** 2.4)
