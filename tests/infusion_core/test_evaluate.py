"""Evaluation of sequences on disk agrees with the metrics on arrays, and names bad input."""

import json
import subprocess
import sys

import numpy as np
import pytest
from rich.console import Console

import infusion_core.evaluate as evaluate_module
from infusion_core.demo import render_demo, write_demo
from infusion_core.errors import Cancelled, InputError
from infusion_core.evaluate import evaluate_sequences, evaluation_table
from infusion_core.metrics import measure, tone_curve
from infusion_core.pictures import write_picture
from infusion_core.settings import resolve

SIZE = {"frames": 8, "height": 48, "width": 72}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo"), **SIZE)


def test_the_truth_scores_full_and_the_plate_does_not(demo):
    best = evaluate_sequences(demo.truth, demo.truth, demo.matte, with_perceptual=False)["metrics"]
    worst = evaluate_sequences(demo.plate, demo.truth, demo.matte, with_perceptual=False)["metrics"]
    assert best["score"] == pytest.approx(100)
    assert worst["score"] < 60
    assert worst["psnr_db"] < 25


def test_it_is_the_same_code_as_on_arrays(demo):
    plate, truth, matte = render_demo(**SIZE)
    got = evaluate_sequences(demo.plate, demo.truth, demo.matte, with_perceptual=False)
    expected = measure(
        tone_curve(plate), tone_curve(truth), matte > 0.02, np.random.default_rng(0), copying=False
    )
    for name in ("psnr_db", "ssim", "sharpness_ratio", "dynamics_ratio", "seam_ratio"):
        assert got["metrics"][name] == pytest.approx(expected[name], rel=1e-5), name
    assert got["hole_share"] == pytest.approx((matte > 0.02).mean())
    assert got["frames"] == list(range(1001, 1009))


def test_frames_and_matte_settings_are_obeyed(demo):
    settings = resolve(assignments=["shot.grow=3"])
    part = evaluate_sequences(
        demo.plate, demo.truth, demo.matte, "1003-1005", settings, with_perceptual=False
    )
    whole = evaluate_sequences(demo.plate, demo.truth, demo.matte, "1003-1005", with_perceptual=False)
    assert part["frames"] == [1003, 1004, 1005]
    assert part["hole_share"] > whole["hole_share"]


def test_without_truth_there_is_no_score(demo):
    evaluation = evaluate_sequences(demo.plate, None, demo.matte)
    assert evaluation["metrics"]["score"] is None
    assert evaluation["metrics"]["dynamics_ratio"] > 0
    json.dumps(evaluation, allow_nan=False)


def test_long_shots_are_measured_in_chunks(demo, tmp_path, monkeypatch):
    paths = write_demo(tmp_path, frames=24, height=48, width=72)
    whole = evaluate_sequences(paths.plate, paths.truth, paths.matte, with_perceptual=False)["metrics"]
    monkeypatch.setattr(evaluate_module, "CHUNK_BYTES", 1)
    chunks = evaluate_sequences(paths.plate, paths.truth, paths.matte, with_perceptual=False)["metrics"]
    assert chunks["ssim"] == pytest.approx(whole["ssim"], rel=1e-3)
    assert chunks["dynamics_ratio"] == pytest.approx(whole["dynamics_ratio"], rel=0.1)


def test_bad_input_is_named(demo, tmp_path):
    other = write_demo(tmp_path / "other", frames=8, height=40, width=72)
    with pytest.raises(InputError, match="size"):
        evaluate_sequences(demo.truth, other.truth, demo.matte)
    with pytest.raises(InputError, match="matte"):
        evaluate_sequences(demo.truth, demo.truth, other.matte)
    with pytest.raises(InputError, match="nowhere"):
        evaluate_sequences(str(tmp_path / "nowhere.%04d.exr"), demo.truth, demo.matte)
    nothing = resolve(assignments=["shot.grow=-60"])
    with pytest.raises(InputError, match="empty"):
        evaluate_sequences(demo.truth, demo.truth, demo.matte, settings=nothing)


def test_files_of_two_kinds_are_compared_when_it_is_said_what_they_are(demo, tmp_path):
    """A plate of JPEGs is filled into EXRs: both are display-referred."""
    _, truth, _ = render_demo(**SIZE)
    for number, frame in enumerate(np.clip(truth, 0, 1), start=1001):
        write_picture(tmp_path / f"truth.{number:04d}.png", frame)
    pngs = str(tmp_path / "truth.%04d.png")
    with pytest.raises(InputError, match="--colour"):
        evaluate_sequences(demo.truth, pngs, demo.matte, with_perceptual=False)
    settings = resolve(assignments=["shot.colour=display"])
    metrics = evaluate_sequences(demo.truth, pngs, demo.matte, "", settings, with_perceptual=False)["metrics"]
    assert metrics["psnr_db"] > 45


def test_it_can_be_stopped(demo):
    with pytest.raises(Cancelled):
        evaluate_sequences(demo.plate, demo.truth, demo.matte, should_stop=lambda: True)


def test_evaluating_does_not_import_torch(demo):
    code = (
        "import sys; from infusion_core.evaluate import evaluate_sequences as e;"
        f"e({demo.plate!r}, {demo.truth!r}, {demo.matte!r}); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


def test_the_table_names_every_metric_it_has(demo):
    evaluation = evaluate_sequences(demo.plate, demo.truth, demo.matte, with_perceptual=False)
    console = Console(record=True, width=120, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(evaluation_table(evaluation))
    text = console.export_text()
    assert "Sharpness" in text
    assert f"{evaluation['metrics']['psnr_db']:.3f}" in text
    assert "tOF" not in text
