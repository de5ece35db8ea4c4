"""Batches as real processes: one broken shot of six, running again, stopping, slots."""

import json
import signal
import subprocess

import numpy as np
import pytest
from farm_shots import TinyShot, command_line, environment, wait_for_training, write_exr

from infusion_core.farm.slots import Slot, make_slots, visible_gpus
from infusion_core.settings import override, resolve


def outcome(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return {shot["name"]: shot["status"] for shot in json.loads(done.stdout)["shots"]}


def empty(shot: TinyShot) -> None:
    """Make the matte black on every frame, which shows only once its pixels are read."""
    for path in shot.folder.glob("matte.*.exr"):
        write_exr(path, np.zeros((24, 24, 1)), ("A",))


@pytest.mark.slow
def test_one_broken_shot_of_six_does_not_stop_the_others(make_list, infusion) -> None:
    listed = make_list(6)
    broken = listed.shots[2]
    mattes = {path: path.read_bytes() for path in broken.folder.glob("matte.*.exr")}
    empty(broken)
    words = ("batch", str(listed.path), "--at-once", "2", "--summary", "-")
    first = infusion(*words)
    assert first.returncode == 1, first.stderr
    assert outcome(first) == {s.name: "failed" if s is broken else "done" for s in listed.shots}
    failed = json.loads(first.stdout)["shots"][2]
    assert failed["error"]["type"] == "InputError"
    assert "hole is empty" in failed["error"]["message"]
    assert failed["error"]["message"] in failed["message"]
    assert not broken.outputs()

    good = [shot for shot in listed.shots if shot is not broken]
    assert all(len(shot.outputs()) == 4 for shot in good)
    stamps = {path: path.stat().st_mtime_ns for shot in good for path in shot.outputs().values()}
    good[0].outputs()[1003].unlink()
    for path, whole in mattes.items():
        path.write_bytes(whole)
    spreadsheet = listed.path.with_suffix(".csv")  # of production tracking, saying the same
    lines = [f"{shot.name},{shot.plate},{shot.matte},{shot.output},tiny.toml" for shot in listed.shots]
    spreadsheet.write_text("\n".join(["name,plate,matte,output,config", *lines]))
    again = infusion("batch", str(spreadsheet), "--at-once", "2", "--summary", "-")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["counts"] == {
        "done": 2, "complete": 4, "failed": 0, "cancelled": 0, "waiting": 0
    }  # fmt: skip
    assert outcome(again) == {
        shot.name: "done" if shot in (broken, good[0]) else "complete" for shot in listed.shots
    }
    after = {path: path.stat().st_mtime_ns for path in stamps}
    assert [path.name for path in stamps if after[path] != stamps[path]] == ["clean.1003.exr"]
    assert len(broken.outputs()) == 4


def test_nothing_starts_while_the_inputs_of_a_shot_are_wrong(make_list, infusion_here) -> None:
    listed = make_list(3)
    (listed.shots[1].folder / "matte.1002.exr").unlink()
    (listed.shots[2].folder / "plate.1003.exr").unlink()
    for words in ((), ("--dry-run",)):
        done = infusion_here("batch", str(listed.path), *words)
        assert done.returncode == 2
        assert "sh001: " in done.stderr
        assert "sh002: " in done.stderr
        assert not any(shot.job.exists() for shot in listed.shots)
    done = infusion_here("batch", str(listed.path), "--skip-broken", "--dry-run")
    assert done.returncode == 1
    assert "1 of 3" in done.stderr


@pytest.mark.slow
def test_a_stopped_batch_keeps_its_work_and_ends_with_the_same_pixels(make_list, infusion) -> None:
    listed = make_list(2, steps=60)
    words = ["batch", str(listed.path), "--summary", "-"]
    from_start = infusion("batch", str(listed.path))
    assert from_start.returncode == 0, from_start.stderr
    expected = [shot.pixels() for shot in listed.shots]
    for shot in listed.shots:
        (shot.job / "result.safetensors").unlink()
        (shot.job / "checkpoint.safetensors").unlink()
        (shot.job / "losses.jsonl").unlink()
        for path in shot.outputs().values():
            path.unlink()

    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command_line(*words), env=environment(), **pipes)
    wait_for_training(listed.shots[0], 10)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    statuses = {shot["name"]: shot["status"] for shot in json.loads(out)["shots"]}
    assert statuses == {"sh000": "cancelled", "sh001": "waiting"}
    assert (listed.shots[0].job / "checkpoint.safetensors").exists()

    again = infusion(*words)
    assert again.returncode == 0, again.stderr
    for shot, pixels in zip(listed.shots, expected, strict=True):
        np.testing.assert_array_equal(shot.pixels(), pixels)


def test_work_of_another_job_is_never_lost(make_list, infusion_here) -> None:
    listed = make_list(1)
    shot = listed.shots[0]
    shot.job.mkdir()
    other = listed.path.read_text().replace('config = "tiny.toml"', 'config = "tiny.toml"\nseed = 3')
    (listed.path.parent / "other.toml").write_text(other)
    from infusion_core.farm.checks import put_job
    from infusion_core.farm.shot_list import read_shot_list

    put_job(read_shot_list(listed.path.parent / "other.toml")[0])
    (shot.job / "result.safetensors").write_bytes(b"hours of work")
    done = infusion_here("batch", str(listed.path))
    assert done.returncode == 2
    assert "run.seed" in done.stderr
    assert (shot.job / "result.safetensors").read_bytes() == b"hours of work"


def test_each_gpu_holds_one_shot() -> None:
    assert make_slots(["0", "1"], 0) == [Slot("0"), Slot("1")]
    assert make_slots(["0", "1"], 1) == [Slot("0")]
    assert make_slots(["0", "1"], 8) == [Slot("0"), Slot("1")]
    assert make_slots([], 0) == [Slot()]
    assert len(make_slots([], 3)) == 3
    assert all(slot.threads >= 1 and not slot.gpu for slot in make_slots([], 3))


def test_a_shot_sees_its_own_gpu_as_the_first() -> None:
    slot = Slot("GPU-1234")
    assert slot.environment() == {"CUDA_VISIBLE_DEVICES": "GPU-1234"}
    settings = override(resolve("draft"), {"run": {"device": "cuda:1"}})
    assert slot.options(settings) == ["--device", "cuda"]
    assert Slot(threads=2).options(resolve("draft")) == ["--threads", "2"]


@pytest.mark.parametrize(("given", "found"), [("", []), ("-1", []), ("2,GPU-5", ["2", "GPU-5"])])
def test_the_users_choice_of_gpus_holds(monkeypatch, given: str, found: list[str]) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    assert visible_gpus() == found
