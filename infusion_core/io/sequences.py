"""Frame ranges and file sequences, found on disk or named for output; fileseq underneath."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import fileseq
import fileseq.constants
import fileseq.exceptions

from infusion_core.errors import InputError

_IMAGE_NAMES = "exr png tif tiff dpx cin jpg jpeg jp2 jxl webp bmp tga hdr sgi rgb iff pnm ppm"
IMAGE_SUFFIXES = frozenset(f".{name}" for name in re.findall(r"\w+", _IMAGE_NAMES))
_FRAME_TOKEN = re.compile(r"%0?(?P<printf>\d*)d|\$F(?P<houdini>\d*)|(?P<signs>#+|@+)")
_LAST_NUMBER = re.compile(r"(?:^|[._])(-?\d+)\.\w+$")
_MAX_FRAMES = 1_000_000


def parse_frames(text: str) -> tuple[int, ...]:
    """Read a frame range such as ``1001-1048x2,1060`` or ``-5-5`` into ascending frame numbers.

    Raises:
        InputError: the text is no frame range, is empty, or names fractions of frames.
    """
    remedy = "Write frames as 1001-1048, 1001-1048x2 or 1-5,9."
    try:
        frame_set = fileseq.FrameSet(text.strip())
        size = len(frame_set)
        frames = sorted({int(frame) for frame in frame_set}) if size <= _MAX_FRAMES else []
        whole = all(frame == int(frame) for frame in frame_set) if frames else True
    except (fileseq.exceptions.FileSeqException, ValueError, OverflowError, ZeroDivisionError) as error:
        raise InputError(f"Cannot read the frame range {text!r}.", remedy=remedy) from error
    if size > _MAX_FRAMES:
        raise InputError(f"The frame range {text!r} names {size} frames.", remedy=remedy)
    if not frames or not whole:
        raise InputError(f"Cannot read the frame range {text!r}.", remedy=remedy)
    return tuple(frames)


def format_frames(frames: tuple[int, ...] | list[int]) -> str:
    """Write frame numbers as a short range, e.g. ``1001-1048,1060``."""
    return str(fileseq.FrameSet(sorted(frames))) if frames else ""


@dataclass(frozen=True)
class Sequence:
    """Numbered files, or one still.

    Attributes:
        text: What the user wrote.
        frames: The frames found on disk, ascending; empty for an output. A still has one.
        is_still: One file without a frame number in ``text``.
    """

    text: str
    frames: tuple[int, ...]
    is_still: bool
    _before: str
    _digits: int = 0
    _after: str = ""

    def path(self, frame: int) -> Path:
        """The file of a frame, whether it exists or not; a still is the same file for every frame."""
        if self.is_still:
            return Path(self._before)
        return Path(f"{self._before}{frame:0{self._digits}d}{self._after}")

    def missing(self, frames: tuple[int, ...]) -> tuple[int, ...]:
        """Those of ``frames`` that are not on disk; none for a still."""
        if self.is_still:
            return ()
        found = set(self.frames)
        return tuple(frame for frame in frames if frame not in found)


def _split(text: str) -> tuple[str, int, str] | None:
    """The text before the frame number, its digits and the text after; None without frame number."""
    name = Path(text).name
    tokens = list(_FRAME_TOKEN.finditer(name))
    if not tokens:
        return None
    if len(tokens) > 1:
        raise InputError(
            f"{text!r} holds more than one frame number.", remedy="Keep one of %04d, #### and @@@@."
        )
    token = tokens[0]
    digits = len(token["signs"]) if token["signs"] else int(token["printf"] or token["houdini"] or 1)
    start = len(text) - len(name)
    return text[: start + token.start()], max(1, digits), text[start + token.end() :]


def _find_pattern(text: str, before: str, digits: int, after: str) -> Sequence:
    folder, prefix = os.path.split(before)
    number = re.compile(f"{re.escape(prefix)}(-?[0-9]+){re.escape(after)}")
    names = os.listdir(folder or ".") if os.path.isdir(folder or ".") else []
    numbers = [match[1] for name in names if (match := number.fullmatch(name))]
    frames = sorted(int(text) for text in numbers if f"{int(text):0{digits}d}" == text)
    if not frames:
        raise InputError(
            "No file of this sequence was found.",
            path=text,
            remedy="Check the folder, the name and the digits.",
        )
    return Sequence(text, tuple(frames), False, before, digits, after)


def _find_in_folder(text: str) -> Sequence:
    names = [entry.name for entry in os.scandir(text) if entry.is_file() and entry.name[0] != "."]
    found = fileseq.FileSequence.yield_sequences_in_list(names, pad_style=fileseq.constants.PAD_STYLE_HASH1)
    groups: dict[str, list[fileseq.FileSequence]] = defaultdict(list)
    for item in found:
        if item.extension().lower() in IMAGE_SUFFIXES:
            numbered = item.frameSet() is not None
            groups[f"{item.basename()}{'#' if numbered else ''}{item.extension()}"].append(item)
    if not groups:
        raise InputError("There is no picture in this folder.", path=text, remedy="Name the sequence itself.")
    if len(groups) > 1:
        shown = ", ".join(sorted(groups)[:5])
        raise InputError(
            f"This folder holds {len(groups)} sequences: {shown}.",
            path=text,
            remedy="Name the one you mean, e.g. folder/plate.%04d.exr.",
        )
    items = next(iter(groups.values()))
    if items[0].frameSet() is None:
        return find_sequence(str(Path(text) / f"{items[0].basename()}{items[0].extension()}"))
    digits = min(item.zfill() for item in items)
    before = os.path.join(text, items[0].basename())
    sequence = _find_pattern(text, before, max(1, digits), items[0].extension())
    if len(sequence.frames) != sum(len(item.frameSet() or ()) for item in items):
        raise InputError(
            "This folder holds the same sequence with different numbers of digits.",
            path=text,
            remedy="Name the one you mean, e.g. folder/plate.%04d.exr.",
        )
    return sequence


def find_sequence(text: str) -> Sequence:
    """Find the frames on disk of a pattern, a folder with one sequence in it, or a single still.

    A frame number is written ``%04d``, ``####``, ``@@@@`` (one sign a digit) or ``$F4``. The frame
    of a still is the number before its suffix, else 1.

    Raises:
        InputError: nothing is there, or it is not clear what is meant.
    """
    text = str(text)
    path = Path(text)
    if path.is_dir():
        return _find_in_folder(text)
    if path.is_file():
        number = _LAST_NUMBER.search(path.name)
        return Sequence(text, (int(number[1]) if number else 1,), True, text)
    pattern = _split(text)
    if pattern is None:
        raise InputError(
            "There is no such file or folder.", path=text, remedy="Write a sequence as name.%04d.exr."
        )
    return _find_pattern(text, *pattern)


def output_sequence(text: str) -> Sequence:
    """Name the files of a result; nothing needs to exist.

    A folder (one that exists, or a text without a suffix) gets files named after itself:
    ``clean`` becomes ``clean/clean.%04d.exr``. A file name without frame number is a still.
    """
    text = str(text)
    pattern = _split(text)
    if pattern is not None and not Path(text).is_dir():
        return Sequence(text, (), False, *pattern)
    path = Path(text)
    if path.is_dir() or not path.suffix or text.endswith("/"):
        name = path.name or path.resolve().name
        return Sequence(text, (), False, str(path / f"{name}."), 4, ".exr")
    return Sequence(text, (), True, text)
