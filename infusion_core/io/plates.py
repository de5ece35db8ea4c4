"""Plates: the shot's pictures, every frame's header checked before any pixel is read."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from pathlib import Path

import numpy as np

from infusion_core.box import Box
from infusion_core.errors import InputError
from infusion_core.io.completeness import check_complete
from infusion_core.io.layers import Picture, choose_picture
from infusion_core.io.pictures import Header, read_header
from infusion_core.io.regions import read_region
from infusion_core.io.sequences import Sequence, find_sequence, format_frames, parse_frames

_SCENE_LINEAR_TYPES = frozenset({"half", "float", "double"})
_HEADER_THREADS = 8


def read_headers(paths: Iterable[tuple[int, Path]]) -> dict[int, Header]:
    """Read and check the headers of many frames at once; the first error in frame order is raised."""

    def read(item: tuple[int, Path]) -> tuple[int, Header]:
        frame, path = item
        header = read_header(path, frame)
        check_complete(path, header, frame)
        return frame, header

    with ThreadPoolExecutor(_HEADER_THREADS) as pool:
        return dict(pool.map(read, paths))


@dataclass(frozen=True)
class Plate:
    """A plate sequence (or one still), its headers checked.

    Attributes:
        sequence: Its files.
        layer: The layer asked for; empty for the main picture.
        frames: The frames asked for, ascending.
        display: The display window, the same on every frame.
        pictures: The chosen part and channels of every frame checked so far.
        headers: The headers of those frames.
    """

    sequence: Sequence
    layer: str
    frames: tuple[int, ...]
    display: Box
    pictures: dict[int, Picture] = field(default_factory=dict, repr=False)
    headers: dict[int, Header] = field(default_factory=dict, repr=False)

    @property
    def available(self) -> tuple[int, ...]:
        """All frames on disk, asked for or not."""
        return self.sequence.frames

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels that are filled: three, or one for grey, or those there are."""
        return self.pictures[self.frames[0]].channels

    @property
    def is_scene_linear(self) -> bool:
        """Whether pixels are floating point, which by convention holds scene-linear light."""
        picture = self.pictures[self.frames[0]]
        part = picture.part
        return part.types[part.channels.index(picture.channels[0])] in _SCENE_LINEAR_TYPES

    def is_taken_as_linear(self, colour: str) -> bool:
        """Whether pixels are taken for scene-linear light with that setting ``shot.colour``."""
        return self.is_scene_linear if colour == "auto" else colour == "scene-linear"

    def with_handles(self, handles: int) -> tuple[int, ...]:
        """The frames asked for, with up to ``handles`` frames that are on disk on either side."""
        before = [frame for frame in self.available if frame < self.frames[0]]
        after = [frame for frame in self.available if frame > self.frames[-1]]
        return (*before[max(0, len(before) - handles) :], *self.frames, *after[:handles])

    def path(self, frame: int) -> Path:
        """The file of a frame."""
        return self.sequence.path(frame)

    def picture(self, frame: int) -> Picture:
        """The chosen part and channels of a frame."""
        if frame not in self.pictures:
            self.check((frame,))
        return self.pictures[frame]

    def data_window(self, frame: int) -> Box:
        """The pixels that a frame's file stores, in absolute coordinates."""
        return self.picture(frame).part.data

    def window_of(self, frames: Iterable[int]) -> Box:
        """The smallest box that holds the data windows of some frames."""
        return reduce(Box.union, map(self.data_window, frames))

    def check(self, frames: Iterable[int]) -> None:
        """Check the headers of further frames (handles).

        Raises:
            InputError: a file cannot be opened or does not fit the others.
        """
        new = [frame for frame in frames if frame not in self.pictures]
        for frame, header in read_headers((frame, self.path(frame)) for frame in new).items():
            picture = choose_picture(header, self.layer, self.path(frame), frame)
            if picture.part.display != self.display:
                raise _size_error(self.path(frame), frame, picture.part.display, self.display)
            if picture.slots != self.pictures[self.frames[0]].slots:
                raise InputError(
                    f"This frame has the colour channels {', '.join(picture.channels)}, the first has "
                    f"{', '.join(self.channels)}.",
                    path=self.path(frame),
                    frame=frame,
                    remedy="Render all frames with the same channels.",
                )
            self.pictures[frame] = picture
            self.headers[frame] = header

    def read(self, frame: int, box: Box) -> tuple[np.ndarray, np.ndarray]:
        """Read the colours of a region.

        Args:
            frame: Frame number.
            box: Region in absolute coordinates; it may reach beyond the data window.

        Returns:
            rgb (h, w, 3) float32, as stored (grey in all three; a missing channel repeats one that
            is there), and valid (h, w) bool: inside the data window and finite in every channel.
            Pixels that are not valid are 0.

        Raises:
            InputError: the pixels cannot be decoded.
        """
        picture, path = self.picture(frame), self.path(frame)
        rgb = np.zeros((box.height, box.width, 3), np.float32)
        valid = np.zeros((box.height, box.width), bool)
        inside = box.intersection(picture.part.data)
        if inside.is_empty:
            return rgb, valid
        stored = read_region(path, picture.part, picture.channels, inside, frame)
        finite = np.isfinite(stored).all(axis=-1)
        stored[~finite] = 0
        column = {slot: i for i, slot in enumerate(picture.slots)}
        rows, columns = inside.slices_in(box)
        rgb[rows, columns] = stored[..., [column.get(slot, 0) for slot in range(3)]]
        valid[rows, columns] = finite
        return rgb, valid


