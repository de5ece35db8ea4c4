"""The nodes inside the group: they show plate, result or preview without any of our Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_READ = {"raw": True, "before": "black", "after": "black", "on_error": "black"}

WHICH = (
    "(parent.show==0)*parent.result_ready*(frame>=parent.result_first)*(frame<=parent.result_last)"
    "+2*(parent.show==1)*parent.preview_ready*(frame>=parent.preview_first)*(frame<=parent.preview_last)"
)


@dataclass(frozen=True)
class NodeSpec:
    """One node of the group: class, name, knob values, expressions, names of its inputs."""

    kind: str
    name: str
    knobs: dict[str, Any] = field(default_factory=dict)
    expressions: dict[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    position: tuple[int, int] = (0, 0)


def node_specs() -> list[NodeSpec]:
    """The nodes in an order in which inputs come first."""
    return [
        NodeSpec("Input", "reference", {"number": 2}, position=(400, 0)),
        NodeSpec("Input", "matte", {"number": 1}, position=(200, 0)),
        NodeSpec("Input", "plate", {"number": 0}),
        NodeSpec("Read", "result", _READ, position=(-200, 0)),
        NodeSpec("Read", "preview", _READ, position=(-400, 0)),
        NodeSpec(
            "Switch",
            "shown",
            expressions={"which": WHICH},
            inputs=("plate", "result", "preview"),
            position=(0, 200),
        ),
        NodeSpec("Output", "output", inputs=("shown",), position=(0, 300)),
    ]
