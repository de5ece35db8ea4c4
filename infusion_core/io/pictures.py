"""Headers and pixels of picture files through OpenImageIO, with its failures turned into errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from infusion_core.box import Box
from infusion_core.errors import InputError

MAX_PIXELS = 2**29  # more than a 16K latlong; a larger claim is a damaged header
_REMEDY_BROKEN = "Render or copy this frame again."


@dataclass(frozen=True)
class Part:
    """One picture of a file (an EXR part, a TIFF page), as its header describes it.

    Attributes:
        index: Its place in the file.
        name: Its name; empty where it has none.
        channels: Channel names in OpenImageIO's order.
        types: OpenImageIO's names of the channels' pixel types, e.g. ``half``.
        data: The data window: the pixels stored.
        display: The display window: the frame.
        tile: Tile width and height, (0, 0) for scan lines.
        deep: Whether pixels hold lists of samples.
    """

    index: int
    name: str
    channels: tuple[str, ...]
    types: tuple[str, ...]
    data: Box
    display: Box
    tile: tuple[int, int]
    deep: bool


@dataclass(frozen=True)
class Header:
    """What a file holds."""

    format: str
    parts: tuple[Part, ...]


def oiio_error(source: object = oiio) -> str:
    """OpenImageIO's last message in one line; a broken file can put undecodable bytes into it."""
    try:
        text: str = source.geterror()  # type: ignore[attr-defined]
    except UnicodeDecodeError:
        return ""
    return " ".join(text.split())


def _broken(what: str, detail: str, path: Path, frame: int | None) -> InputError:
    """The error for a damaged file, with the first of the library's complaints about it."""
    detail = detail.replace(f"EXR Error ({path}):", "\n").strip().split("\n")[0].strip(" .")
    reason = f" ({detail})" if detail else ""
    return InputError(f"{what}{reason}.", path=path, frame=frame, remedy=_REMEDY_BROKEN)


@contextmanager
def open_picture(path: Path, frame: int | None = None) -> Iterator[oiio.ImageInput]:
    """Open a file for reading; alpha is never multiplied into the colours.

    Raises:
        InputError: the file does not exist or cannot be opened.
    """
    if not path.is_file():
        raise InputError(
            "The file does not exist.", path=path, frame=frame, remedy="Check name and frame range."
        )
    config = oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", 1)
    picture = oiio.ImageInput.open(str(path), config)
    if picture is None:
        detail = oiio_error()
        if "ubsampled" in detail:
            raise InputError(
                "The file stores subsampled luminance-chroma channels, which cannot be read.",
                path=path,
                frame=frame,
                remedy="Write it as RGB without chroma subsampling.",
            )
        raise _broken("Cannot open the file", detail, path, frame)
    try:
        yield picture
    finally:
        picture.close()


def _part(index: int, spec: oiio.ImageSpec) -> Part:
    types = tuple(str(spec.channelformat(c)) for c in range(spec.nchannels))
    return Part(
        index,
        spec.get_string_attribute("oiio:subimagename") or spec.get_string_attribute("name"),
        tuple(spec.channelnames),
        types,
        Box(spec.x, spec.y, spec.x + spec.width, spec.y + spec.height),
        Box(spec.full_x, spec.full_y, spec.full_x + spec.full_width, spec.full_y + spec.full_height),
        (spec.tile_width, spec.tile_height),
        spec.deep,
    )


def read_header(path: Path, frame: int | None = None) -> Header:
    """Read what a file says of itself, without its pixels.

    Raises:
        InputError: the file cannot be opened, or claims an absurd size.
    """
    with open_picture(path, frame) as picture:
        parts: list[Part] = []
        while picture.seek_subimage(len(parts), 0):
            parts.append(_part(len(parts), picture.spec()))
            oiio_error(picture)
        for part in parts:
            pixels = part.data.width * part.data.height
            if pixels > MAX_PIXELS or part.display.width * part.display.height > MAX_PIXELS or not pixels:
                size = f"{part.data.width}x{part.data.height}"
                raise _broken(f"The header claims a picture of {size} pixels", "", path, frame)
        return Header(picture.format_name(), tuple(parts))


def _read_rows(
    picture: oiio.ImageInput, part: Part, box: Box, channels: tuple[int, int], kind: str
) -> tuple[np.ndarray | None, Box]:
    """Read at least ``box``; returns the pixels and the box they cover."""
    first, last = channels
    if part.tile == (0, 0):
        covered = Box(part.data.x0, box.y0, part.data.x1, box.y1)
        pixels = picture.read_scanlines(part.index, 0, box.y0, box.y1, 0, first, last, kind)
        return pixels, covered
    width, height = part.tile
    x0 = part.data.x0 + (box.x0 - part.data.x0) // width * width
    y0 = part.data.y0 + (box.y0 - part.data.y0) // height * height
    x1 = min(part.data.x1, part.data.x0 - (part.data.x0 - box.x1) // width * width)
    y1 = min(part.data.y1, part.data.y0 - (part.data.y0 - box.y1) // height * height)
    pixels = picture.read_tiles(part.index, 0, x0, x1, y0, y1, 0, 1, first, last, kind)
    return pixels, Box(x0, y0, x1, y1)


def read_channels(
    picture: oiio.ImageInput,
    part: Part,
    names: Sequence[str],
    box: Box,
    *,
    path: Path,
    frame: int | None = None,
) -> np.ndarray:
    """Read named channels of the region ``box``, which must lie inside the data window.

    Only the scan lines or tiles that hold the region are decoded. Integers of pictures come as
    0 to 1; integer channels of an EXR (ids) as their own numbers.

    Returns:
        (h, w, len(names)) float32.

    Raises:
        InputError: the pixels cannot be decoded.
    """
    out = np.empty((box.height, box.width, len(names)), np.float32)
    indices = [part.channels.index(name) for name in names]
    run = indices == list(range(indices[0], indices[0] + len(indices)))
    same = len({part.types[i] for i in indices}) == 1
    has_ids = picture.format_name() == "openexr"
    groups = [(0, len(indices))] if run and same else [(i, i + 1) for i in range(len(indices))]
    for start, end in groups:
        channel = indices[start]
        kind = "uint" if has_ids and part.types[channel] == "uint" else "float"
        pixels, covered = _read_rows(picture, part, box, (channel, channel + end - start), kind)
        if pixels is None:
            raise _broken("Cannot read the pixels", oiio_error(picture), path, frame)
        rows, columns = box.slices_in(covered)
        out[..., start:end] = pixels[rows, columns]
    return out
