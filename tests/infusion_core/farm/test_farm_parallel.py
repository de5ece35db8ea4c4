"""Parallel mode on a farm: the fan-out, experts side by side as processes, killed and run again."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from farm_shots import INTERVALS, command_line, environment, wait_for

from infusion_core.farm.checks import put_job
from infusion_core.farm.shot_list import read_shot_list
from infusion_core.farm.tasks import tasks_of
from infusion_core.job.losses import read_losses

OPENJD = Path(sys.executable).parent / "openjd"
needs_openjd = pytest.mark.skipif(not OPENJD.exists(), reason="openjd-cli is not installed")


def start(*words):
    return subprocess.Popen(command_line(*words), env=environment(), stderr=subprocess.PIPE, text=True)


def hold_in_training(losses):
    """Halt each process once it has trained some steps, so that none ends before the slowest has started."""
    running = dict(losses)

    def halted():
        for process in [p for p, path in running.items() if len(read_losses(path)) > 5]:
            process.send_signal(signal.SIGSTOP)
            del running[process]
        return not running

    wait_for(halted)


def in_one_process(listed, shot, infusion):
    """The pixels of ``infusion inpaint``; leaves no trace of it."""
    paths = [str(shot.folder / f"{name}.%04d.exr") for name in ("plate", "matte", "clean")]
    options = ("--config", str(listed.path.parent / "tiny.toml"), "--set", "training.mode=parallel")
    done = infusion("inpaint", *paths, *options)
    assert done.returncode == 0, done.stderr
    pixels = shot.pixels()
    shutil.rmtree(shot.job)
    for path in shot.outputs().values():
        path.unlink()
    return pixels


def test_experts_side_by_side_killed_and_stopped_give_the_pixels_of_one_process(make_list, infusion) -> None:
    listed = make_list(1, steps=60, mode="parallel")
    shot = listed.shots[0]
    expected = in_one_process(listed, shot, infusion)
    put_job(read_shot_list(listed.path)[0])
    folder = str(shot.job)
    for step in ("prepare", "trunk"):
        assert infusion(step, folder).returncode == 0
    own = [shot.job / "tasks" / f"interval_{k:02d}" for k in range(INTERVALS)]

    experts = {k: start("train", folder, "--interval", str(k)) for k in (2, 0)}
    hold_in_training({experts[k]: own[k] / "losses.jsonl" for k in experts})
    assert all((own[k] / "lock").exists() for k in experts)
    experts[2].send_signal(signal.SIGKILL)
    experts[0].send_signal(signal.SIGTERM)
    experts[0].send_signal(signal.SIGCONT)
    _, err = experts[0].communicate(timeout=60)
    assert experts[0].returncode == 75, err
    experts[2].communicate(timeout=60)
    assert (own[0] / "checkpoint.safetensors").exists()

    experts = {k: start("train", folder, "--interval", str(k)) for k in range(INTERVALS)}
    for process in experts.values():
        _, err = process.communicate(timeout=100)
        assert process.returncode == 0, err
    for step in ("sample", "export", "assemble"):
        done = infusion(step, folder)
        assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(shot.pixels(), expected)
    assert [row[:2] for row in read_losses(shot.job / "losses.jsonl")] == [
        *((-1, step) for step in range(120)),
        *((k, step) for k in range(INTERVALS) for step in range(60)),
    ]
    _check_events(shot.job / "events.jsonl")


def _check_events(path: Path) -> None:
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert events[-1]["event"] == "done"
    fractions = {stage: [] for stage in ("prepare", "train", "denoise", "export", "write")}
    for event in events:
        if event["event"] == "progress":
            fractions[event["stage"]].append(event["fraction"])
    assert max(fractions["prepare"]) < min(fractions["train"])
    assert max(fractions["train"]) < 0.95
    assert 0.9 < fractions["denoise"][-1] < min(fractions["write"]) <= 1.0


def test_a_job_in_sequential_mode_says_so(make_list, infusion_here) -> None:
    listed = make_list(1)
    put_job(read_shot_list(listed.path)[0])
    for step in ("trunk", "sample"):
        done = infusion_here(step, str(listed.shots[0].job))
        assert done.returncode == 2
        assert "one after the other" in done.stderr


def test_every_expert_waits_for_the_trunk_alone_and_the_sampling_for_all(make_list) -> None:
    tasks = {task.name: task for task in tasks_of(read_shot_list(make_list(1, mode="parallel").path))}
    experts = tuple(f"sh000 train {k:02d}" for k in reversed(range(INTERVALS)))
    assert {name: task.after for name, task in tasks.items()} == {
        "sh000 prepare": (),
        "sh000 trunk": ("sh000 prepare",),
        **dict.fromkeys(experts, ("sh000 trunk",)),
        "sh000 sample": experts,
        "sh000 export": ("sh000 sample",),
        "sh000 assemble": ("sh000 sample",),
    }


def submitted(listed, infusion) -> Path:
    template = listed.path.parent / "template.yaml"
    done = infusion("submit", str(listed.path), "--output", str(template), "--chunk", "3")
    assert done.returncode == 0, done.stderr
    return template


@needs_openjd
def test_openjd_takes_the_experts_as_one_step_over_the_intervals(make_list, infusion_here) -> None:
    listed = make_list(2, mode="parallel")
    template = submitted(listed, infusion_here)
    words = [str(OPENJD), "check", str(template)]
    checked = subprocess.run(words, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    steps = {step["name"]: step for step in json.loads(template.read_text())["steps"]}
    names = ["prepare", "trunk", "train", "sample", "export", "assemble"]
    assert list(steps) == [f"{shot.name} {name}" for shot in listed.shots for name in names]
    train = steps["sh001 train"]
    assert train["parameterSpace"]["taskParameterDefinitions"][0]["range"] == [2, 1, 0]
    assert train["dependencies"] == [{"dependsOn": "sh001 trunk"}]
    assert steps["sh001 sample"]["dependencies"] == [{"dependsOn": "sh001 train"}]


@needs_openjd
@pytest.mark.slow
def test_openjd_runs_a_killed_fan_out_to_the_same_pixels(make_list, infusion) -> None:
    listed = make_list(1, steps=40, mode="parallel")
    shot = listed.shots[0]
    expected = in_one_process(listed, shot, infusion)
    template = submitted(listed, infusion)
    words = [str(OPENJD), "run", str(template), "--step", "sh000 assemble", "--run-dependencies"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    runner = subprocess.Popen(words, env=environment(), start_new_session=True, **quiet)
    own = shot.job / "tasks" / "interval_01"
    wait_for(lambda: len(read_losses(own / "losses.jsonl")) > 5)
    os.kill(json.loads((own / "lock").read_text())["pid"], signal.SIGKILL)
    assert runner.wait(timeout=60) != 0
    assert not shot.outputs()
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    np.testing.assert_array_equal(shot.pixels(), expected)
