"""Sequences that a host writes for us: a clean start, and no frame left out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from infusion_plugin import frame_range
from infusion_plugin.errors import InputError


def make_room(pattern: str, frames: Iterable[int]) -> None:
    """Make the folder of ``pattern`` (``%04d``) and remove what an older run left under these frames.

    Otherwise old frames would stand in for those that fail now.

    Raises:
        InputError: the folder cannot be made or a file not be removed.
    """
    folder = Path(pattern).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for frame in frames:
            file_of(pattern, frame).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"Cannot make the folder: {error.strerror}.", path=folder, remedy="Choose another Work folder."
        ) from error


def require_written(pattern: str, frames: Iterable[int]) -> None:
    """Raise ``InputError`` if a frame of ``pattern`` is not there."""
    missing = [frame for frame in frames if not file_of(pattern, frame).exists()]
    if missing:
        raise InputError(
            f"Frames {frame_range.format_frames(missing)} were not written.",
            path=pattern,
            remedy="Look for missing or broken frames upstream.",
        )


def file_of(pattern: str, frame: int) -> Path:
    """The file of one frame."""
    path = Path(pattern)
    return path.with_name(path.name % frame)
