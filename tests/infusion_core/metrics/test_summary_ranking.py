"""The summary score puts an honest texture above blur, freeze and noise, on generated and real clips."""

import json
from pathlib import Path

import numpy as np
import OpenImageIO
import pytest

from infusion_core.metrics import measure, summary_score
from infusion_core.metrics.regions import gaussian_blur

WRONG = ("blur", "mean", "freeze", "noise")


def read(path: Path, width: int, height: int) -> np.ndarray:
    resized = OpenImageIO.ImageBufAlgo.resize(
        OpenImageIO.ImageBuf(str(path)), roi=OpenImageIO.ROI(0, width, 0, height, 0, 1, 0, 3)
    )
    return np.asarray(resized.get_pixels(OpenImageIO.FLOAT)).reshape(height, width, -1).clip(0, 1)


def test_generated_textures(fills, truth, hole):
    scores = {
        name: measure(fill, truth, hole, np.random.default_rng(0), copying=False)["score"]
        for name, fill in fills.items()
    }
    assert scores["truth"] == pytest.approx(100)
    for wrong in (*WRONG, "slight blur", "added noise", "shuffle"):
        assert scores["honest"] > scores[wrong] + 5, wrong


@pytest.mark.parametrize("moving", [False, True], ids=["static", "moving"])
@pytest.mark.parametrize("name", ["boiling_water", "fire_pot", "flag", "waving_trees"])
def test_real_clips(name, moving, clips_folder):
    """Honest: the same hole filled from the clip played backwards, real texture at another time."""
    folder = clips_folder / name
    shape = json.loads((folder / "clip.json").read_text())
    width, frames = 80, 24
    height = round(width * shape["height"] / shape["width"])
    truth = np.stack([read(path, width, height) for path in sorted((folder / "frames").iterdir())[:frames]])
    masks = sorted((folder / "mask_moving").iterdir())[:frames] if moving else [folder / "mask_static.png"]
    hole = np.stack([read(path, width, height)[..., 0] > 0.5 for path in masks])
    hole = np.broadcast_to(hole, truth.shape[:3]).copy()
    still = np.broadcast_to(truth.mean(0), truth.shape)
    noise = np.random.default_rng(0).standard_normal(truth.shape).astype(np.float32)
    steps = np.abs(np.diff(truth, axis=0)).mean(-1)[hole[1:] & hole[:-1]].mean()
    fills = {
        "honest": truth[::-1],
        "blur": gaussian_blur(truth, 4.0),
        "mean": still,
        "freeze": np.broadcast_to(truth[0], truth.shape),
        "noise": (still + 0.886 * steps * noise).clip(0, 1),
        "blur and noise": (gaussian_blur(truth, 4.0) + 0.886 * steps * noise).clip(0, 1),
    }
    scores = {}
    for label, fill in fills.items():
        pasted = np.where(hole[..., None], fill, truth).astype(np.float32)
        scores[label] = measure(pasted, truth, hole, np.random.default_rng(0), copying=False)["score"]
    assert scores["honest"] == max(scores.values()), scores


def test_half_and_double_cost_the_same():
    base = {"ssim": 1.0, "sharpness_ratio": 1.0}
    assert summary_score(base) == 100.0
    half = summary_score(base | {"sharpness_ratio": 0.5})
    assert half == pytest.approx(summary_score(base | {"sharpness_ratio": 2.0}))
    assert half < 80


def test_no_score_without_a_truth():
    assert summary_score({"ssim": None, "sharpness_ratio": 1.0}) is None


def test_what_nobody_sees_costs_little():
    """A still wall brought back without its grain, one 8-bit code strong."""
    rng = np.random.default_rng(0)
    wall = np.repeat(rng.random((1, 40, 40, 3)), 16, axis=0).astype(np.float32)
    truth = (0.2 + 0.5 * wall + rng.normal(0, 1 / 255, wall.shape)).astype(np.float32)
    hole = np.zeros(truth.shape[:3], bool)
    hole[:, 10:30, 10:30] = True
    clean = np.where(hole[..., None], 0.2 + 0.5 * wall, truth).astype(np.float32)
    wrong = np.where(hole[..., None], np.roll(truth, 7, axis=1), truth)
    good, bad = (measure(fill, truth, hole, rng, copying=False)["score"] for fill in (clean, wrong))
    assert good > 75
    assert bad < good - 10
