"""The node as a ``.nk`` toolset: the same knobs and nodes as text, for Nuke without our Python.

``python -m infusion_nuke.toolset``, with ``nuke`` and ``plugin`` on the path, writes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infusion_nuke.graph import NodeSpec, node_specs
from infusion_nuke.layout import KnobSpec, knob_specs
from infusion_nuke.node import NAME

TOOLSET_PATH = Path(__file__).parent.parent / "ToolSets" / "InfusionInpaint.nk"

_CODES = {
    "string": 1,
    "file": 2,
    "int": 3,
    "choice": 4,
    "bool": 6,
    "float": 7,
    "tab": 20,
    "button": 22,
    "text": 26,
    "lines": 43,
}


def toolset_text() -> str:
    """The whole file."""
    knobs = "".join(f" {line}\n" for spec in knob_specs() for line in _knob_lines(spec))
    return f"Group {{\n inputs 0\n name {NAME}\n{knobs}}}\n{_graph_text()}end_group\n"


def _knob_lines(spec: KnobSpec) -> list[str]:
    parts = [str(_CODES[spec.kind]), spec.name]
    if spec.label or not spec.visible:
        parts += ["l", quoted(spec.label)]
    if spec.tooltip:
        parts += ["t", quoted(spec.tooltip)]
    if not spec.new_line:
        parts.append("-STARTLINE")
    elif spec.kind in ("bool", "button"):
        parts.append("+STARTLINE")
    if not spec.visible:
        parts.append("+INVISIBLE")
    if spec.kind == "choice":
        parts += ["M", "{" + " ".join(quoted(item) for item in spec.choices) + "}"]
    if spec.kind in ("button", "text"):
        parts += ["T", quoted(spec.value)]
    if spec.minimum is not None and spec.kind == "float":
        parts += ["R", f"{spec.minimum:g}", f"{spec.maximum:g}"]
    lines = ["addUserKnob {" + " ".join(parts) + "}"]
    if spec.kind not in ("tab", "button", "text") and spec.value not in ("", False, 0):
        lines.append(f"{spec.name} {_value(spec.value)}")
    return lines


def _graph_text() -> str:
    """The inner nodes; Nuke connects by a stack: a node takes its inputs from the top, then lies on top."""
    specs = {spec.name: spec for spec in node_specs()}
    order = ["reference", "matte", "preview", "result", "plate", "shown", "output"]
    return "".join(_node_text(specs[name]) for name in order)


def _node_text(spec: NodeSpec) -> str:
    lines = [f"inputs {len(spec.inputs)}"] if len(spec.inputs) != 1 else []
    lines += [f"{name} {_value(value)}" for name, value in spec.knobs.items()]
    lines += [f"{name} {{{{{expression}}}}}" for name, expression in spec.expressions.items()]
    lines += [f"name {spec.name}", f"xpos {spec.position[0]}", f"ypos {spec.position[1]}"]
    return f" {spec.kind} {{\n" + "".join(f"  {line}\n" for line in lines) + " }\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        quoted(value) if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
    )


def quoted(text: str) -> str:
    """``text`` as one Tcl word that stands for itself."""
    if text and all(letter.isalnum() or letter in "_.-/" for letter in text):
        return text
    for letter in '\\"[]{}$':
        text = text.replace(letter, "\\" + letter)
    return '"' + text.replace("\n", "\\n") + '"'


if __name__ == "__main__":
    TOOLSET_PATH.parent.mkdir(exist_ok=True)
    TOOLSET_PATH.write_text(toolset_text(), "utf-8")
