"""From selection to Loader: dialog, temporary Savers, real worker, Loader, for each way it can go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_fusion.composition import Composition, read_exr
from fusion_shot import (
    ENDLESS,
    FRAMES,
    HOLE,
    LONGER,
    answers,
    is_training,
    job_folder,
    matte_at,
    pid_of,
    plate_at,
    wait_for,
)
from infusion_plugin import lock
from infusion_resolve import comp_script, loader, memory, runs, status


def run(comp: Composition, resolve: Any = None) -> tuple[bool, list[str]]:
    """Run the script; whether it did what was asked, and the console's lines."""
    lines: list[str] = []
    return comp_script.main(comp, resolve, lines.append), lines


def once_training(comp: Composition, act: Callable[[], None]) -> threading.Thread:
    """Do something from outside as soon as the worker trains."""

    def later() -> None:
        try:
            wait_for(lambda: "job" in memory.recall(comp) and is_training(job_folder(comp)))
            act()
        except BaseException:
            (job_folder(comp) / "cancel").touch()  # the script would wait for ever
            raise

    thread = threading.Thread(target=later, daemon=True)
    thread.start()
    return thread


def test_two_selected_tools_become_a_loader_with_the_filled_plate(comp: Composition, tmp_path: Path) -> None:
    before, wiring = comp.names(), comp.wiring()
    comp.CurrentTime = 1004.0
    comp.answers = [answers(shot_grow=1)]
    done, lines = run(comp)
    assert done, lines
    assert comp.messages == []
    new = comp.named(loader.LOADER)
    assert set(comp.names()) - set(before) == {loader.LOADER}, "nothing else is left behind"
    assert comp.wiring() == wiring
    assert new.shown["Clip"].startswith("Comp:/infusion/shot/Plate/v001/result/")
    grown = np.zeros_like(HOLE)
    grown[7:17, 8:18] = True
    for frame in FRAMES:
        shown = new.picture(frame)
        if frame not in (1002, 1003):
            assert shown is None
            continue
        assert np.array_equal(shown[~grown], plate_at(frame)[~grown])
        assert np.all(np.any(shown != plate_at(frame), axis=-1)[HOLE])
        assert np.all(np.isfinite(shown))
    assert sorted(
        path.name for path in (tmp_path / "infusion" / "shot" / "Plate" / "v001" / "plate").iterdir()
    ) == [f"plate.{frame}.exr" for frame in range(1001, 1005)], "handles are written"
    assert [line for line in lines if "%" in line]


def test_the_composition_is_left_as_it_was(comp: Composition, tmp_path: Path) -> None:
    comp.attrs["COMPB_Proxy"] = True
    comp.CurrentTime = 1004.0
    asleep = comp.make("Saver", "Asleep", comp.named("Grade"))
    asleep.attrs["TOOLB_PassThrough"] = True
    before = {**comp.attrs}
    comp.answers = [answers()]
    done, lines = run(comp)
    assert done, lines
    assert comp.attrs == before, "range and proxy are put back"
    assert comp.CurrentTime == 1004.0
    assert not comp.named("Final").attrs["TOOLB_PassThrough"]
    assert asleep.attrs["TOOLB_PassThrough"], "a Saver that was off stays off"
    assert not list(tmp_path.glob("final.*")), "the artist's own Saver wrote nothing"
    assert read_exr(tmp_path / "infusion/shot/Plate/v001/plate/plate.1002.exr").shape == (24, 24, 4)


def test_downstream_reads_the_result_in_one_undo_step(comp: Composition) -> None:
    wiring = comp.wiring()
    comp.answers = [answers(reconnect=1)]
    done, lines = run(comp)
    assert done, lines
    assert comp.wiring()["Grade.Input"] == loader.LOADER
    assert comp.undo_names[-1] == "Infusion Inpaint"
    comp.Undo()
    assert comp.wiring() == wiring
    assert loader.LOADER not in comp.names()


def test_in_resolve_the_mask_of_the_only_media_in_is_the_matte(
    resolve_comp: Composition, tmp_path: Path
) -> None:
    comp = resolve_comp
    given = answers(shot_frames="", shot_handles=0, reconnect=1, work_folder=str(tmp_path / "work"))
    comp.answers = [given]
    done, lines = run(comp)
    assert done, lines
    shown = comp.named("MediaOut1").picture(2)
    assert comp.wiring()[f"{loader.MERGE}.Background"] == "MediaIn1", "MediaOut stays downstream of MediaIn"
    assert comp.wiring()["MediaIn1.EffectMask"] == "Polygon1", "the mask is worn again"
    assert shown is not None
    assert np.array_equal(shown[~HOLE], plate_at(1003)[~HOLE]), "the plate was not cut by its mask"
    assert np.all(np.any(shown != plate_at(1003), axis=-1)[HOLE])


