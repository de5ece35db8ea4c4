"""Which tools are the plate and the matte: the selected ones, a mask that a tool wears, or the MediaIn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infusion_plugin.errors import InputError
from infusion_resolve import flow
from infusion_resolve.flow import Comp, Input, Output, Tool

PLATE_ALPHA = "Alpha of the plate"
SOURCES = ("Loader", "MediaIn")
_NO_PICTURE = ("Saver", "MediaOut", "Note", "Underlay")


@dataclass(frozen=True)
class Matte:
    """One possible matte.

    Attributes:
        label: For the dialog.
        output: What to render; None for the plate's own alpha.
        worn_on: The input that the mask is connected to, where a tool wears it; else None.
    """

    label: str
    output: Output | None = None
    worn_on: Input | None = None


@dataclass(frozen=True)
class Footage:
    """What the artist may have meant, the likeliest first."""

    plates: tuple[Tool, ...]
    mattes: tuple[Matte, ...]


def find(comp: Comp) -> Footage:
    """Look at the selection; without a picture in it, at the composition's only MediaIn.

    Of two pictures the one selected last (Fusion's active tool) is the matte.

    Raises:
        InputError: nothing to go by, or too much.
    """
    selected = [tool for tool in flow.tools(comp, selected=True) if flow.kind_of(tool) not in _NO_PICTURE]
    masks = [tool for tool in selected if is_mask(tool)]
    pictures = [tool for tool in selected if not is_mask(tool)] or _only_media_in(comp)
    if len(selected) > 2 or len(masks) > 1:
        raise InputError("Too many tools are selected.", remedy="Select the plate, or plate and matte.")
    active = flow.name_of(comp.ActiveTool) if comp.ActiveTool is not None else ""
    pictures = sorted(pictures, key=lambda tool: flow.name_of(tool) == active)
    mattes = [Matte(flow.name_of(tool), tool.Output) for tool in masks]
    if len(pictures) == 2:
        mattes += [Matte(flow.name_of(tool), tool.Output) for tool in reversed(pictures)]
    for tool in pictures:
        mattes += worn_masks(tool)
    return Footage(tuple(pictures), (*mattes, Matte(PLATE_ALPHA)))


def is_mask(tool: Tool) -> bool:
    """Whether a tool puts out a mask: Polygon, B-Spline, Ellipse, Bitmap..."""
    return flow.kind_of(tool).endswith("Mask")


def worn_masks(tool: Tool) -> list[Matte]:
    """The masks connected to a tool's mask inputs."""
    found = []
    for target in flow.inputs(tool):
        attrs: dict[str, Any] = target.GetAttrs() or {}
        output = target.GetConnectedOutput() if attrs.get("INPS_DataType") == "Mask" else None
        if output is not None:
            label = f"{flow.name_of(output.GetTool())} (mask of {flow.name_of(tool)})"
            found.append(Matte(label, output, target))
    return found


def _only_media_in(comp: Comp) -> list[Tool]:
    found = flow.tools(comp, kind="MediaIn")
    if len(found) != 1:
        raise InputError("No plate is selected.", remedy="Select the plate's tool, then the matte's.")
    return found
