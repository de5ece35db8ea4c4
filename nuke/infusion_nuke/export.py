"""Writing a part of the comp as EXRs, with nothing between the pixels and the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infusion_plugin import frame_range
from infusion_plugin.errors import InputError, PluginError

if TYPE_CHECKING:
    import nuke


class StoppedError(PluginError):
    """The artist stopped the writing."""


@dataclass(frozen=True)
class Exr:
    """How EXRs are written: Nuke's names of channels ("all", "rgba") and data type."""

    channels: str
    datatype: str


def write_exrs(source: nuke.Node, pattern: str, frames: list[int], view: str, exr: Exr) -> None:
    """Render ``source`` to ``pattern`` (``%04d``): raw, at full size, one view, with its data window.

    The Write is made beside ``source`` and removed again; the proxy switch is put back, also on failure.

    Raises:
        StoppedError: the artist stopped it.
        InputError: Nuke cannot render or write a frame.
    """
    import nuke

    folder = Path(pattern).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"Cannot make the folder: {error.strerror}.", path=folder, remedy="Choose another Work folder."
        ) from error
    for frame in frames:  # an older run's frames must not stand in for what fails now
        (folder / (Path(pattern).name % frame)).unlink(missing_ok=True)
    with full_size(), without_undo(), temporary_write(source, pattern, exr) as write:
        for part in frame_range.format_frames(frames).split(","):
            run = frame_range.parse(part)
            step = run[1] - run[0] if len(run) > 1 else 1
            try:
                nuke.execute(write, run[0], run[-1], step, [view])
            except RuntimeError as error:
                raise _explained(error, pattern) from error
    missing = [frame for frame in frames if not (folder / (Path(pattern).name % frame)).exists()]
    if missing:
        raise InputError(
            f"Frames {frame_range.format_frames(missing)} were not written.",
            path=pattern,
            remedy="Look for missing or broken frames upstream.",
        )


def _explained(error: RuntimeError, pattern: str) -> PluginError:
    if "cancel" in str(error).lower():
        return StoppedError("Writing the inputs was cancelled.")
    return InputError(
        f"Nuke cannot write the inputs: {error}.", path=pattern, remedy="Look for the error upstream."
    )


@contextmanager
def temporary_write(source: nuke.Node, pattern: str, exr: Exr) -> Iterator[nuke.Node]:
    """A Write after ``source``, in the same group, for as long as the block runs."""
    import nuke

    group = source.parent()
    group.begin()
    try:
        write = nuke.nodes.Write()
    finally:
        group.end()
    try:
        write.setInput(0, source)
        write["file"].setValue(pattern)
        write["file_type"].setValue("exr")  # only now does the Write have the EXR knobs
        write["channels"].setValue(exr.channels)
        write["raw"].setValue(True)
        write["datatype"].setValue(exr.datatype)
        write["compression"].setValue("Zip (1 scanline)")
        write["autocrop"].setValue(False)  # keeps the data window
        write["metadata"].setValue("all metadata")
        yield write
    finally:
        nuke.delete(write)


@contextmanager
def full_size() -> Iterator[None]:
    """Proxy off while the block runs."""
    import nuke

    proxy = nuke.root()["proxy"]
    before = bool(proxy.value())
    proxy.setValue(False)
    try:
        yield
    finally:
        proxy.setValue(before)


@contextmanager
def without_undo() -> Iterator[None]:
    """What the block does to the script is not for the artist to undo."""
    import nuke

    nuke.Undo.disable()
    try:
        yield
    finally:
        nuke.Undo.enable()
