"""Regions of pictures: by the native bridge where it can, else through OpenImageIO."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from infusion_core.box import Box
from infusion_core.errors import InputError
from infusion_core.io import native
from infusion_core.io.pictures import Part, open_picture, read_channels


def read_region(
    path: Path, part: Part, names: Sequence[str], box: Box, frame: int | None = None
) -> np.ndarray:
    """Read named channels of the region ``box``, which must lie inside the data window.

    Only the chunks that hold the region are decoded.

    Returns:
        (h, w, len(names)) float32; see ``pictures.read_channels``.

    Raises:
        InputError: the pixels cannot be decoded.
    """
    if native.is_available() and path.suffix.lower() == ".exr" and not part.deep:
        out = np.empty((1, box.height, box.width, len(names)), np.float32)
        try:
            native.read_region([path], box=box, channels=names, out=out, part=part.index, frames=[frame or 0])
            return out[0]
        except InputError:
            pass  # OpenImageIO may read it all the same, or says what is wrong with it
    with open_picture(path, frame) as picture:
        return read_channels(picture, part, names, box, path=path, frame=frame)
