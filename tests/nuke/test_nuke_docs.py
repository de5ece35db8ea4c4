"""The manual knows every knob and every input."""

from __future__ import annotations

from pathlib import Path

from infusion_nuke.graph import node_specs
from infusion_nuke.layout import knob_specs

PAGE = (Path(__file__).parents[2] / "docs" / "nuke.md").read_text("utf-8")


def test_every_knob_and_input_is_explained() -> None:
    labels = {spec.label for spec in knob_specs() if spec.visible and spec.kind not in ("tab", "text")}
    inputs = {spec.name for spec in node_specs() if spec.kind == "Input"}
    rows = {line.split("|")[1].strip() for line in PAGE.splitlines() if line.startswith("|")}
    missing = {name for name in labels | inputs if name not in rows and f"**{name}**" not in PAGE}
    assert not missing
