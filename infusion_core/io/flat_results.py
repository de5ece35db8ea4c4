"""Results of PNG, TIFF, DPX and other flat plates: the same format with the same integers, or an EXR.

An EXR of an integer plate is 32-bit float: half floats cannot hold most of k/255 or k/65535. A half
TIFF becomes a half EXR. Values are those stored, display-referred as the plate was, and colours are
not multiplied by alpha.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from infusion_core.errors import InputError, OutputError
from infusion_core.io.compose import Fill, alpha_from, lay_in
from infusion_core.io.layers import Picture
from infusion_core.io.pictures import oiio_error, open_picture

_EXACT_IN_EXR = {"uint8": "float", "uint16": "float", "half": "half", "float": "float"}
SAME_FORMAT = {".png": "png", ".tif": "tiff", ".tiff": "tiff", ".dpx": "dpx"}


def can_be_exr(picture: Picture) -> bool:
    """Whether an EXR holds the plate's pixel type exactly."""
    return picture.part.types[0] in _EXACT_IN_EXR


def _read_native(path: Path, frame: int, kind: str) -> tuple[np.ndarray, oiio.ImageSpec]:
    """All channels (H, W, C) in the pixel type ``kind`` ("unknown": the file's own)."""
    with open_picture(path, frame) as picture:
        spec = picture.spec().copy()
        pixels = picture.read_image(0, 0, 0, spec.nchannels, kind)
        if pixels is None:
            raise InputError(
                f"Cannot read the pixels ({oiio_error(picture)}).",
                path=path,
                frame=frame,
                remedy="Render or copy this frame again.",
            )
        return pixels, spec


def _result_spec(spec: oiio.ImageSpec, channels: int, exr_type: str) -> oiio.ImageSpec:
    """The plate's spec for the result: all its metadata, nothing that loses values."""
    result = spec.copy()
    if channels > spec.nchannels:
        names = (*spec.channelnames, "A")
        result.nchannels, result.channelnames, result.alpha_channel = channels, names, channels - 1
    if exr_type:
        result.set_format(exr_type)
        result.erase_attribute("oiio:BitsPerSample")
        result.attribute("compression", "zip")
        result.tile_width = result.tile_height = result.tile_depth = 0
    elif spec.get_string_attribute("compression") in ("jpeg", "ojpeg", "webp"):
        result.attribute("compression", "zip")
    result.attribute("oiio:UnassociatedAlpha", 1)  # as read: no multiplying, no dividing
    return result


def write_flat(source: Path, frame: int, picture: Picture, fill: Fill, beside: Path, *, alpha: str) -> None:
    """Write a flat plate's file with the fill laid in, and read it back to see that it is all there.

    Args:
        source: The plate's file.
        frame: Its frame number.
        picture: The channels to fill.
        fill: What is laid in.
        beside: Temporary file to write; its suffix chooses the format.
        alpha: ``keep``, or ``matte`` to replace (or add) the alpha channel by the fill's weight.

    Raises:
        InputError: the plate cannot be read.
        OutputError: the result cannot be written or did not come back the same.
    """
    to_exr = beside.suffix.lower() == ".exr"
    exr_type = _EXACT_IN_EXR[picture.part.types[0]] if to_exr else ""
    pixels, spec = _read_native(source, frame, exr_type or "unknown")
    is_integer = pixels.dtype.kind == "u"
    scale = float(np.iinfo(pixels.dtype).max) if is_integer else 1.0
    bits = spec.get_int_attribute("oiio:BitsPerSample") or pixels.dtype.itemsize * 8
    names = list(picture.part.channels)
    window = picture.part.data
    for name, slot in zip(picture.channels, picture.slots, strict=True):
        lay_in(pixels[..., names.index(name)], window, fill, slot, scale=scale, bits=bits)
    if alpha == "matte":
        if not picture.alpha:
            pixels = np.concatenate([pixels, np.zeros_like(pixels[..., :1])], axis=-1)
        index = names.index(picture.alpha) if picture.alpha else -1
        alpha_from(pixels[..., index], window, fill, scale=scale, bits=bits)
    _write(beside, frame, np.ascontiguousarray(pixels), _result_spec(spec, pixels.shape[-1], exr_type))
    written, _ = _read_native(beside, frame, exr_type or "unknown")
    if written.dtype != pixels.dtype or written.tobytes() != pixels.tobytes():
        raise OutputError(
            "The result did not come back from disk as it was written.",
            path=beside,
            frame=frame,
            remedy="Write an EXR, or check the disk's free space and health.",
        )


def _write(path: Path, frame: int, pixels: np.ndarray, spec: oiio.ImageSpec) -> None:
    if pixels.dtype == np.float16:
        oiio.attribute("tiff:half", 1)  # else OpenImageIO makes 32-bit TIFFs of half floats
    output = oiio.ImageOutput.create(str(path))
    done = False
    if output is not None and output.open(str(path), spec):
        done = output.write_image(pixels)
        done = output.close() and done
    if not done:
        detail = oiio_error(output or oiio)
        raise OutputError(
            f"Cannot write the result ({detail}).",
            path=path,
            frame=frame,
            remedy="Check the folder's access rights and free space, or write an EXR.",
        )
