"""The steps of a job as commands: one after another, twice, stopped, with the words of OpenJD."""

import json
import re
import signal
import subprocess

import numpy as np
import pytest
from farm_shots import INTERVALS, command_line, environment, wait_for_training

from infusion_core.farm.checks import put_job
from infusion_core.farm.shot_list import read_shot_list
from infusion_core.job.losses import read_losses


@pytest.fixture
def job(make_list):
    """A tiny shot whose job folder was made."""
    listed = make_list(1)
    put_job(read_shot_list(listed.path)[0])
    return listed.shots[0]


def test_the_steps_in_turn_are_the_whole_and_each_comes_twice_for_nothing(job, infusion_here) -> None:
    folder = str(job.job)
    early = infusion_here("assemble", folder)
    assert early.returncode == 2
    assert "not prepared" in early.stderr
    assert infusion_here("prepare", folder).returncode == 0
    for k in range(INTERVALS):
        for _ in range(2):
            done = infusion_here("train", folder, "--interval", str(k), "--progress", "openjd")
            assert done.returncode == 0, done.stderr
            assert [row[:2] for row in read_losses(job.job / "losses.jsonl")] == [
                (interval, step) for interval in range(k + 1) for step in range(3)
            ]
        assert (job.job / "result.safetensors").exists() == (k == INTERVALS - 1)
        assert not (job.job / "lock").exists()
    assert infusion_here("export", folder).returncode == 0
    assert infusion_here("assemble", folder, "--frames", "1001-1002").returncode == 0
    assert set(job.outputs()) == {1001, 1002}
    outside = infusion_here("assemble", folder, "--frames", "1004-1005")
    assert outside.returncode == 2
    assert "1005" in outside.stderr
    stamp = job.outputs()[1001].stat().st_mtime_ns
    assert infusion_here("assemble", folder).returncode == 0
    assert set(job.outputs()) == {1001, 1002, 1003, 1004}
    assert job.outputs()[1001].stat().st_mtime_ns == stamp
    events = [json.loads(line) for line in (job.job / "events.jsonl").read_text().splitlines()]
    assert events[-1]["event"] == "done"
    assert [event["event"] for event in events].count("started") == 1


def test_openjd_reads_progress_and_failure(job, infusion_here) -> None:
    done = infusion_here("prepare", str(job.job), "--progress", "openjd")
    assert done.returncode == 0
    percents = [int(text) for text in re.findall(r"^openjd_progress: (\d+)$", done.stdout, re.MULTILINE)]
    assert percents == sorted(set(percents))
    assert percents[-1] == 100
    assert re.search(r"^openjd_status: .+$", done.stdout, re.MULTILINE)
    failed = infusion_here("export", str(job.job), "--progress", "openjd")
    assert failed.returncode == 2
    assert re.search(r"^openjd_fail: The training of this job is not finished", failed.stdout, re.MULTILINE)


def test_a_stopped_task_says_run_me_again_and_goes_on(make_list, infusion) -> None:
    listed = make_list(1, steps=60)
    put_job(read_shot_list(listed.path)[0])
    shot = listed.shots[0]
    assert infusion("prepare", str(shot.job)).returncode == 0
    words = command_line("train", str(shot.job), "--interval", "1")
    process = subprocess.Popen(words, env=environment(), stderr=subprocess.PIPE, text=True)
    losses = shot.job / "losses.jsonl"
    wait_for_training(shot, 10)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 75, err
    assert 10 < len(read_losses(losses)) < 120
    assert not (shot.job / "lock").exists()
    assert infusion("train", str(shot.job), "--interval", "1").returncode == 0
    assert [row[:2] for row in read_losses(losses)] == [(k, i) for k in range(2) for i in range(60)]
    assert np.isfinite([row[2] for row in read_losses(losses)]).all()
