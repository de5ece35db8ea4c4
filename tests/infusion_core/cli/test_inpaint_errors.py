"""What is wrong is found before any work, named, and nothing is written."""

import json
import os
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from infusion_core.job.lock import FolderLock


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def rewrite(path: str, shape: tuple[int, int, int], value: float, channels: tuple[str, ...]) -> None:
    spec = oiio.ImageSpec(shape[1], shape[0], shape[2], oiio.HALF)
    spec.channelnames = channels
    buffer = oiio.ImageBuf(spec)
    buffer.set_pixels(spec.roi, np.full(shape, value, np.float32))
    assert buffer.write(path)


def no_plate_frame(shot) -> list[str]:
    Path(shot.plate % 1004).unlink()
    return ["--frames", "1001-1005"]


def no_matte_frame(shot) -> list[str]:
    Path(shot.matte % 1003).unlink()
    return []


def other_size(shot) -> list[str]:
    rewrite(shot.plate % 1002, (12, 32, 4), 0.5, ("R", "G", "B", "Z"))
    return []


def other_matte_size(shot) -> list[str]:
    rewrite(shot.matte % 1002, (24, 30, 1), 0.0, ("A",))
    return []


def empty_matte(shot) -> list[str]:
    for frame in range(1001, 1006):
        rewrite(shot.matte % frame, (24, 32, 1), 0.0, ("A",))
    return []


def full_matte(shot) -> list[str]:
    rewrite(shot.matte % 1002, (24, 32, 1), 1.0, ("A",))
    return []


def truncated_plate(shot) -> list[str]:
    path = Path(shot.plate % 1005)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return []


def no_picture(shot) -> list[str]:
    Path(shot.plate % 1001).write_text("not a picture")
    return []


def existing_output(shot) -> list[str]:
    shutil.copy(shot.plate % 1002, shot.output % 1002)
    return []


def unknown_setting(shot) -> list[str]:
    shot.config.write_text("[training]\nsparkle = 3\n")
    return []


def broken_toml(shot) -> list[str]:
    shot.config.write_text("[training\n")
    return []


def words(*options: str) -> Callable[[object], list[str]]:
    return lambda shot: list(options)


