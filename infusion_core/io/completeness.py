"""Whether a file holds all the pixels its header speaks of, without decoding them all.

A render or a copy that broke off leaves a file that opens. Such a file must be found before hours
of training, also when the missing pixels lie outside the region of interest.
"""

from __future__ import annotations

from pathlib import Path

import OpenEXR

from infusion_core.box import Box
from infusion_core.errors import InputError
from infusion_core.io.pictures import Header, open_picture, read_channels


def _has_all_chunks(path: Path) -> bool:
    """Whether an EXR's table of chunks is filled, for the first part; true where that cannot be said."""
    try:
        return bool(OpenEXR.InputFile(str(path)).isComplete())
    except (OSError, RuntimeError, ValueError, TypeError):  # e.g. deep tiles, which this class refuses
        return True


def _ends_as_jpeg(path: Path) -> bool:
    """Whether a JPEG's end marker is there; decoders paint grey over what is missing."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65536))
        return b"\xff\xd9" in file.read()


def check_complete(path: Path, header: Header, frame: int) -> None:
    """Decode the first and last row of every part and look for gaps in an EXR's table of chunks.

    Raises:
        InputError: pixels are missing or damaged.
    """
    missing = InputError(
        "The file is incomplete: its render or copy broke off.",
        path=path,
        frame=frame,
        remedy="Render or copy this frame again.",
    )
    if header.format == "openexr" and not _has_all_chunks(path):
        raise missing
    if header.format == "jpeg" and not _ends_as_jpeg(path):
        raise missing
    with open_picture(path, frame) as picture:
        for part in header.parts:
            if part.deep:
                continue
            for y in (part.data.y0, part.data.y1 - 1):
                try:
                    row = Box(part.data.x0, y, part.data.x1, y + 1)
                    read_channels(picture, part, part.channels[:1], row, path=path, frame=frame)
                except InputError as error:
                    raise missing from error