def test_alpha_of_the_plate_is_a_matte(comp: Composition) -> None:
    plate = comp.named("Plate")

    def holed(frame: int) -> np.ndarray:
        return np.concatenate([plate_at(frame)[..., :3], matte_at(frame)[..., 3:]], axis=-1)

    plate.paint = holed
    comp.selected = [plate]
    comp.answers = [answers()]
    done, lines = run(comp)
    assert done, lines
    shown = comp.named(loader.LOADER).picture(1002)
    assert np.all(np.any(shown != holed(1002), axis=-1)[HOLE])
    assert np.array_equal(shown[~HOLE], holed(1002)[~HOLE])


def test_a_cancelled_dialog_changes_nothing(comp: Composition, tmp_path: Path) -> None:
    before = comp.names()
    comp.answers = [None]
    done, lines = run(comp)
    assert not done
    assert "cancelled" in lines[0]
    assert (comp.names(), comp.renders, comp.undo_names, comp.data) == (before, [], [], {})
    assert not (tmp_path / "infusion").exists()


@pytest.mark.parametrize("at", [1, 2])
def test_a_render_that_is_stopped_leaves_nothing_behind(comp: Composition, at: int) -> None:
    before, wiring = comp.names(), comp.wiring()
    calls = []

    def stop() -> bool:
        calls.append(1)
        return len(calls) != at

    comp.before_render = stop
    comp.answers = [answers()]
    done, lines = run(comp)
    assert not done
    assert "did not finish rendering" in comp.messages[0]
    assert "did not finish rendering" in lines[-1], "the console says it too"
    assert (comp.names(), comp.wiring()) == (before, wiring)
    assert not comp.named("Final").attrs["TOOLB_PassThrough"]
    assert not comp.is_locked
    assert "job" not in memory.recall(comp)


def test_a_render_that_says_true_and_writes_nothing_is_found_out(
    comp: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Composition, "Render", lambda self, settings: True)
    comp.answers = [answers()]
    done, _ = run(comp)
    assert not done
    assert "1001-1004 were not written" in comp.messages[0]


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_worker_that_dies_is_explained_and_resumed(comp: Composition) -> None:
    before = comp.names()
    comp.answers = [answers(more_settings=LONGER)]
    killer = once_training(comp, lambda: os.kill(pid_of(job_folder(comp)), signal.SIGKILL))
    done, _ = run(comp)
    killer.join()
    assert not done
    assert "memory" in comp.messages[0]
    assert runs.RESUME in comp.messages[0]
    assert comp.names() == before, "no note is left"
    comp.answers = [{"action": runs.RESUME}]
    done, lines = run(comp)
    assert done, lines
    assert comp.dialogs[-1][1]["Options"] == {1: runs.RESUME, 2: runs.FILL, 3: runs.SEND}
    assert np.array_equal(comp.named(loader.LOADER).picture(1002)[~HOLE], plate_at(1002)[~HOLE])


def delete_note_saying(comp: Composition, text: str) -> None:
    """As the artist does once the note is there and says ``text``."""
    wait_for(
        lambda: status.NOTE in comp.names() and text in comp.named(status.NOTE).shown.get("Comments", "")
    )
    comp.named(status.NOTE).Delete()


def test_deleting_the_note_stops_the_run(comp: Composition) -> None:
    comp.answers = [answers(more_settings=ENDLESS)]
    deleter = once_training(comp, lambda: delete_note_saying(comp, status.HINT))
    done, lines = run(comp)
    deleter.join()
    assert not done
    assert "Cancelled" in lines[-1]
    assert comp.messages == []
    assert lock.holder(job_folder(comp)) is None
    assert status.NOTE not in comp.names()


