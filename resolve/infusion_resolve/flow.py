"""Fusion's objects with their traps: ``hasattr`` is always true, lists count from 1, locks swallow values.

Blackmagic publishes no types for them, so they are ``Any`` under these names.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infusion_plugin.errors import InputError, PluginError

Comp = Any
Tool = Any
Input = Any
Output = Any


class CompGoneError(PluginError):
    """The artist closed the composition."""


def attribute(thing: Any, name: str, default: Any = None) -> Any:
    """One of Fusion's attributes, e.g. ``COMPN_RenderStart``."""
    return (thing.GetAttrs() or {}).get(name, default)


def name_of(tool: Tool) -> str:
    return str(attribute(tool, "TOOLS_Name", ""))


def kind_of(tool: Tool) -> str:
    """Its class by Fusion's registry name, e.g. "Loader"."""
    return str(attribute(tool, "TOOLS_RegID", ""))


def tools(comp: Comp, selected: bool = False, kind: str = "") -> list[Tool]:
    """The composition's tools, or those selected, or those of one kind."""
    table = (comp.GetToolList(selected, kind) if kind else comp.GetToolList(selected)) or {}
    return [table[key] for key in sorted(table)]


def inputs(tool: Tool) -> list[Input]:
    table = tool.GetInputList() or {}
    return [table[key] for key in sorted(table)]


def readers(output: Output) -> list[Input]:
    """The inputs that an output is connected to."""
    table = output.GetConnectedInputs() or {}
    return [table[key] for key in sorted(table)]


def is_there(comp: Comp) -> bool:
    """Whether the composition is still open: the script host answers nothing, or breaks, for a closed one."""
    try:
        return bool(comp.GetAttrs())
    except Exception:  # what a broken connection raises differs from version to version
        return False


def require_idle(comp: Comp) -> None:
    """Raise ``InputError`` where the composition cannot be worked in now."""
    if attribute(comp, "COMPB_Locked", False):
        raise InputError(
            "The composition is locked.",
            remedy="Another script may be at work or have broken off; if not, type comp:Unlock() "
            "in Fusion's console.",
        )
    if attribute(comp, "COMPB_Rendering", False):
        raise InputError("Fusion is rendering.", remedy="Run the script again when it has finished.")


@contextmanager
def locked(comp: Comp) -> Iterator[None]:
    """For structural edits only: it keeps file dialogs shut, but values set under it may not render."""
    comp.Lock()
    try:
        yield
    finally:
        comp.Unlock()


@contextmanager
def undo_step(comp: Comp, name: str) -> Iterator[None]:
    """All that the block changes is one entry of the undo list."""
    comp.StartUndo(name)
    try:
        yield
    finally:
        comp.EndUndo(True)


def add_tool(comp: Comp, kind: str, name: str, position: tuple[float, float] = (0, 0)) -> Tool:
    """Add a tool of ``kind`` at a place of the flow; none of its inputs is connected.

    A place is always given: Fusion connects tools that it places by itself, and inserts them in the flow.

    Raises:
        PluginError: Fusion has no such tool.
    """
    with locked(comp):
        tool = comp.AddTool(kind, *position)
    if tool is None:
        raise PluginError(f"Fusion cannot add a {kind}.")
    tool.SetAttrs({"TOOLS_Name": name})
    return tool


def connect(comp: Comp, target: Input, source: Output | None) -> None:
    """Connect ``target`` to ``source``, or to nothing."""
    with locked(comp):
        target.ConnectTo(source)
    now = target.GetConnectedOutput()
    if source is not None and (now is None or name_of(now.GetTool()) != name_of(source.GetTool())):
        raise PluginError("Fusion refused a connection.", remedy="Connect the tools by hand.")


def position(comp: Comp, tool: Tool) -> tuple[float, float]:
    """Where a tool lies in the flow; (0, 0) where there is no flow view, as on the Edit page."""
    frame = comp.CurrentFrame
    view = frame.FlowView if frame is not None else None
    table = (view.GetPosTable(tool) if view is not None else None) or {}
    return float(table.get(1, 0)), float(table.get(2, 0))
