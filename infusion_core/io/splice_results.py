"""Results of OpenEXR plates by the native bridge: only the chunks that the fill meets are rewritten."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np

from infusion_core.box import Box
from infusion_core.errors import InputError, OutputError
from infusion_core.io import native
from infusion_core.io.compose import Fill, lay_in
from infusion_core.io.layers import Picture

_DTYPES: dict[str, type[np.floating]] = {"half": np.float16, "float": np.float32}


def splice_exr(source: Path, frame: int, picture: Picture, fill: Fill, beside: Path) -> bool:
    """Write the plate's file with the fill laid in, and read the filled region back.

    Args:
        source: The plate's file.
        frame: Its frame number.
        picture: The channels to fill.
        fill: What is laid in.
        beside: Temporary file to write.

    Returns:
        False, with nothing written, where the bridge is missing or will not take this file: then
        the OpenEXR library must write the result, or say what is wrong with the plate.

    Raises:
        OutputError: the result cannot be written or did not come back the same.
    """
    part = picture.part
    types = {name: part.types[part.channels.index(name)] for name in picture.channels}
    if not native.is_available() or not set(types.values()) <= set(_DTYPES):
        return False
    box, mask = _touched(fill, part.data)
    try:
        pixels = dict(_read(source, frame, types, box, part.index))
        for name, slot in zip(picture.channels, picture.slots, strict=True):
            lay_in(pixels[name], box, fill, slot)
        native.splice(source, beside, box=box, pixels=pixels, mask=mask, part=part.index, frame=frame)
        written = dict(_read(beside, frame, types, box, part.index))
    except InputError:
        beside.unlink(missing_ok=True)
        return False
    if any(written[name].tobytes() != pixels[name].tobytes() for name in pixels):
        raise OutputError(
            "The result did not come back from disk as it was written.",
            path=beside,
            frame=frame,
            remedy="Check the disk's free space and health.",
        )
    return True


def _touched(fill: Fill, window: Box) -> tuple[Box, np.ndarray]:
    """The part of the fill's box inside the data window, and which of its pixels are replaced."""
    box = fill.box.intersection(window)
    if box.is_empty:
        one = Box(window.x0, window.y0, window.x0 + 1, window.y0 + 1)
        return one, np.zeros((1, 1), bool)
    return box, fill.weight[box.slices_in(fill.box)] > 0


def _read(
    path: Path, frame: int, types: dict[str, str], box: Box, part: int
) -> Iterator[tuple[str, np.ndarray]]:
    """The stored pixels, (H, W), of each channel in its own type; one read for each type."""
    by_type = sorted(types.items(), key=lambda item: item[1])
    for kind, items in groupby(by_type, key=lambda item: item[1]):
        names = [name for name, _ in items]
        out = np.empty((1, box.height, box.width, len(names)), _DTYPES[kind])
        native.read_region([path], box=box, channels=names, out=out, part=part, frames=[frame])
        yield from ((name, out[0, ..., c]) for c, name in enumerate(names))
