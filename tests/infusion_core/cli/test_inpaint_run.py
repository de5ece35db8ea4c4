"""Whole runs as real processes: the result, resuming, killing, other takes."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from infusion_core.job.losses import read_losses

# Real processes, each of which starts PyTorch: seconds on a free machine, minutes on a busy one.
pytestmark = pytest.mark.timeout(900)


def assert_only_the_hole_changed(shot) -> None:
    before, after = shot.pixels(shot.plate), shot.pixels()
    hole = shot.pixels(shot.matte)[..., 0] > 0
    assert before[~hole].tobytes() == after[~hole].tobytes()
    assert before[..., 3].tobytes() == after[..., 3].tobytes()
    assert np.isfinite(after).all()
    assert (before[hole][:, :3] != after[hole][:, :3]).mean() > 0.9


@pytest.mark.slow
def test_a_run_fills_the_hole_and_leaves_a_whole_job(shot, infusion) -> None:
    done = infusion(*shot.words)
    assert done.returncode == 0, done.stderr
    assert "Wrote 5 frames" in done.stderr
    assert_only_the_hole_changed(shot)
    names = {str(path.relative_to(shot.job)) for path in shot.job.rglob("*") if path.is_file()}
    assert {
        "job.json", "shot.safetensors", "losses.jsonl", "log.txt", "checkpoint.safetensors",
        "result.safetensors", "bundle/manifest.json", "experts/interval_00.safetensors",
        "experts/interval_01.safetensors", "previews/interval_00.png", "previews/interval_01.png",
    } <= names  # fmt: skip
    assert not [name for name in names if Path(name).name.startswith(".") or Path(name).name == "lock"]
    assert [row[:2] for row in read_losses(shot.job / "losses.jsonl")] == [
        (interval, step) for interval in range(2) for step in range(3)
    ]

    again = infusion(*shot.words)
    assert again.returncode == 2
    assert "--resume" in again.stderr
    assert "--overwrite" in again.stderr

    written = {path: path.stat().st_mtime_ns for path in shot.folder.glob("clean.*.exr")}
    resumed = infusion("inpaint", "--job", str(shot.job), "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert {path: path.stat().st_mtime_ns for path in written} == written

    first = shot.pixels()
    Path(shot.output % 1003).unlink()
    assert infusion(*shot.words, "--resume").returncode == 0
    np.testing.assert_array_equal(shot.pixels(), first)

    other = infusion(*shot.words, "--overwrite", "--seed", "7")
    assert other.returncode == 0, other.stderr
    assert_only_the_hole_changed(shot)
    assert np.abs(shot.pixels() - first).max() > 1e-3


def some_losses(shot, count: int):
    path = shot.job / "losses.jsonl"
    return lambda: path.exists() and path.read_bytes().count(b"\n") >= count


@pytest.mark.slow
def test_a_run_that_was_stopped_and_killed_ends_with_the_same_pixels(
    longer_shot, infusion, infusion_signalled
) -> None:
    shot, losses = longer_shot, longer_shot.job / "losses.jsonl"
    stopped = infusion_signalled(shot.words, some_losses(shot, 15), signal.SIGINT)
    assert stopped.returncode == 130, stopped.stderr
    assert "--resume" in stopped.stderr
    assert (shot.job / "checkpoint.safetensors").exists()
    assert not (shot.job / "lock").exists()
    assert 15 <= len(read_losses(losses)) < 100

    resume = ["inpaint", "--job", str(shot.job), "--resume"]
    stopped = infusion_signalled(resume, some_losses(shot, 50), signal.SIGTERM)
    assert stopped.returncode == 130, stopped.stderr

    killed = infusion_signalled(resume, some_losses(shot, 130), signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    assert (shot.job / "lock").exists()

    resumed = infusion(*resume)
    assert resumed.returncode == 0, resumed.stderr
    assert [row[:2] for row in read_losses(losses)] == [(k, step) for k in range(2) for step in range(100)]
    whole = str(shot.folder / "whole.%04d.exr")
    assert infusion(*shot.words[:3], whole, *shot.words[4:]).returncode == 0
    np.testing.assert_array_equal(shot.pixels(), shot.pixels(whole))
    assert_only_the_hole_changed(shot)


def test_a_run_killed_while_it_writes_leaves_whole_frames_only(shot, infusion, infusion_signalled) -> None:
    first = Path(shot.output % 1001)
    try:
        infusion_signalled(shot.words, first.exists, signal.SIGKILL)
    except AssertionError:
        pytest.skip("the run was over before it could be killed")
    for path in shot.folder.glob("clean.*.exr"):
        assert shot.pixels(shot.plate).shape[1:] == np.shape(_read(path))
    assert infusion(*shot.words, "--resume").returncode == 0
    assert_only_the_hole_changed(shot)


def _read(path: Path) -> np.ndarray:
    import OpenImageIO as oiio

    return np.asarray(oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT))


def test_programs_get_one_event_a_line(shot, infusion) -> None:
    done = infusion(*shot.words, "--progress", "json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(event["schema_version"] == 1 for event in events)
    kinds = [event["event"] for event in events]
    assert kinds[0] == "started"
    assert kinds[-1] == "done"
    assert kinds.count("preview") == 2
    assert events[-1]["frames"] == 5
    assert events[-1]["output"] == shot.output
    progress = [event for event in events if event["event"] == "progress"]
    fractions = [event["fraction"] for event in progress]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert {"prepare", "train", "denoise", "export", "write"} == {event["stage"] for event in progress}
    assert all(os.path.exists(event["path"]) for event in events if event["event"] == "preview")


def test_programs_get_errors_as_events_too(shot, infusion_here) -> None:
    Path(shot.matte % 1003).unlink()
    done = infusion_here(*shot.words, "--progress", "json")
    assert done.returncode == 2
    error = json.loads(done.stdout.splitlines()[-1])
    assert error["event"] == "error"
    assert error["type"] == "InputError"
    assert error["frame"] == 1003
    assert error["exit_status"] == 2
    assert error["remedy"]


@pytest.mark.slow
def test_a_take_is_rendered_from_the_bundle_alone(longer_shot, infusion, infusion_without_torch) -> None:
    shot = longer_shot
    assert infusion(*shot.words).returncode == 0
    bundle = shot.folder / "moved"
    (shot.job / "bundle").rename(bundle)

    def take(name: str, *words: str) -> np.ndarray:
        output = str(shot.folder / f"{name}.%04d.exr")
        done = infusion_without_torch("render", str(bundle), shot.plate, shot.matte, output, *words)
        assert done.returncode == 0, done.stderr
        return shot.pixels(output)

    same, other = take("same"), take("other", "--seed", "7")
    hole = shot.pixels(shot.matte)[..., 0] > 0
    trained = shot.pixels()
    np.testing.assert_allclose(same[hole], trained[hole], rtol=0.01, atol=0.01)
    assert np.abs(other - trained).max() > 10 * np.abs(same - trained).max()
    np.testing.assert_array_equal(other[~hole], trained[~hole])


def test_a_fill_is_evaluated(shot, infusion) -> None:
    done = infusion("evaluate", shot.plate, shot.plate, shot.matte, "--json", "--quick")
    assert done.returncode == 0, done.stderr
    evaluation = json.loads(done.stdout)
    assert evaluation["frames"] == [1001, 1002, 1003, 1004, 1005]
    assert evaluation["hole_share"] == pytest.approx(64 / (24 * 32))
    assert evaluation["metrics"]["ssim"] == pytest.approx(1.0)
