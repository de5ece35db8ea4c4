"""Nuke's knobs from their descriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infusion_nuke.layout import KnobSpec, knob_specs

if TYPE_CHECKING:
    import nuke


def add_knobs(node: nuke.Node) -> None:
    """Give ``node`` every knob of the layout."""
    for spec in knob_specs():
        node.addKnob(make_knob(spec))


def make_knob(spec: KnobSpec) -> nuke.Knob:
    """One knob with its value, range, tooltip and flags."""
    import nuke

    knob = _bare(spec)
    if spec.tooltip:
        knob.setTooltip(spec.tooltip)
    if spec.minimum is not None and isinstance(knob, nuke.Double_Knob):
        knob.setRange(spec.minimum, spec.maximum)
    if spec.kind not in ("tab", "button"):
        knob.setValue(spec.value)
    if spec.new_line:
        knob.setFlag(nuke.STARTLINE)
    else:
        knob.clearFlag(nuke.STARTLINE)
    if not spec.visible:
        knob.setVisible(False)
    return knob


def _bare(spec: KnobSpec) -> nuke.Knob:
    import nuke

    if spec.kind == "choice":
        return nuke.Enumeration_Knob(spec.name, spec.label, list(spec.choices))
    if spec.kind == "button":
        return nuke.PyScript_Knob(spec.name, spec.label, spec.value)
    classes = {
        "tab": nuke.Tab_Knob,
        "text": nuke.Text_Knob,
        "string": nuke.String_Knob,
        "file": nuke.File_Knob,
        "lines": nuke.Multiline_Eval_String_Knob,
        "int": nuke.Int_Knob,
        "float": nuke.Double_Knob,
        "bool": nuke.Boolean_Knob,
    }
    return classes[spec.kind](spec.name, spec.label)
