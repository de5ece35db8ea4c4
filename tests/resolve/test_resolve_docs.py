"""The manual knows every field of the dialogs."""

from __future__ import annotations

from pathlib import Path

from fake_fusion.composition import Composition
from infusion_resolve import footage, request, runs, timeline_script

PAGE = (Path(__file__).parents[2] / "docs" / "resolve.md").read_text("utf-8")


def test_every_field_and_choice_is_explained(comp: Composition) -> None:
    labels = {field["Name"].partition(" (")[0] for field in request.fields(comp, footage.find(comp), {})}
    rows = {line.split("|")[1].strip() for line in PAGE.splitlines() if line.startswith("|")}
    assert labels <= rows
    choices = {*runs.NEW, *runs.ACTIONS}
    assert not {choice for choice in choices if choice not in PAGE}
    ways = [timeline_script.COMPOSITION, timeline_script.RENDER_JOB]
    assert all(way.partition(" (")[0].lower() in PAGE.lower() for way in ways)