CASES = {
    "missing plate frame": (no_plate_frame, ["1004", "missing"]),
    "missing matte frame": (no_matte_frame, ["1003", "matte"]),
    "frames of two sizes": (other_size, ["plate.1002.exr", "32x12", "32x24"]),
    "matte of another size": (other_matte_size, ["matte.1002.exr", "30x24", "32x24"]),
    "empty matte": (empty_matte, ["matte", "empty"]),
    "matte covers a frame": (full_matte, ["matte.1002.exr", "whole picture"]),
    "truncated file": (truncated_plate, ["plate.1005.exr"]),
    "not a picture": (no_picture, ["plate.1001.exr"]),
    "output exists": (existing_output, ["clean.1002.exr", "--overwrite"]),
    "unknown setting in a file": (unknown_setting, ["tiny.toml", "training.sparkle"]),
    "broken settings file": (broken_toml, ["tiny.toml", "TOML"]),
    "range outside the sequence": (words("--frames", "990-1003"), ["990", "1001-1005"]),
    "unreadable range": (words("--frames", "first to last"), ["frame range"]),
    "unknown matte channel": (words("--matte-channel", "roto"), ["roto", "A"]),
    "unknown layer": (words("--layer", "beauty"), ["beauty"]),
    "unknown setting": (words("--set", "training.sparkle=3"), ["training.sparkle"]),
    "setting outside its range": (words("--set", "training.window=0"), ["training.window", "1 to 1000"]),
    "setting of the wrong type": (words("--set", "training.window=wide"), ["training.window", "int"]),
    "option outside its range": (words("--threshold", "3"), ["threshold"]),
    "unknown option": (words("--sparkle"), ["sparkle"]),
    "too little memory": (words("--memory", "0.0001"), ["GiB", "--memory"]),
    "intervals that do not fit": (
        words("--set", "stages.intervals=999", "--set", "stages.t_low=900"),
        ["999 intervals"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_input_is_refused_in_words(shot, infusion_here, case: str) -> None:
    spoil, told = CASES[case]
    options = spoil(shot)
    before = files_of(shot.folder)
    done = infusion_here(*shot.words, *options)
    assert done.returncode == 2, done.stderr
    for text in told:
        assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert files_of(shot.folder) == before


@pytest.mark.parametrize(
    ("plate", "told"), [("nowhere/plate.%04d.exr", "No file"), ("nowhere", "no such file or folder")]
)
def test_a_plate_that_is_not_there(shot, infusion_here, plate: str, told: str) -> None:
    done = infusion_here("inpaint", plate, shot.matte, shot.output)
    assert done.returncode == 2
    assert told in done.stderr


def test_an_output_that_would_replace_the_plate(shot, infusion_here) -> None:
    done = infusion_here(
        "inpaint", shot.plate, shot.matte, shot.plate, "--overwrite", "--config", str(shot.config)
    )
    assert done.returncode == 2
    assert "would replace the plate" in done.stderr


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_an_output_folder_without_access(shot, infusion_here) -> None:
    locked = shot.folder / "locked"
    locked.mkdir(mode=0o500)
    done = infusion_here(*shot.words[:3], str(locked / "clean.%04d.exr"), *shot.words[4:])
    assert done.returncode == 2
    assert str(locked) in done.stderr


def test_an_output_below_a_file_is_refused(shot, infusion_here) -> None:
    output = str(shot.config / "clean.%04d.exr")
    done = infusion_here(*shot.words[:3], output, *shot.words[4:])
    assert done.returncode == 2, done.stderr


def test_words_are_missing(shot, infusion_here) -> None:
    done = infusion_here("inpaint", shot.plate, shot.matte)
    assert done.returncode == 2
    assert "OUTPUT" in done.stderr
    assert infusion_here("inpaint", "--resume", "--job", str(shot.job)).returncode == 2
    assert infusion_here("paint").returncode == 2


def test_a_job_folder_that_another_run_holds(shot, infusion_here) -> None:
    with FolderLock(shot.job / "lock"):
        done = infusion_here(*shot.words)
    assert done.returncode == 2
    assert f"process {os.getpid()} on {socket.gethostname()}" in done.stderr
    assert not (shot.job / "job.json").exists()


def test_a_job_that_was_started_otherwise(shot, infusion_here) -> None:
    shot.job.mkdir()
    other = {"schema_version": 1, "plate": shot.plate, "matte": shot.matte, "output": shot.output}
    (shot.job / "job.json").write_text(json.dumps(other))
    (shot.job / "checkpoint.safetensors").write_bytes(b"work")
    done = infusion_here(*shot.words, "--resume")
    assert done.returncode == 2
    assert "network.channels: 6, not " in done.stderr
    assert infusion_here("inpaint", "--job", str(shot.job), "--resume", "--seed", "4").returncode == 2


def test_a_dry_run_says_all_and_writes_nothing(shot, infusion_here) -> None:
    before = files_of(shot.folder)
    done = infusion_here(*shot.words, "--dry-run", "--handles", "1", "--frames", "1002-1004")
    assert done.returncode == 0, done.stderr
    for text in ("1002-1004 (3)", "1001,1005", "px", "GiB", "6 training steps", "clean.infusion", "grow=0"):
        assert text in done.stdout
    assert files_of(shot.folder) == before

    done = infusion_here(
        *shot.words, "--dry-run", "--progress", "json", "--grow", "2", "--set", "stages.intervals=3"
    )
    plan = json.loads(done.stdout)
    assert plan["settings"]["shot"]["grow"] == 2
    assert plan["intervals"][0]["t_high"] == 999
    assert len(plan["intervals"]) == 3
    assert (plan["num_training_steps"], plan["trunk_steps"]) == (9, 0)
    assert plan["memory_bytes"] > 0
    done = infusion_here(*shot.words, "--dry-run", "--set", "training.mode=parallel")
    assert "6 of the training steps; after it 2 experts" in done.stdout
    assert "12 training steps" in done.stdout
    assert files_of(shot.folder) == before


def test_a_dry_run_finds_what_a_run_would(shot, infusion_here) -> None:
    truncated_plate(shot)
    done = infusion_here(*shot.words, "--dry-run")
    assert done.returncode == 2
    assert "plate.1005.exr" in done.stderr


def test_anything_else_exits_with_1_and_names_the_log(shot, infusion_here, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the cat sat on the keyboard")

    monkeypatch.setattr("infusion_core.job.steps.train", fail)
    done = infusion_here(*shot.words)
    assert done.returncode == 1
    assert "the cat sat on the keyboard" in done.stderr
    assert "Traceback" not in done.stderr
    log = shot.job / "log.txt"
    assert str(log) in done.stderr
    assert "Traceback" in log.read_text()
    verbose = infusion_here(*shot.words, "--verbose")
    assert verbose.returncode == 1
    assert "Traceback" in verbose.stderr


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate"),
        RuntimeError("can't allocate memory"),
    ],
)
def test_running_out_of_memory_is_said_in_words(shot, infusion_here, monkeypatch, error: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("infusion_core.job.steps.train", fail)
    done = infusion_here(*shot.words)
    assert done.returncode == 2
    assert "Out of memory" in done.stderr


def test_checks_are_quick(shot, infusion_here) -> None:
    Path(shot.matte % 1003).unlink()
    begun = time.monotonic()
    infusion_here(*shot.words)
    assert time.monotonic() - begun < 5
