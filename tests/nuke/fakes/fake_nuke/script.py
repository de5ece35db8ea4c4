"""Scripts as Tcl: written with Tcl's own quoting, read by a Tcl interpreter."""

from __future__ import annotations

import tkinter
from typing import Any

from fake_nuke import knobs as k
from fake_nuke.nodes import CLASSES, Group, Node

_FLAGS = {"l": 1, "t": 1, "M": 1, "T": 1, "R": 2}


def to_script(nodes: list[Node]) -> str:
    """The text of ``nodes``, connections among them included."""
    tcl = tkinter.Tcl()
    lines: list[str] = []
    for node in _inputs_first(nodes):
        sources = [node.input(i) for i in range(node.inputs())]
        for source in reversed(sources):
            lines.append(f"push $N{id(source)}" if source in nodes else "push 0")
        lines.append(f"{node.Class()} {{\ninputs {len(sources)}")
        for knob in node.user_knobs:
            lines.append("addUserKnob " + _list(tcl, _definition(tcl, knob)))
        for name, knob in node.knobs().items():
            lines.append(f"{name} {_written(tcl, knob)}")
        lines.append("}")
        if isinstance(node, Group):
            lines += [to_script(node.nodes()), "end_group"]
        lines.append(f"set N{id(node)} [stack 0]")
    return "\n".join(lines)


def _list(tcl: Any, *words: str) -> str:
    """``words`` as a Tcl list, quoted by Tcl itself."""
    for index, word in enumerate(words):
        tcl.setvar(f"w{index}", word)
    return str(tcl.eval("list " + " ".join(f"$w{index}" for index in range(len(words)))))


def _inputs_first(nodes: list[Node]) -> list[Node]:
    ordered: list[Node] = []

    def visit(node: Node) -> None:
        for index in range(node.inputs()):
            if node.input(index) in nodes:
                visit(node.input(index))
        if node not in ordered:
            ordered.append(node)

    for node in nodes:
        visit(node)
    return ordered


def _definition(tcl: Any, knob: k.Knob) -> str:
    parts = [str(knob.code), knob.name(), "l", knob.label(), "t", knob.tooltip()]
    if isinstance(knob, k.Enumeration_Knob):
        parts += ["M", _list(tcl, *knob.values())]
    if isinstance(knob, k.PyScript_Knob | k.Text_Knob):
        parts += ["T", str(knob.value())]
    if not knob.getFlag(k.STARTLINE):
        parts.append("-STARTLINE")
    if not knob.visible():
        parts.append("+INVISIBLE")
    return _list(tcl, *parts)


def _written(tcl: Any, knob: k.Knob) -> str:
    if knob._expression:
        return _list(tcl, "{" + knob._expression + "}")
    return _list(tcl, str(knob.value()))


def run_script(host: Any, text: str) -> list[Node]:
    """Make the nodes of ``text`` in the present group; return those of the outermost level."""
    tcl = tkinter.Tcl()
    stacks: list[list[Any]] = [[]]
    made: dict[str, Node] = {}
    top: list[Node] = []

    def push(name: str) -> None:
        stacks[-1].append(made.get(name))

    def stack(_: str) -> str:
        node = stacks[-1][-1]
        made[str(id(node))] = node
        return str(id(node))

    def end_group() -> None:
        stacks.pop()
        group = host.context.pop()
        host.created(group)

    def make(kind: str, body: str = "") -> None:
        if kind not in CLASSES:
            raise tkinter.TclError(f"unknown command {kind!r}")
        node = host.make(kind)
        _fill(tcl, node, body, stacks[-1])
        if len(stacks) == 1:
            top.append(node)
        stacks[-1].append(node)
        if isinstance(node, Group):
            stacks.append([])
            host.context.append(node)
        else:
            host.created(node)

    for name, command in (("push", push), ("stack", stack), ("end_group", end_group), ("unknown", make)):
        tcl.createcommand(name, command)
    tcl.eval(text)
    return top


def _fill(tcl: Any, node: Node, body: str, stack: list[Any]) -> None:
    words = tcl.splitlist(body)
    pairs = list(zip(words[::2], words[1::2], strict=True))
    inputs = int(dict(pairs).get("inputs", 1))
    for index in range(inputs):
        source = stack.pop() if stack else None
        if source is not None:
            node.setInput(index, source)
    for name, value in pairs:
        if name == "addUserKnob":
            node.addKnob(_user_knob(tcl.splitlist(value), tcl))
        elif name == "name":
            node.setName(value)
        elif name != "inputs":
            _set(node[name], value)


def _user_knob(words: tuple[str, ...], tcl: Any) -> k.Knob:
    options: dict[str, Any] = {}
    index = 2
    while index < len(words):
        word = words[index]
        if word[:1] in "+-" and word[1:] in ("STARTLINE", "INVISIBLE"):
            options[word[1:]] = word[0] == "+"
            index += 1
        else:
            options[word] = words[index + 1 : index + 1 + _FLAGS[word]]
            index += 1 + _FLAGS[word]
    kind = k.KNOBS[int(words[0])]
    if kind is k.Enumeration_Knob:
        knob: k.Knob = k.Enumeration_Knob(words[1], "", list(tcl.splitlist(options["M"][0])))
    else:
        knob = kind(words[1])
    knob._label = options.get("l", (words[1],))[0] or words[1]
    knob.setTooltip(options.get("t", ("",))[0])
    if "T" in options:
        knob._value = options["T"][0]
    if not options.get("STARTLINE", True):
        knob.clearFlag(k.STARTLINE)
    knob.setVisible(not options.get("INVISIBLE", False))
    return knob


def _set(knob: k.Knob, value: str) -> None:
    if value.startswith("{") and isinstance(knob, k.Array_Knob):
        knob.setExpression(value[1:-1])
    elif isinstance(knob, k.Boolean_Knob):
        knob.setValue({"true": True, "True": True, "1": True}.get(value, False))
    elif isinstance(knob, k.Enumeration_Knob) or not isinstance(knob, k.Array_Knob):
        knob.setValue(value)
    else:
        knob.setValue(float(value))