def _size_error(path: Path, frame: int, got: Box, expected: Box) -> InputError:
    return InputError(
        f"This frame is {describe_window(got)}, the first is {describe_window(expected)}.",
        path=path,
        frame=frame,
        remedy="All frames need the same format (display window).",
    )


def describe_window(box: Box) -> str:
    """A window as compositors write it, e.g. ``1920x1080`` or ``1920x1080-8+0``."""
    offset = f"{box.x0:+d}{box.y0:+d}" if box.x0 or box.y0 else ""
    return f"{box.width}x{box.height}{offset}"


def _requested(sequence: Sequence, frames: str) -> tuple[int, ...]:
    if not frames.strip():
        _check_gaps(sequence)
        return sequence.frames
    wanted = parse_frames(frames)
    missing = tuple(frame for frame in wanted if frame not in set(sequence.frames))
    if missing:
        raise InputError(
            f"Frames {format_frames(missing)} are missing; found are {format_frames(sequence.frames)}.",
            path=sequence.text,
            frame=missing[0],
            remedy="Render them, or ask for another frame range.",
        )
    return wanted


def _check_gaps(sequence: Sequence) -> None:
    """Frames that are not there are an error too where all were asked for; regular steps are none."""
    found = sequence.frames
    step = min((after - before for before, after in pairwise(found)), default=1)
    gaps = sorted(set(range(found[0], found[-1] + 1, step)) - set(found))
    if gaps or (found[-1] - found[0]) % step:
        raise InputError(
            f"The sequence has gaps; found are {format_frames(found)}.",
            path=sequence.text,
            frame=gaps[0] if gaps else None,
            remedy="Render the missing frames, or give the frame range to work without them.",
        )


def open_plate(text: str, frames: str = "", *, layer: str = "") -> Plate:
    """Open a plate and check the header of every frame asked for.

    Args:
        text: A sequence (``plate.%04d.exr``, ``####``, ``@@@@``), a folder or a still.
        frames: Frame range; empty for all that are on disk.
        layer: Layer or part to fill; empty for the main picture.

    Raises:
        InputError: frames are missing or unreadable, or their formats or channels differ.
    """
    sequence = find_sequence(text)
    wanted = _requested(sequence, frames)
    first = wanted[0]
    header = read_headers([(first, sequence.path(first))])[first]
    picture = choose_picture(header, layer, sequence.path(first), first)
    plate = Plate(sequence, layer, wanted, picture.part.display, {first: picture}, {first: header})
    plate.check(wanted)
    return plate
