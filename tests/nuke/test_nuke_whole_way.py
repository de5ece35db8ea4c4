"""From button to result: real worker process, real core with tiny settings, EXRs, Read in the node."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_nuke.host import Host
from fake_nuke.picture import read_exr
from infusion_nuke import headless, reopen, watch
from infusion_plugin import lock
from infusion_plugin.errors import PluginError
from nuke_shot import (
    DATA,
    DISPLAY,
    ENDLESS,
    FRAMES,
    make_node,
    make_read,
    matte_picture,
    noise,
    pump_until,
    write_clip,
)


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "EVERY_S", 0.05)


def done(host: Host, node: Any) -> Callable[[], bool]:
    return lambda: bool(node["result_ready"].value() or host.messages)


def training(node: Any) -> Callable[[], bool]:
    """Whether the worker has begun to train."""
    return lambda: (
        (Path(node["job_folder"].value()) / "losses.jsonl").exists()
        and bool((Path(node["job_folder"].value()) / "losses.jsonl").read_text())
    )


def says(node: Any, text: str) -> Callable[[], bool]:
    return lambda: text in node["status"].value()


def holder_pid(node: Any) -> int:
    held = lock.read_lock(Path(node["job_folder"].value()))
    assert held is not None
    return held.pid


def test_the_button_fills_the_hole_and_nothing_else(host: Host, infusion: Any, tmp_path: Path) -> None:
    infusion["shot_frames"].setValue("1002-1005")
    infusion["shot_handles"].setValue(1)
    infusion["inpaint"].execute()
    assert infusion["status"].value() == "Starting the worker", "the button returns at once"
    pump_until(host, done(host, infusion))
    assert host.messages == []
    assert infusion["status"].value() == "Done."
    for frame in FRAMES:
        shown, plate = infusion.picture(frame, "main"), noise(frame)
        hole = matte_picture(frame).pixels[..., 3] > 0
        if 1002 <= frame <= 1005:
            assert (shown.data, shown.display) == (DATA, DISPLAY)
            assert np.all(np.any(shown.pixels != plate.pixels, axis=-1)[hole])
            assert np.all(np.isfinite(shown.pixels))
            assert np.array_equal(shown.pixels[~hole], plate.pixels[~hole])
            assert np.array_equal(shown.pixels[..., 3], plate.pixels[..., 3])
        else:
            assert np.array_equal(shown.pixels, plate.pixels)
    assert host.tasks[0].progress >= 0
    assert "<img" in infusion["loss_picture"].value()
    assert "<img" in infusion["preview_picture"].value()
    assert infusion["log"].value() != "-"
    host.Undo.undo()
    assert np.array_equal(infusion.picture(1003, "main").pixels, noise(1003).pixels)


def test_a_take_and_a_second_version_leave_the_first_alone(host: Host, infusion: Any) -> None:
    infusion["shot_frames"].setValue("1002-1003")
    infusion["inpaint"].execute()
    pump_until(host, done(host, infusion))
    first = infusion.node("result")["file"].value()
    before = Path(first % 1002).read_bytes()
    infusion["run_seed"].setValue(7)
    infusion["render_take"].execute()
    pump_until(host, lambda: "seed7" in infusion.node("result")["file"].value() or bool(host.messages))
    assert host.messages == []
    take = read_exr(Path(infusion.node("result")["file"].value() % 1002)).pixels
    hole = matte_picture(1002).pixels[..., 3] > 0
    assert np.any(take[hole] != read_exr(Path(first % 1002)).pixels[hole])
    assert np.array_equal(take[~hole], noise(1002).pixels[~hole])
    infusion["inpaint"].execute()
    pump_until(host, lambda: "v002" in infusion.node("result")["file"].value() or bool(host.messages))
    assert infusion["version"].value() == 2
    assert Path(first % 1002).read_bytes() == before


def test_cancel_and_resume(host: Host, infusion: Any) -> None:
    infusion["more_settings"].setValue(ENDLESS)
    infusion["inpaint"].execute()
    pump_until(host, training(infusion))
    infusion["inpaint"].execute()
    assert "has a run at work" in host.messages.pop()
    host.tasks[0].cancelled = True  # the cancel button of Nuke's own progress window
    pump_until(host, says(infusion, "Cancelled"))
    assert host.messages == []
    infusion["resume"].execute()
    pump_until(host, lambda: len(host.tasks) == 2)
    infusion["cancel"].execute()
    pump_until(host, says(infusion, "Cancelled"))
    assert lock.read_lock(Path(infusion["job_folder"].value())) is None


def test_a_killed_worker_becomes_a_message(host: Host, infusion: Any) -> None:
    infusion["more_settings"].setValue(ENDLESS)
    infusion["inpaint"].execute()
    pump_until(host, training(infusion))
    os.kill(holder_pid(infusion), signal.SIGKILL)
    pump_until(host, lambda: bool(host.messages))
    assert "memory" in host.messages[0]
    assert "Resume" in host.messages[0]


def test_the_host_quits_and_comes_back(host: Host, infusion: Any, tmp_path: Path) -> None:
    infusion["shot_frames"].setValue("1002-1003")
    infusion["more_settings"].setValue(ENDLESS)
    infusion["inpaint"].execute()
    pump_until(host, training(infusion))
    host.scriptSave()
    watch._watched.clear()
    host.scriptClear()  # its nodes are gone; the worker knows nothing of it
    host.addOnCreate(reopen.on_create, nodeClass="Group")
    host.scriptOpen((tmp_path / "shot.nk").as_posix())
    again = host.toNode("InfusionInpaint1")
    assert again is not infusion
    pump_until(host, lambda: "loss" in again["status"].value())
    again["cancel"].execute()
    pump_until(host, says(again, "Cancelled"))


def test_a_run_that_ended_while_the_host_was_away_is_shown(
    host: Host, infusion: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    infusion["shot_frames"].setValue("1002-1003")
    monkeypatch.setattr(watch, "watch", lambda node, client: None)  # a host that dies right after the press
    infusion["inpaint"].execute()
    host.scriptSave()
    folder = Path(infusion["job_folder"].value())
    pump_until(host, lambda: '"done"' in _text(folder / "events.jsonl"))
    host.addOnCreate(reopen.on_create, nodeClass="Group")
    host.scriptOpen((tmp_path / "shot.nk").as_posix())
    again = host.toNode("InfusionInpaint1")
    assert again["result_ready"].value() == 1
    assert not np.array_equal(again.picture(1002, "main").pixels, noise(1002).pixels)


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_a_deleted_node_leaves_its_run_alone(host: Host, infusion: Any) -> None:
    infusion["more_settings"].setValue(ENDLESS)
    infusion["inpaint"].execute()
    pump_until(host, training(infusion))
    folder = Path(infusion["job_folder"].value())
    host.delete(infusion)
    for _ in range(10):
        host.pump()
    assert host.messages == []
    assert lock.holder(folder) is not None


def test_the_cores_complaint_reaches_the_artist(host: Host, plate_file: str, matte_file: str) -> None:
    Path(plate_file % 1003).unlink()
    node = make_node(host, make_read(host, plate_file), make_read(host, matte_file))
    node["inpaint"].execute()
    pump_until(host, lambda: bool(host.messages))
    assert "1003" in host.messages[0]


def test_what_the_adapter_finds_wrong_is_said_before_anything_is_written(host: Host, infusion: Any) -> None:
    infusion["shot_frames"].setValue("1001-2000")
    infusion["inpaint"].execute()
    assert "leaves the plate" in host.messages[0]
    assert host.rendered == []
    assert infusion["job_folder"].value() == ""


def test_an_old_job_is_explained(host: Host, infusion: Any, tmp_path: Path) -> None:
    folder = tmp_path / "old" / "job"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"schema_version": 0, "plate": "a"}))
    infusion["job_folder"].setValue(folder.as_posix())
    infusion["resume"].execute()
    assert "schema version 0" in host.messages[0]


def test_resume_without_a_job_and_a_missing_python_are_explained(host: Host, infusion: Any) -> None:
    infusion["resume"].execute()
    assert "no job yet" in host.messages[0]
    infusion["python"].setValue("/no/such/python")
    infusion["inpaint"].execute()
    assert "/no/such/python" in host.messages[1]


def the_farm_begins(node: Any) -> subprocess.Popen[bytes]:
    """OpenJD's own runner does what the template that was written for the node's job says."""
    template = Path(node["job_folder"].value()).with_suffix(".openjd") / "template.yaml"
    openjd = Path(sys.executable).parent / "openjd"
    return subprocess.Popen([str(openjd), "run", str(template)], stdout=subprocess.DEVNULL)


def test_a_job_on_the_farm_is_watched_and_its_result_shown(host: Host, infusion: Any, tmp_path: Path) -> None:
    infusion["shot_frames"].setValue("1002-1003")
    infusion["send_to_farm"].execute()
    pump_until(host, says(infusion, "The farm has not begun"))
    assert "template.yaml" in infusion["status"].value()
    assert host.tasks == [], "a farm may take days: no progress window stands open for it"
    infusion["cancel"].execute()
    assert "on the farm" in host.messages.pop()

    host.scriptSave()
    watch._watched.clear()
    host.addOnCreate(reopen.on_create, nodeClass="Group")
    host.scriptOpen((tmp_path / "shot.nk").as_posix())
    again = host.toNode("InfusionInpaint1")
    pump_until(host, says(again, "The farm has not begun"))
    with the_farm_begins(again):
        pump_until(host, says(again, "loss"))
        pump_until(host, done(host, again))
    assert host.messages == []
    assert again["status"].value() == "Done."
    hole = matte_picture(1002).pixels[..., 3] > 0
    shown = again.picture(1002, "main").pixels
    assert np.all(np.any(shown != noise(1002).pixels, axis=-1)[hole])
    assert np.array_equal(shown[~hole], noise(1002).pixels[~hole])
    infusion_folder = again["job_folder"].value()
    again["send_to_farm"].execute()
    assert again["job_folder"].value() != infusion_folder, "the next one is a version of its own"


def test_a_task_that_failed_on_the_farm_may_come_again(host: Host, infusion: Any) -> None:
    infusion["send_to_farm"].execute()
    folder = Path(infusion["job_folder"].value())
    event = {"event": "error", "schema_version": 1, "type": "JobError", "message": "The disk is full."}
    (folder / "events.jsonl").write_text(json.dumps(event) + "\n")
    pump_until(host, says(infusion, "The disk is full."))
    event = {"event": "progress", "schema_version": 1, "stage": "train", "fraction": 0.5}
    with (folder / "events.jsonl").open("a") as file:
        file.write(json.dumps(event) + "\n")
    pump_until(host, says(infusion, "Training"))
    assert host.messages == []
    infusion["shot_frames"].setValue("1002-1003")
    infusion["inpaint"].execute()
    pump_until(host, done(host, infusion))
    assert infusion["status"].value() == "Done.", "the farm's job is no longer watched"


def test_a_farm_that_does_not_take_the_job_is_explained(
    host: Host, infusion: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFUSION_FARM", "opencue")
    monkeypatch.setenv("CUEBOT_HOSTS", "localhost:1")
    infusion["send_to_farm"].execute()
    assert "not sent: No Cuebot answers" in host.messages[0]
    folder = infusion["job_folder"].value()
    monkeypatch.delenv("INFUSION_FARM")
    infusion["send_to_farm"].execute()
    assert infusion["job_folder"].value() == folder, "nothing was done in it, so it is the same version"


def test_one_frame_is_previewed(host: Host, infusion: Any) -> None:
    host.time = 1003
    infusion["preview_frame"].execute()
    pump_until(host, lambda: bool(infusion["preview_ready"].value() or host.messages))
    assert host.messages == []
    assert infusion["show"].value() == "preview frame"
    hole = matte_picture(1003).pixels[..., 3] > 0
    shown = infusion.picture(1003, "main").pixels
    assert np.all(np.any(shown != noise(1003).pixels, axis=-1)[hole])
    assert np.array_equal(shown[~hole], noise(1003).pixels[~hole])
    assert np.array_equal(infusion.picture(1004, "main").pixels, noise(1004).pixels)


def test_proxy_and_stereo_do_not_change_the_result(open_host: Callable[..., Host], tmp_path: Path) -> None:
    host = open_host(views=("left", "right"))
    grades = []
    for name, picture in (("plate", noise), ("matte", matte_picture)):
        for view in ("left", "right"):
            write_clip(tmp_path / view, name, picture)
        grade = host.nodes.Grade()
        grade.setInput(0, make_read(host, (tmp_path / "%V" / f"{name}.%04d.exr").as_posix()))
        grades.append(grade)
    node = make_node(host, *grades)
    node["view"].setValue("right")
    node["shot_frames"].setValue("1002-1003")
    host.root()["proxy"].setValue(True)
    node["inpaint"].execute()
    pump_until(host, done(host, node))
    assert host.messages == []
    assert {view for _, view in host.rendered} == {"right"}
    host.root()["proxy"].setValue(False)
    with pytest.raises(RuntimeError, match="left"):
        node.picture(1002, "left")
    result = node.picture(1002, "right")
    hole = matte_picture(1002).pixels[..., 3] > 0
    assert result.data == DATA
    assert np.array_equal(result.pixels[~hole], noise(1002).pixels[~hole])


def test_without_an_interface_the_call_waits_for_the_end(
    open_host: Callable[..., Host], plate_file: str, matte_file: str, tmp_path: Path
) -> None:
    host = open_host(gui=False)
    node = make_node(host, make_read(host, plate_file), make_read(host, matte_file))
    node["shot_frames"].setValue("1002-1003")
    host.scriptSave()
    assert headless.main([(tmp_path / "shot.nk").as_posix(), "InfusionInpaint1"]) == 0, host.messages
    host.scriptOpen((tmp_path / "shot.nk").as_posix())
    assert host.toNode("InfusionInpaint1")["result_ready"].value() == 1, "the saved script has the result"


def test_without_an_interface_a_failure_is_an_exit_status(
    open_host: Callable[..., Host], plate_file: str, tmp_path: Path
) -> None:
    host = open_host(gui=False)
    node = make_node(host, make_read(host, plate_file), None)
    node["shot_matte_channel"].setValue("no such channel")
    host.scriptSave()
    assert headless.main([(tmp_path / "shot.nk").as_posix()]) == 1
    assert "no such channel" in host.messages[-1]
    with pytest.raises(PluginError, match="InfusionInpaint1"):
        headless.find("another")
