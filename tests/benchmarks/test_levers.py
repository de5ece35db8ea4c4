"""Levers of training, on a small clip made here."""

import numpy as np
import pytest

from benchmarks.clips import BenchClip
from benchmarks.levers import measure
from benchmarks.scaled_truth import scaled_truth
from infusion_core import load_preset
from infusion_core.arrays import shot_from_arrays
from infusion_core.engine.work import begin
from infusion_core.settings import apply_assignments


@pytest.fixture(scope="module")
def clip():
    """Bars that drift, with a hole that stands still."""
    frames, rows, columns = np.ogrid[:12, :32, :48]
    bars = 0.5 + 0.4 * np.sin((columns + frames) / 2.0) * np.cos(rows / 5.0)
    truth = (bars[..., None] * np.array([1.0, 0.8, 0.5])).astype(np.float32)
    hole = np.zeros(truth.shape[:3], bool)
    hole[:, 10:22, 14:32] = True
    return BenchClip("bars", truth, hole, 24.0)


@pytest.fixture(scope="module")
def settings():
    return apply_assignments(load_preset("draft"), ["training.prior=false"])


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_the_truth_is_the_plate_wherever_all_of_a_pixel_is_known(clip, scale):
    settings = apply_assignments(load_preset("best"), ["shot.follow_camera=false"])
    work = begin(shot_from_arrays(clip.plate, clip.hole, settings, "display"), settings)
    interval = next(one for one in work.intervals if one.scale == scale)
    known, truth = work.clip(interval), scaled_truth(clip, work, scale)
    assert truth.shape == known.plate.shape
    far = np.ones(truth.shape, bool)
    far[..., int(8 * scale) : int(24 * scale), int(12 * scale) : int(34 * scale)] = False
    np.testing.assert_allclose(truth[far], known.plate.numpy()[far], atol=1e-5)
    inside = truth[..., int(14 * scale) : int(18 * scale), int(18 * scale) : int(28 * scale)]
    assert np.abs(inside).max() > 0.1


def test_the_truth_lies_as_the_frames_of_a_camera_that_is_followed(clip):
    settings = load_preset("best")
    work = begin(shot_from_arrays(clip.plate, clip.hole, settings, "display"), settings)
    assert work.shot.placements
    seen, truth = work.clip(work.intervals[-1]), scaled_truth(clip, work, 1.0)
    known = (seen.known.numpy() == 1.0).repeat(3, axis=1)
    np.testing.assert_allclose(truth[known], seen.plate.numpy()[known], atol=1e-5)


def test_the_error_in_the_hole_falls_with_training(clip, settings):
    untrained, trained = (measure(clip, settings, 0.5, 600, 60, steps)[1] for steps in (1, 30))
    assert 0.3 < untrained < 1.6
    assert trained < 0.8 * untrained
