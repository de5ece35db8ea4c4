"""The whole way in a real Blender: comp, operator, real worker and core, EXRs, comp again."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blender_shot import ENDLESS, FRAMES, TINY, plate_picture, read, write_plate

ROOT = Path(__file__).parents[2]
InBlender = Callable[..., Any]

pytestmark = pytest.mark.blender


@pytest.fixture(scope="module")
def filled(in_blender: InBlender, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = write_plate(tmp_path_factory.mktemp("shot"))
    return folder, in_blender("fill", folder)


def test_the_hole_is_filled_within_the_range_and_nothing_else(filled: tuple[Path, dict[str, Any]]) -> None:
    folder, facts = filled
    assert facts["returned"] == ["FINISHED"]
    for frame in FRAMES:
        shown, plate = read(folder / "out" / "filled" / f"{frame}.exr"), plate_picture(frame)
        hole = read(folder / "out" / "roto" / f"{frame}.exr")[..., 0] > 0.02
        assert 40 < hole.sum() < 400
        assert np.array_equal(shown[~hole], plate[~hole]), "known pixels, alpha too, are the plate's"
        assert shown[~hole][:, :3].max() > 1.5
        if 1002 <= frame <= 1005:
            assert np.all(np.any(shown != plate, axis=-1)[hole])
            assert np.all(np.isfinite(shown))
        else:
            assert np.array_equal(shown, plate)


def test_the_result_is_an_image_sequence_with_the_plates_colour(filled: tuple[Path, dict[str, Any]]) -> None:
    folder, facts = filled
    assert facts["source"] == "SEQUENCE"
    assert facts["filepath"].startswith("//infusion/shot/")
    assert facts["colourspace"] == facts["plate_colourspace"] == "Linear Rec.709"
    assert facts["scenes"] == 1
    assert facts["frame_current"] == 1006, "the scene's frame is left alone"
    spec = json.loads((Path(facts["folder"]) / "job.json").read_text())
    assert spec["plate"] == (folder / "plate" / "plate.%04d.exr").as_posix(), "the plate's own files are read"


def test_bypass_and_undo_show_the_plate(filled: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = filled
    for case in ("bypassed", "undone"):
        assert np.array_equal(read(folder / "out" / case / "1003.exr"), plate_picture(1003)), case


def test_the_comp_needs_no_addon_to_show_the_result(
    in_blender: InBlender, filled: tuple[Path, dict[str, Any]]
) -> None:
    folder, _ = filled
    assert in_blender("render_without_addon", folder) == {"has_addon": False}
    for frame in (1001, 1003):
        shown = read(folder / "out" / "without" / f"{frame}.exr")
        assert np.array_equal(shown, read(folder / "out" / "filled" / f"{frame}.exr"))


def test_cancel_and_reopening_while_a_run_is_at_work(in_blender: InBlender, shot: Path) -> None:
    started = in_blender("start_and_quit", shot, settings=ENDLESS)
    assert "has a run at work" in started["again"]
    facts = in_blender("come_back_and_cancel", shot)
    assert facts["on_load"] in ("starting", "running")
    assert [status for status, _, _ in facts["cancelled"]] == ["cancelled", "cancelled"]
    assert all("Resume" in text for _, text, _ in facts["cancelled"])
    (_, _, first_step), (_, _, second_step) = facts["cancelled"]
    assert second_step >= first_step, "Resume goes on from the checkpoint"
    assert not started["shown"]
    assert not facts["shown"]
    assert not list(shot.rglob("run.lock"))


def test_reopening_after_the_end_and_another_take(in_blender: InBlender, shot: Path) -> None:
    in_blender("start_and_quit", shot, settings=TINY)
    events = next(shot.rglob("job")) / "events.jsonl"
    end = time.monotonic() + 120
    while not (events.exists() and '"done"' in events.read_text()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    facts = in_blender("come_back_to_the_end", shot)
    back, take = (read(shot / "out" / name / "1002.exr") for name in ("back", "take"))
    plate = plate_picture(1002)
    changed = np.any(back != plate, axis=-1)
    assert 40 < changed.sum() < 400
    assert np.array_equal(take[~changed], plate[~changed])
    assert np.any(take[changed] != back[changed])
    assert "seed7" in facts["take"]
    assert "seed7" not in facts["first"]


def test_a_job_on_the_farm_is_watched_and_its_result_shown(in_blender: InBlender, shot: Path) -> None:
    sent = in_blender("send_to_farm", shot)
    assert sent["returned"] == ["FINISHED"]
    assert "on the farm" in sent["refused"]
    assert "The farm has not begun" in sent["said"]
    template = Path(sent["folder"]).with_suffix(".openjd") / "template.yaml"
    openjd = Path(sys.executable).parent / "openjd"
    with subprocess.Popen([str(openjd), "run", str(template)], stdout=subprocess.DEVNULL):
        facts = in_blender("watch_the_farm", shot)
    assert facts["before"] != "Nothing has been run yet."
    changed = np.any(read(shot / "out" / "farm" / "1002.exr") != plate_picture(1002), axis=-1)
    assert 40 < changed.sum() < 400


def headless(blender: list[str], env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    words = [*blender, str(ROOT / "blender" / "headless_infusion.py"), "--", *arguments]
    return subprocess.run(words, env=env, capture_output=True, text=True, timeout=280, check=False)


def test_the_headless_script_fills_and_saves(
    in_blender: InBlender, blender: list[str], blender_home: dict[str, str], shot: Path
) -> None:
    in_blender("save", shot)
    file = str(shot / "shot.blend")
    done = headless(blender, blender_home, file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^Infusion Inpaint: \d+ %", done.stdout, re.MULTILINE), "progress for a farm's log"
    in_blender("render_without_addon", shot)
    changed = np.any(read(shot / "out" / "without" / "1003.exr") != plate_picture(1003), axis=-1)
    assert 40 < changed.sum() < 400
    failed = headless(blender, blender_home, file, "another")
    assert failed.returncode == 1
    assert "Cannot tell which node" in failed.stdout + failed.stderr
