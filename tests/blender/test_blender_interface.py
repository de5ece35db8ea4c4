"""Panel and modal operator in a real Blender, with stand-ins for the window and layout it lacks headless."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blender_shot import ENDLESS
from infusion_plugin import schema

InBlender = Callable[..., Any]

pytestmark = pytest.mark.blender


def test_the_button_writes_by_frames_hears_escape_and_the_panel_follows(
    in_blender: InBlender, shot: Path
) -> None:
    facts = in_blender("interface", shot, settings=ENDLESS)
    assert facts["empty"] == {"add_node": True}
    assert facts["idle"] == {
        "inpaint": True,
        "send_to_farm": True,
        "cancel": False,
        "resume": True,
        "render_take": True,
        "refresh": True,
        "add_node": True,
    }
    wanted = {schema.controls()[name].identifier for name in (*schema.MAIN_PAGE, *schema.ADVANCED_PAGE)}
    assert wanted - set(facts["drawn"]) == {"shot_matte_channel", "shot_layer"}, "the sockets say these"
    assert facts["escaped"] == [["RUNNING_MODAL"]] * 3 + [["CANCELLED"]]
    assert facts["clean"], "Esc leaves nothing behind"
    assert facts["no job"]
    assert facts["pressed"] == ["FINISHED"]
    assert facts["said"] == []
    assert facts["shares"] == pytest.approx([100 * (index + 1) / 6 for index in range(6)])
    running = facts["running"]
    assert (running["inpaint"], running["cancel"], running["resume"]) == (False, True, False)
    assert "loss" in facts["progress"]
    assert re.search(r"\d %", facts["progress"])
    assert not facts["timer"], "the timer ends with the last run"
    assert "Cancelled" in facts["cancelled"]


def test_a_refusal_ends_the_operator(in_blender: InBlender, tmp_path: Path) -> None:
    facts = in_blender("refused_press", tmp_path)
    assert facts["result"] == ["CANCELLED"]
    assert facts["ended"]
    assert "No plate is linked" in facts["said"][0]
