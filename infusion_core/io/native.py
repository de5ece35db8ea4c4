"""The native bridge: EXR splicing and region reads in C++, where it was built.

``infusion_core._native`` is optional. Ask ``is_available()`` first; every caller has a way through
OpenImageIO that gives the same pixels. See docs/bridge.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from infusion_core.box import Box
from infusion_core.cores import threads_for
from infusion_core.errors import InfusionError, InputError, OutputError, ResourceError

try:
    from infusion_core import _native
except ImportError as _error:
    _native = None  # type: ignore[assignment]
    _reason = "not built" if isinstance(_error, ModuleNotFoundError) else str(_error)
else:
    _reason = ""

Path = str | PathLike[str]


def is_available() -> bool:
    """True where the bridge was built and loads."""
    return _native is not None


def describe() -> str:
    """``ok``, or ``missing (reason)``, for ``infusion doctor``."""
    return "ok" if is_available() else f"missing ({_reason}; EXR files go through OpenImageIO)"


def splice(
    source: Path,
    target: Path,
    *,
    box: Box,
    pixels: Mapping[str, NDArray[np.generic]],
    mask: NDArray[np.bool_],
    part: int = 0,
    exact: bool = True,
    threads: int = 0,
    frame: int | None = None,
) -> _native.SpliceReport:
    """Write ``target``: the EXR ``source`` with new pixels, all else copied as raw bytes.

    Args:
        source: The plate; may be the same file as ``target``.
        target: Written beside and renamed when whole.
        box: The rectangle, inside the part's data window.
        pixels: Channel name to (H, W) array over ``box``, in the channel's own type: float16, float32
            or uint32.
        mask: (H, W); True replaces a pixel, False keeps its bits.
        part: Number of the part.
        exact: Keep every known pixel's decoded bits, recompressing the part as ZIP where its own
            compression is lossy. False keeps the compression.
        threads: Threads that encode; 0: all cores this process may use.
        frame: Frame number to name in errors.

    Raises:
        InputError: ``source`` is damaged, incomplete, or does not suit.
        OutputError: ``target`` cannot be written.
        ResourceError: There is not enough memory.
    """
    arrays = [
        (name, np.ascontiguousarray(array, array.dtype.newbyteorder("="))) for name, array in pixels.items()
    ]
    edges = (box.x0, box.y0, box.x1, box.y1)
    with _project_errors({} if frame is None else {_key(source): frame}):
        return _native.splice(
            source, target, part, edges, arrays, np.ascontiguousarray(mask), exact, threads_for(threads)
        )


def read_region(
    paths: Sequence[Path],
    *,
    box: Box,
    channels: Sequence[str],
    out: NDArray[np.floating],
    part: int = 0,
    threads: int = 0,
    frames: Sequence[int] | None = None,
) -> None:
    """Read one rectangle of many EXRs, decoding only the chunks it meets; frames in parallel.

    Args:
        paths: One EXR for each frame.
        box: The rectangle; pixels outside a file's data window become 0.
        channels: Names of channels; whole numbers (ids) come as their own numbers.
        out: Contiguous (F, H, W, C) array, float16 or float32, that is filled.
        part: Number of the part.
        threads: Threads that read; 0: all cores this process may use.
        frames: The frame number of each path, to name in errors.

    Raises:
        InputError: A file is damaged, incomplete, or does not suit; ``out`` is then undefined.
        ResourceError: There is not enough memory.
    """
    numbers = {} if frames is None else dict(zip(map(_key, paths), frames, strict=True))
    with _project_errors(numbers):
        _native.read_region(
            paths, part, channels, (box.x0, box.y0, box.x1, box.y1), out, threads_for(threads)
        )


def _key(path: Path) -> str:
    return os.path.normpath(path)


_ERRORS: dict[str, type[InfusionError]] = {
    "input": InputError,
    "output": OutputError,
    "memory": ResourceError,
}
_REMEDIES = {
    "input": "Check the file, or render it again.",
    "output": "Choose a folder that can be written and has space.",
    "memory": "Free some memory or use fewer threads.",
}


@contextmanager
def _project_errors(frames: Mapping[str, int]) -> Iterator[None]:
    """Turn the bridge's errors into the project's; ``frames`` gives a path's frame number."""
    try:
        yield
    except _native.BridgeError as error:
        fault, message, where = error.args
        frame = frames.get(_key(where))
        raise _ERRORS[fault](message, path=where, frame=frame, remedy=_REMEDIES[fault]) from error
