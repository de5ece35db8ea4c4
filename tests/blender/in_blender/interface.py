# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for what a headless Blender lacks: a layout to draw into, a window manager with a cursor."""

from __future__ import annotations

from types import MethodType, SimpleNamespace
from typing import Any

import bpy
from infusion_blender import operators, panel, run


class Layout:
    """Takes only what Blender's layout would: properties and operators that exist.

    ``drawn`` lists all that was drawn, in rows and columns too; ``buttons`` says which can be pressed.
    """

    def __init__(self, drawn: list[str] | None = None, buttons: dict[str, bool] | None = None) -> None:
        self.drawn = [] if drawn is None else drawn
        self.buttons = {} if buttons is None else buttons
        self.enabled = True

    def row(self, align: bool = False) -> Layout:
        return Layout(self.drawn, self.buttons)

    column = row

    def prop(self, data: Any, name: str, text: str = "") -> None:
        assert name in data.bl_rna.properties, name
        self.drawn.append(name)

    def label(self, text: str) -> None:
        self.drawn.append(text)

    def progress(self, factor: float, text: str) -> None:
        assert 0 <= factor <= 1
        self.drawn.append(text)

    def operator(self, name: str, text: str = "", icon: str = "NONE") -> Any:
        kind = getattr(bpy.ops.infusion, name.partition(".")[2]).get_rna_type()
        self.buttons[name.partition(".")[2]] = self.enabled
        return SimpleNamespace(**{prop.identifier: None for prop in kind.properties})


class Manager:
    """A window manager that keeps what it was told."""

    def __init__(self) -> None:
        self.shares: list[float] = []
        self.ended = False

    def progress_update(self, share: float) -> None:
        self.shares.append(share)

    def progress_end(self) -> None:
        self.ended = True

    def event_timer_remove(self, timer: Any) -> None:
        assert timer == "timer"


def draw(scene: bpy.types.Scene) -> Layout:
    """What both panels show of the active node."""
    context = SimpleNamespace(scene=scene, space_data=SimpleNamespace(tree_type="CompositorNodeTree"))
    layout = Layout()
    for kind in panel.CLASSES:
        if kind.poll(context):
            kind.draw(SimpleNamespace(layout=layout), context)
    panel.add_to_menu(SimpleNamespace(layout=layout), context)
    return layout


def press(scene: bpy.types.Scene, node: Any) -> tuple[Any, Any]:
    """The Inpaint operator just after it has been invoked in a window, and its context."""
    said: list[str] = []
    operator = SimpleNamespace(
        _node=node,
        _writing=run.prepare(scene, node),
        _timer="timer",
        wait=False,
        said=said,
        report=lambda kind, text: said.append(text),
    )
    for name in ("modal", "begin", "start", "follow", "_end"):
        setattr(operator, name, MethodType(getattr(operators.INFUSION_OT_inpaint, name), operator))
    return operator, SimpleNamespace(scene=scene, window_manager=Manager())


def event(kind: str) -> Any:
    return SimpleNamespace(type=kind)
