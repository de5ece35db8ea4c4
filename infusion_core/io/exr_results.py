"""Results of OpenEXR plates: the plate's own file with only the fill's pixels replaced.

The OpenEXR library itself is used here, not OpenImageIO: it hands every channel over in its own
pixel type, where OpenImageIO's Python binding brings mixed types to one. Attributes are taken over
as bytes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR

from infusion_core.errors import InputError, OutputError
from infusion_core.io.compose import Fill, alpha_from, lay_in
from infusion_core.io.exr_header import take_over_attributes
from infusion_core.io.layers import Picture
from infusion_core.io.pictures import Header

_STRUCTURE = (
    *("name", "type", "view", "compression", "dataWindow", "displayWindow", "lineOrder", "tiles"),
    *("pixelAspectRatio", "screenWindowCenter", "screenWindowWidth"),
)
_ALWAYS_LOSSLESS = ("NO", "RLE", "ZIPS", "ZIP", "PIZ", "HTJ2K256", "HTJ2K32", "ZSTD")


def open_exr(path: Path, frame: int, header: Header) -> OpenEXR.File:
    """Read a whole file, every channel in its own type.

    Raises:
        InputError: the file is damaged or has changed since its header was checked.
    """
    try:
        file = OpenEXR.File(str(path), separate_channels=True)
    except (RuntimeError, ValueError, TypeError, OSError) as error:
        raise InputError(
            f"Cannot read the file ({error}).",
            path=path,
            frame=frame,
            remedy="Render or copy this frame again.",
        ) from error
    whole = len(file.parts) == len(header.parts) and all(
        set(part.channels) == set(expected.channels)
        for part, expected in zip(file.parts, header.parts, strict=True)
    )
    if not whole:  # the library skips parts that it cannot decode
        raise InputError(
            "The file is damaged or changed meanwhile.",
            path=path,
            frame=frame,
            remedy="Render or copy this frame again.",
        )
    return file


def _is_lossless(compression: OpenEXR.Compression, dtypes: set[np.dtype], new: set[np.dtype]) -> bool:
    """Whether stored pixels of ``dtypes``, those of ``new`` just filled, come back as they are."""
    name = compression.name.removesuffix("_COMPRESSION")
    if name == "PXR24":  # rounds floats to 24 bits, which stored ones have been already
        return np.dtype(np.float32) not in new
    if name in ("B44", "B44A"):
        return np.dtype(np.float16) not in dtypes
    return name in _ALWAYS_LOSSLESS


def _storage(part: OpenEXR.Part, new: set[np.dtype]) -> dict[str, object]:
    """How a part is written: as it was read, but zipped where its compression loses bits.

    Of mip-mapped parts there is only the picture itself, the one level that was read.
    """
    header = {name: part.header[name] for name in _STRUCTURE if name in part.header}
    dtypes = {channel.pixels.dtype for channel in part.channels.values()}
    if not _is_lossless(header["compression"], dtypes, new):
        header["compression"] = OpenEXR.ZIP_COMPRESSION
    if "tiles" in header:
        header["tiles"].mode = OpenEXR.ONE_LEVEL
    return header


def _fill_alpha(part: OpenEXR.Part, picture: Picture, fill: Fill) -> None:
    name = picture.alpha
    if not name:
        layer, dot, _ = picture.channels[0].rpartition(".")
        name = f"{layer}{dot}A"
        like = part.channels[picture.channels[0]].pixels
        part.channels[name] = OpenEXR.Channel(name, np.zeros_like(like))
    alpha_from(part.channels[name].pixels, picture.part.data, fill)


def _same(written: OpenEXR.File, meant: OpenEXR.File) -> bool:
    """Whether every channel came back bit for bit and every attribute is there."""
    if len(written.parts) != len(meant.parts):
        return False
    for got, expected in zip(written.parts, meant.parts, strict=True):
        if set(got.channels) != set(expected.channels) or not set(expected.header) <= set(got.header):
            return False
        for name, channel in expected.channels.items():
            if not _same_pixels(got.channels[name].pixels, channel.pixels):
                return False
    return True


def _same_pixels(got: np.ndarray, expected: np.ndarray) -> bool:
    if got.dtype != expected.dtype or got.shape != expected.shape:
        return False
    if got.dtype != object:
        return got.tobytes() == expected.tobytes()
    samples = zip(got.ravel(), expected.ravel(), strict=True)  # deep: an array or None for each pixel
    return all(a is b or (a is not None and b is not None and a.tobytes() == b.tobytes()) for a, b in samples)


def write_exr(
    source: Path, frame: int, header: Header, picture: Picture, fill: Fill, beside: Path, *, alpha: str
) -> None:
    """Write the plate's file with the fill laid in, and read it back to see that it is all there.

    Args:
        source: The plate's file.
        frame: Its frame number.
        header: Its header as checked before.
        picture: The channels to fill.
        fill: What is laid in.
        beside: Temporary file to write.
        alpha: ``keep``, or ``matte`` to replace (or add) the alpha channel by the fill's weight.

    Raises:
        InputError: the plate cannot be read.
        OutputError: the result cannot be written or did not come back the same.
    """
    file = open_exr(source, frame, header)
    part = file.parts[picture.part.index]
    for name, slot in zip(picture.channels, picture.slots, strict=True):
        lay_in(part.channels[name].pixels, picture.part.data, fill, slot)
    if alpha == "matte":
        _fill_alpha(part, picture, fill)
    filled = (*picture.channels, picture.alpha) if alpha == "matte" else picture.channels
    new = {part.channels[name].pixels.dtype for name in filled if name}
    try:
        parts = [
            OpenEXR.Part(_storage(each, new if each is part else set()), each.channels) for each in file.parts
        ]
        OpenEXR.File(parts).write(str(beside))
        take_over_attributes(source, beside)
        written = OpenEXR.File(str(beside), separate_channels=True)
    except (RuntimeError, ValueError, TypeError, OSError) as error:
        raise OutputError(f"Cannot write the result ({error}).", path=beside, frame=frame) from error
    if not _same(written, file):
        raise OutputError(
            "The result did not come back from disk as it was written.",
            path=beside,
            frame=frame,
            remedy="Check the disk's free space and health.",
        )
