"""Writing a part of the comp as EXRs, with nothing between the pixels and the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infusion_plugin import frame_range, sequence
from infusion_plugin.errors import InputError, PluginError

if TYPE_CHECKING:
    import nuke


class StoppedError(PluginError):
    """The artist stopped the writing."""


@dataclass(frozen=True)
class Exr:
    """How EXRs are written.

    Attributes:
        channels, datatype: As Nuke names them, e.g. "all" or "rgba", "16 bit half".
        shift: Added to the source's frame numbers.
        black: Write black pictures of the source's size instead of the source.
    """

    channels: str
    datatype: str
    shift: int = 0
    black: bool = False


def write_exrs(source: nuke.Node, pattern: str, frames: list[int], view: str, exr: Exr) -> None:
    """Render ``source`` to ``pattern`` (``%04d``): raw, at full size, one view, with its data window.

    The nodes that this takes are made beside ``source`` and removed again, and the proxy switch is put
    back, also on failure.

    Raises:
        StoppedError: the artist stopped it.
        InputError: Nuke cannot render or write a frame.
    """
    import nuke

    sequence.make_room(pattern, frames)
    with full_size(), without_undo(), temporary_write(source, pattern, exr) as write:
        for part in frame_range.format_frames(frames).split(","):
            run = frame_range.parse(part)
            step = run[1] - run[0] if len(run) > 1 else 1
            try:
                nuke.execute(write, run[0], run[-1], step, [view])
            except RuntimeError as error:
                raise _explained(error, pattern) from error
    sequence.require_written(pattern, frames)


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

    made: list[nuke.Node] = []
    try:
        for kind, knobs in (*_treatment(exr), ("Write", _write_knobs(pattern, exr))):
            node = _made_in(source.parent(), kind)
            node.setInput(0, made[-1] if made else source)
            made.append(node)
            for name, value in knobs.items():
                node[name].setValue(value)
        yield made[-1]
    finally:
        for node in reversed(made):
            nuke.delete(node)


def _treatment(exr: Exr) -> list[tuple[str, dict[str, Any]]]:
    """The nodes, with their knobs, between the source and the Write."""
    nodes: list[tuple[str, dict[str, Any]]] = []
    if exr.shift:
        nodes.append(("TimeOffset", {"time_offset": exr.shift}))
    if exr.black:
        nodes.append(("Multiply", {"channels": "all", "value": 0.0}))
    return nodes


def _write_knobs(pattern: str, exr: Exr) -> dict[str, Any]:
    return {
        "file": pattern,
        "file_type": "exr",  # only from here on does the Write have the knobs of EXR
        "channels": exr.channels,
        "raw": True,
        "datatype": exr.datatype,
        "compression": "Zip (1 scanline)",
        "autocrop": False,  # keeps the data window
        "metadata": "all metadata",
    }


def _made_in(group: nuke.Group, kind: str) -> nuke.Node:
    import nuke

    group.begin()
    try:
        node: nuke.Node = getattr(nuke.nodes, kind)()
    finally:
        group.end()
    return node


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