def test_a_closed_composition_leaves_the_run_at_work_and_finds_it_again(
    comp: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    comp.answers = [answers(more_settings=ENDLESS)]

    def close() -> None:
        comp.is_closed = True

    closer = once_training(comp, close)
    done, lines = run(comp)
    closer.join()
    assert not done
    assert "goes on" in lines[-1]
    assert lock.holder(job_folder(comp)) is not None
    comp.is_closed = False
    comp.tools.remove(comp.named(status.NOTE))
    comp.selected = []
    comp.answers = [{"action": runs.CANCEL}]
    done, lines = run(comp)
    assert comp.dialogs[-1][1]["Options"] == {1: runs.WATCH, 2: runs.CANCEL}
    assert done
    assert "Cancelled" in lines[-1]
    assert lock.holder(job_folder(comp)) is None


def test_tasks_of_a_farm_that_nobody_here_sent_leave_all_choices(comp: Composition, tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text("{}")
    (tmp_path / "events.jsonl").write_text('{"event": "started", "schema_version": 1}\n')
    memory.remember(comp, job=tmp_path.as_posix())
    assert runs.possible(comp) == [runs.RESUME, *runs.NEW]


def test_a_worker_that_cannot_start_says_why(comp: Composition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFUSION_PYTHON", "/no/such/python")
    comp.answers = [answers()]
    done, _ = run(comp)
    assert not done
    assert "/no/such/python" in comp.messages[0]


def test_the_cores_complaint_reaches_the_artist(comp: Composition) -> None:
    comp.answers = [answers(shot_matte_channel="nonsense")]
    done, _ = run(comp)
    assert not done
    assert "nonsense" in comp.messages[0]


def test_locked_and_rendering_compositions_are_left_alone(comp: Composition) -> None:
    comp.attrs["COMPB_Rendering"] = True
    assert not run(comp)[0]
    assert "rendering" in comp.messages.pop()
    comp.attrs["COMPB_Rendering"] = False
    comp.Lock()
    done, lines = run(comp)
    assert not done
    assert "comp:Unlock()" in lines[0]
    assert comp.is_locked, "whoever locked it may still be at work"
    assert comp.dialogs == []


@pytest.mark.slow
def test_path_maps_are_followed_and_kept(comp: Composition, tmp_path: Path) -> None:
    comp.maps["Shots:/"] = f"{tmp_path}/elsewhere/"
    comp.answers = [answers(work_folder="Shots:/fills")]
    done, lines = run(comp)
    assert done, lines
    assert comp.named(loader.LOADER).shown["Clip"].startswith("Shots:/fills/")
    comp.answers = [answers(action=runs.FILL, work_folder="Unknown:/fills")]
    assert not run(comp)[0]
    assert "leads nowhere" in comp.messages[0]


@pytest.mark.slow
def test_a_second_version_a_take_and_the_last_result(comp: Composition) -> None:
    comp.answers = [answers()]
    assert run(comp)[0]
    first = read_exr(Path(comp.MapPath(comp.named(loader.LOADER).shown["Clip"])))
    comp.answers = [answers(action=runs.TAKE, run_seed=7)]
    done, lines = run(comp)
    assert done, lines
    newest = comp.tools[-1]
    assert "seed7" in newest.shown["Clip"]
    other = newest.picture(1002)
    assert np.any(other[HOLE] != first[HOLE])
    assert np.array_equal(other[~HOLE], first[~HOLE])
    comp.answers = [answers(action=runs.LOAD)]
    assert run(comp)[0]
    assert "seed7" in comp.tools[-1].shown["Clip"]
    comp.answers = [answers(action=runs.FILL)]
    assert run(comp)[0]
    assert "/v002/" in comp.tools[-1].shown["Clip"]
    assert comp.dialogs[-1][1]["Options"] == dict(enumerate([*runs.NEW, runs.TAKE, runs.LOAD], 1))


@pytest.mark.slow
def test_a_job_on_the_farm_is_watched_and_its_result_loaded(comp: Composition) -> None:
    before = comp.names()
    comp.answers = [answers(action=runs.SEND)]
    done, lines = run(comp)
    assert done, lines
    template = job_folder(comp).with_suffix(".openjd") / "template.yaml"
    assert any(str(template) in line for line in lines)

    comp.answers = [{"action": runs.WATCH}]
    deleter = threading.Thread(target=delete_note_saying, args=(comp, status.FARM_HINT))
    deleter.start()
    done, lines = run(comp)
    deleter.join()
    assert comp.dialogs[-1][1]["Options"] == dict(enumerate([runs.WATCH, *runs.NEW], 1))
    assert not done
    assert any("the farm goes on" in line for line in lines)
    assert comp.names() == before

    openjd = Path(sys.executable).parent / "openjd"
    comp.answers = [{"action": runs.WATCH}]
    with subprocess.Popen([str(openjd), "run", str(template)], stdout=subprocess.DEVNULL):
        done, lines = run(comp)
    assert done, lines
    assert any("Training" in line for line in lines)
    shown = comp.named(loader.LOADER).picture(1002)
    assert np.array_equal(shown[~HOLE], plate_at(1002)[~HOLE])
    assert np.all(np.any(shown != plate_at(1002), axis=-1)[HOLE])


def test_a_farm_that_does_not_take_the_job_is_explained(
    comp: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFUSION_FARM", "opencue")
    monkeypatch.setenv("CUEBOT_HOSTS", "localhost:1")
    comp.answers = [answers(action=runs.SEND)]
    assert not run(comp)[0]
    assert "not sent: No Cuebot answers" in comp.messages[0]
