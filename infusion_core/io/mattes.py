"""Mattes: which pixels to fill, as a sequence, one still, or a channel of the plate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from infusion_core.box import Box
from infusion_core.errors import InputError
from infusion_core.io.layers import find_channel
from infusion_core.io.pictures import Header, Part
from infusion_core.io.plates import Plate, describe_window, read_headers
from infusion_core.io.regions import read_region
from infusion_core.io.sequences import Sequence, find_sequence, format_frames
from infusion_core.settings import ShotSettings


@dataclass(frozen=True)
class Matte:
    """A matte whose headers are checked against the plate.

    Attributes:
        sequence: Its files; one still serves every frame.
        invert: Whether black is filled.
        display: The plate's display window, to which the matte's is aligned.
        sources: Part and channel of every frame.
    """

    sequence: Sequence
    invert: bool
    display: Box
    sources: dict[int, tuple[Part, str]]

    def path(self, frame: int) -> Path:
        """The file of a frame."""
        return self.sequence.path(frame)

    def read(self, frame: int, box: Box) -> np.ndarray:
        """Read the matte of a region in the plate's coordinates.

        Returns:
            (h, w) float32 in [0, 1], inverted if asked; outside the matte's data window it is black
            (0) before inversion, and so is NaN.

        Raises:
            InputError: the pixels cannot be decoded.
        """
        part, channel = self.sources[frame]
        values = _read_channel(self.path(frame), frame, part, channel, self.display, box)
        return 1 - values if self.invert else values


def _read_channel(path: Path, frame: int, part: Part, channel: str, display: Box, box: Box) -> np.ndarray:
    dx, dy = part.display.x0 - display.x0, part.display.y0 - display.y0
    wanted = Box(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy)
    values = np.zeros((box.height, box.width), np.float32)
    inside = wanted.intersection(part.data)
    if not inside.is_empty:
        stored = read_region(path, part, (channel,), inside, frame)[..., 0]
        values[inside.slices_in(wanted)] = np.clip(np.nan_to_num(stored, nan=0.0), 0.0, 1.0)
    return values


def _default_channel(sequence: Sequence, headers: dict[int, Header], display: Box) -> str:
    """A where the matte has one that varies on any frame, else R, Y or the only channel; "" if unclear."""
    first = next(iter(headers.values()))
    alpha = find_channel(first, "A")
    if alpha is not None and len(first.parts[alpha[0].index].channels) > 1:
        for frame, header in headers.items():
            found = find_channel(header, "A")
            if found is None:
                break
            values = _read_channel(sequence.path(frame), frame, *found, display, display)
            if values.min() != values.max():
                return "A"
    for name in ("R", "Y", "A"):
        if find_channel(first, name):
            return name
    names = [name for part in first.parts for name in part.channels]
    return names[0] if len(names) == 1 else ""


def _source(header: Header, channel: str, path: Path, frame: int) -> tuple[Part, str]:
    found = find_channel(header, channel) if channel else None
    if found is None:
        names = ", ".join(dict.fromkeys(name for part in header.parts for name in part.channels))
        what = (
            f"The matte has no channel {channel!r}"
            if channel
            else "It is not clear which channel is the matte"
        )
        raise InputError(
            f"{what}.", path=path, frame=frame, remedy=f"Set the matte channel to one of: {names}."
        )
    if found[0].deep:
        raise InputError("The matte is a deep picture.", path=path, frame=frame, remedy="Flatten it.")
    return found


def _check_frames(sequence: Sequence, frames: tuple[int, ...]) -> None:
    missing = sequence.missing(frames)
    if missing:
        raise InputError(
            f"The matte lacks frames {format_frames(missing)}; it has {format_frames(sequence.frames)}.",
            path=sequence.text,
            frame=missing[0],
            remedy="Render them, number the matte as the plate, or ask for fewer frames or handles.",
        )


def open_matte(text: str, plate: Plate, shot: ShotSettings) -> Matte:
    """Open the matte of a plate and check the header of every frame needed, handles included.

    Args:
        text: A sequence, a still for all frames, or the plate itself with ``shot.matte_channel``.
        plate: The plate it belongs to.
        shot: Channel, inversion and handles.

    Raises:
        InputError: frames are missing or unreadable, the format is not the plate's, or the channel
            is not there.
    """
    frames = plate.with_handles(shot.handles)
    sequence = find_sequence(text)
    is_plate = sequence.path(frames[0]).resolve() == plate.path(frames[0]).resolve()
    if is_plate and not shot.matte_channel:
        raise InputError("The matte is the plate itself.", path=text, remedy="Set the matte channel, e.g. A.")
    _check_frames(sequence, frames)
    if sequence.is_still:
        header = read_headers([(frames[0], sequence.path(frames[0]))])[frames[0]]
        headers = dict.fromkeys(frames, header)
    else:
        headers = read_headers((frame, sequence.path(frame)) for frame in frames)
    for frame, header in headers.items():
        display = header.parts[0].display
        if (display.width, display.height) != (plate.display.width, plate.display.height):
            raise InputError(
                f"The matte is {describe_window(display)}, the plate is {describe_window(plate.display)}.",
                path=sequence.path(frame),
                frame=frame,
                remedy="Reformat the matte to the plate's size.",
            )
    scanned = {frames[0]: headers[frames[0]]} if sequence.is_still else headers
    channel = shot.matte_channel or _default_channel(sequence, scanned, plate.display)
    sources = {
        frame: _source(header, channel, sequence.path(frame), frame) for frame, header in headers.items()
    }
    return Matte(sequence, shot.invert, plate.display, sources)
