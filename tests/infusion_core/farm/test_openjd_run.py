"""An OpenJD template checked and run by OpenJD's own tool, killed in the middle and run again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from farm_shots import INTERVALS, environment

from infusion_core.farm.checks import put_job
from infusion_core.farm.shot_list import read_shot_list

OPENJD = Path(sys.executable).parent / "openjd"
pytestmark = pytest.mark.skipif(not OPENJD.exists(), reason="openjd-cli is not installed")


def openjd(*words: str) -> list[str]:
    return [str(OPENJD), *words]


def steps_of(template: Path) -> list[str]:
    return [step["name"] for step in json.loads(template.read_text())["steps"]]


def run_template(template: Path) -> subprocess.CompletedProcess[str]:
    """Run the last step and all that it waits for."""
    words = openjd("run", str(template), "--step", steps_of(template)[-1], "--run-dependencies")
    return subprocess.run(words, capture_output=True, text=True, env=environment(), timeout=250, check=False)


def test_openjd_accepts_the_template(make_list, infusion_here) -> None:
    listed = make_list(2)
    template = listed.path.parent / "farm" / "template.yaml"
    done = infusion_here("submit", str(listed.path), "--farm", "openjd", "--output", str(template))
    assert done.returncode == 0, done.stderr
    assert str(template) in done.stdout
    checked = subprocess.run(openjd("check", str(template)), capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    names = ["prepare", *(f"train {k:02d}" for k in range(INTERVALS)), "export", "assemble"]
    assert steps_of(template) == [f"{shot.name} {name}" for shot in listed.shots for name in names]
    assert all((shot.job / "job.json").exists() for shot in listed.shots)


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_pixels(one_shot, infusion) -> None:
    (shot,) = one_shot.shots
    frames = ("--frames", shot.frames) if shot.frames else ()
    config = str(one_shot.path.parent / "tiny.toml")
    assert (
        infusion("inpaint", shot.plate, shot.matte, shot.output, "--config", config, *frames).returncode == 0
    )
    expected = shot.pixels()
    shot.forget()

    template = one_shot.path.parent / "template.yaml"
    submitted = infusion("submit", str(one_shot.path), "--output", str(template), "--chunk", "3")
    assert submitted.returncode == 0, submitted.stderr
    _run_and_kill_in_training(template, shot)
    assert not shot.outputs()
    done = run_template(template)
    assert done.returncode == 0, done.stdout + done.stderr
    np.testing.assert_array_equal(shot.pixels(), expected)


def _run_and_kill_in_training(template: Path, shot) -> None:
    words = openjd("run", str(template), "--step", steps_of(template)[-1], "--run-dependencies")
    runner = subprocess.Popen(
        words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    losses, lock = shot.job / "losses.jsonl", shot.job / "lock"
    until = time.monotonic() + 150
    while time.monotonic() < until and runner.poll() is None:
        if lock.exists() and losses.exists() and losses.read_text().count("\n") > 50:
            break
        time.sleep(0.02)
    assert runner.poll() is None
    os.kill(json.loads(lock.read_text())["pid"], signal.SIGKILL)
    assert runner.wait(timeout=60) != 0


def test_a_job_folder_is_submitted_as_hosts_do(make_list, infusion_here) -> None:
    listed = make_list(1)
    shot = listed.shots[0]
    put_job(read_shot_list(listed.path)[0])
    done = infusion_here("submit", str(shot.job), "--farm", "openjd")
    assert done.returncode == 0, done.stderr
    template = shot.folder / "clean.openjd" / "template.yaml"
    assert steps_of(template)[0] == "clean prepare"
    (shot.folder / "plate.1002.exr").unlink()
    refused = infusion_here("submit", str(shot.job))
    assert refused.returncode == 2
    assert "1002" in refused.stderr.strip().splitlines()[-1]
