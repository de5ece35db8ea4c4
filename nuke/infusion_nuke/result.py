"""Showing what a run has made: in the node, and as a Read beside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from infusion_nuke.layout import SHOW
from infusion_plugin import frame_range

if TYPE_CHECKING:
    import nuke


def show(node: nuke.Node, what: str, pattern: str, frames: list[int], title: str) -> None:
    """Point the Read ``what`` ("result" or "preview") inside the node at ``pattern``; one undo step.

    Args:
        node: The Infusion node.
        what: Name of the Read inside.
        pattern: Files on disk, all views' with ``%V``.
        frames: Frames that are there.
        title: Label of the Read.
    """
    import nuke

    assert isinstance(node, nuke.Group)
    read = node.node(what)
    if read is None:
        return
    with nuke.Undo():
        set_read(read, pattern, frames, title)
        for name, value in (("first", frames[0]), ("last", frames[-1]), ("ready", 1)):
            node[f"{what}_{name}"].setValue(value)
        node["show"].setValue(SHOW[0] if what == "result" else SHOW[1])


def set_read(read: nuke.Node, pattern: str, frames: list[int], title: str) -> None:
    """Set a Read to files of ours: raw, the right range, loaded again."""
    import nuke

    values = {
        "file": pattern,
        "first": frames[0],
        "last": frames[-1],
        "origfirst": frames[0],
        "origlast": frames[-1],
        "raw": True,
        "before": "black",
        "after": "black",
        "on_error": "error" if len(frames) == frames[-1] - frames[0] + 1 else "nearest frame",
        "label": title,
    }
    for name, value in values.items():
        read[name].setValue(value)
    reload = read.knob("reload")
    if isinstance(reload, nuke.Script_Knob):
        reload.execute()


def make_read(node: nuke.Node) -> nuke.Node | None:
    """Put a Read with the node's result beside it; None where there is no result yet."""
    import nuke

    assert isinstance(node, nuke.Group)
    inner = node.node("result")
    if inner is None or not int(node["result_ready"].value()):
        return None
    frames = list(range(int(node["result_first"].value()), int(node["result_last"].value()) + 1))
    with nuke.Undo(), node.parent():
        read = nuke.nodes.Read()
        set_read(read, str(inner["file"].value()), frames, str(inner["label"].value()))
        read["on_error"].setValue(inner["on_error"].value())
        read.setXYpos(node.xpos() + 120, node.ypos())
    return read


def title_of(pattern: str, frames: list[int]) -> str:
    """A label: the file's name and its frames."""
    return f"{os.path.basename(pattern)}\n{frame_range.format_frames(frames)}"
