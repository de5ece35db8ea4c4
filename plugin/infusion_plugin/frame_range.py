"""Frame ranges as artists write them: ``1001-1048``, ``1-20x2``, ``-5--1``, ``1-5,9``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from infusion_plugin.errors import InputError

_PART = re.compile(r"(-?\d+)(?:-(-?\d+)(?:x(\d+))?)?")


def parse(text: str) -> list[int]:
    """The frames that ``text`` names, sorted, each once.

    Raises:
        InputError: the text is not a frame range.
    """
    frames: set[int] = set()
    for part in text.replace(" ", "").split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise InputError(
                f"Cannot read the frame range {text!r}.", remedy="Write e.g. 1001-1048, 1-20x2 or 1-5,9."
            )
        first, last = int(match[1]), int(match[2] or match[1])
        step = int(match[3] or 1)
        if last < first or step < 1:
            raise InputError(
                f"The frame range {part!r} runs backwards or has no step.",
                remedy="Write first-last, e.g. 1-48.",
            )
        frames.update(range(first, last + 1, step))
    return sorted(frames)


def format_frames(frames: Iterable[int]) -> str:
    """The shortest text for ``frames`` in runs of one common step, the inverse of ``parse``."""
    rest = sorted(set(frames))
    parts = []
    while rest:
        run = _leading_run(rest)
        parts.append(_format_run(run))
        rest = rest[len(run) :]
    return ",".join(parts)


def _leading_run(frames: list[int]) -> list[int]:
    if len(frames) < 2:
        return frames
    step = frames[1] - frames[0]
    length = 2
    while length < len(frames) and frames[length] - frames[length - 1] == step:
        length += 1
    return frames[:length] if length > 2 or step == 1 else frames[:1]


def _format_run(run: list[int]) -> str:
    if len(run) == 1:
        return str(run[0])
    step = run[1] - run[0]
    return f"{run[0]}-{run[-1]}" + (f"x{step}" if step > 1 else "")


def with_handles(first_frame: int, last_frame: int, handles: int) -> range:
    """Every frame from ``handles`` before ``first_frame`` to ``handles`` after ``last_frame``."""
    return range(first_frame - handles, last_frame + handles + 1)


def wanted(frames: Iterable[int], handles: int, first_available: int, last_available: int) -> list[int]:
    """``frames`` and those of the handles around them that the plate has, sorted."""
    fill = set(frames)
    first_frame, last_frame = min(fill), max(fill)
    around = {
        frame
        for frame in with_handles(first_frame, last_frame, handles)
        if first_available <= frame <= last_available and not first_frame <= frame <= last_frame
    }
    return sorted(fill | around)


def within(text: str, first_available: int, last_available: int) -> list[int]:
    """The frames that ``text`` names, all available ones where it is empty.

    Raises:
        InputError: the text is not a frame range, or leaves what is available.
    """
    frames = parse(text) if text.strip() else list(range(first_available, last_available + 1))
    if frames[0] < first_available or frames[-1] > last_available:
        raise InputError(
            f"The range {text} leaves the plate, which has the frames {first_available}-{last_available}.",
            remedy="Set Frame range inside it, or extend the plate.",
        )
    return frames
