"""Every metric on fills whose answer is known: identity, blur, freeze, noise, shuffle, shift."""

import numpy as np
import pytest

from infusion_core.errors import InputError
from infusion_core.metrics import measure
from infusion_core.metrics.fidelity import psnr, ssim
from infusion_core.metrics.patches import nearest_source_distance

PERFECT = {
    "score": 100.0,
    "psnr_db": 100.0,
    "ssim": 1.0,
    "sharpness_ratio": 1.0,
    "laplacian_ratio": 1.0,
    "speck_ratio": 1.0,
    "dynamics_ratio": 1.0,
    "drift_ratio": 1.0,
    "spectrum_db": 0.0,
    "sliced_wasserstein": 0.0,
    "seam_ratio": 1.0,
    "copy_ratio": 1.0,
}


@pytest.fixture(scope="module")
def scores(fills, truth, hole):
    return {name: measure(fill, truth, hole, np.random.default_rng(0)) for name, fill in fills.items()}


def test_the_truth_itself_is_perfect(scores):
    for name, expected in PERFECT.items():
        assert scores["truth"][name] == pytest.approx(expected, abs=1e-5), name


def test_psnr_of_a_known_error(truth, hole):
    assert psnr(truth + 0.1, truth, hole) == pytest.approx(20.0, abs=1e-3)


def test_only_the_hole_counts_for_psnr(truth, hole):
    elsewhere = np.where(hole[..., None], truth, 0.0)
    assert psnr(elsewhere, truth, hole) == 100.0


def test_ssim_of_constant_pictures_follows_the_formula(hole):
    dark, bright = (np.full((24, 48, 48, 3), level) for level in (0.25, 0.75))
    expected = (2 * 0.25 * 0.75 + 1e-4) / (0.25**2 + 0.75**2 + 1e-4)
    assert ssim(dark, bright, hole) == pytest.approx(expected, abs=1e-3)


def test_blur_loses_sharpness_detail_and_spectrum(scores):
    assert scores["blur"]["sharpness_ratio"] < scores["slight blur"]["sharpness_ratio"] < 0.8
    assert scores["blur"]["laplacian_ratio"] < scores["slight blur"]["laplacian_ratio"] < 0.3
    assert scores["blur"]["spectrum_db"] > scores["slight blur"]["spectrum_db"] > 1
    assert scores["blur"]["sliced_wasserstein"] > scores["slight blur"]["sliced_wasserstein"] > 0.1


def test_psnr_prefers_blur_to_an_honest_texture_but_the_score_does_not(scores):
    assert scores["blur"]["psnr_db"] > scores["honest"]["psnr_db"] + 3
    assert scores["honest"]["score"] > 2 * scores["blur"]["score"]


def test_freezing_stops_the_dynamics_and_keeps_the_sharpness(scores):
    assert scores["freeze"]["dynamics_ratio"] < 0.05
    assert scores["freeze"]["sharpness_ratio"] == pytest.approx(1.0, abs=0.15)
    assert scores["freeze"]["spectrum_db"] > 10


def test_what_sways_in_place_does_not_drift_and_what_becomes_something_else_does(hole):
    frames, rows, columns = hole.shape
    generator = np.random.default_rng(3)
    picture, another = (generator.random((rows, columns + 1, 3)).astype(np.float32) for _ in range(2))
    sway = [k % 2 for k in range(frames)]
    truth = np.stack([picture[:, s : s + columns] for s in sway])
    share = np.linspace(0.0, 1.0, frames)
    turned = [(1 - a) * picture + a * another for a in share]
    changing = np.stack([frame[:, s : s + columns] for frame, s in zip(turned, sway, strict=True)])
    fills = {"sways otherwise": truth[::-1].copy(), "changes": changing.astype(np.float32)}
    found = {name: measure(fill, truth, hole, np.random.default_rng(0)) for name, fill in fills.items()}
    assert found["sways otherwise"]["drift_ratio"] == pytest.approx(1.0, abs=0.1)
    assert found["changes"]["drift_ratio"] > 1.15
    assert found["changes"]["dynamics_ratio"] < 1.05


def test_a_frozen_fill_does_not_drift_at_all(scores):
    assert scores["freeze"]["drift_ratio"] < 0.05
    assert scores["honest"]["drift_ratio"] == pytest.approx(1.0, abs=0.25)


def test_noise_fools_dynamics_but_not_the_spectrum_nor_the_patches(scores):
    assert scores["noise"]["dynamics_ratio"] == pytest.approx(1.0, abs=0.15)
    assert scores["noise"]["spectrum_db"] > 2 * scores["honest"]["spectrum_db"]
    assert scores["noise"]["sliced_wasserstein"] > 2 * scores["honest"]["sliced_wasserstein"]


def test_added_noise_raises_sharpness_and_dynamics(scores):
    assert scores["added noise"]["sharpness_ratio"] > 1.2
    assert scores["added noise"]["dynamics_ratio"] > 1.2
    assert scores["added noise"]["psnr_db"] == pytest.approx(20.0, abs=1.0)


def test_specks_are_lone_pixels_and_neither_blur_nor_edges(scores, truth, hole):
    assert scores["blur"]["speck_ratio"] < scores["slight blur"]["speck_ratio"] < 0.6
    assert scores["added noise"]["speck_ratio"] > 1.5
    assert scores["honest"]["speck_ratio"] == pytest.approx(1.0, abs=0.2)
    flat, edge = (np.full(truth.shape, 0.5, np.float32) for _ in range(2))
    edge[:, :, 24:] = 1.0
    specked = edge.copy()
    specked[:, 15:30:3, 16:36:4] = 0.0
    values = [measure(fill, flat, hole, np.random.default_rng(0))["speck_ratio"] for fill in (edge, specked)]
    assert values[0] == pytest.approx(1.0)
    assert values[1] > 10


def test_shuffled_frames_keep_every_still_but_not_the_motion(scores):
    assert scores["shuffle"]["sharpness_ratio"] == pytest.approx(1.0, abs=0.02)
    assert scores["shuffle"]["dynamics_ratio"] > 1.2
    assert scores["shuffle"]["spectrum_db"] > scores["honest"]["spectrum_db"] + 1


def test_a_shift_keeps_the_texture_and_breaks_the_seam(scores):
    assert scores["shift"]["sharpness_ratio"] == pytest.approx(1.0, abs=0.1)
    assert scores["shift"]["seam_ratio"] > 1.1
    assert scores["shift"]["psnr_db"] < 30


def test_a_verbatim_copy_has_no_distance_to_its_source(truth, hole):
    known_side = np.zeros_like(hole)
    known_side[:, 12:34, 24:46] = True
    pasted = truth.copy()
    pasted[:, 12:34, 24:46] = truth[:, 12:34, 1:23]
    assert nearest_source_distance(pasted, known_side, np.random.default_rng(0)) == pytest.approx(0, abs=1e-3)
    assert nearest_source_distance(truth, known_side, np.random.default_rng(0)) > 0.02


def test_without_a_truth_the_known_texture_is_the_reference(fills, hole):
    blur = measure(fills["blur"], None, hole, np.random.default_rng(0))
    honest = measure(fills["honest"], None, hole, np.random.default_rng(0))
    assert blur["psnr_db"] is None
    assert blur["score"] is None
    for name in ("sharpness_ratio", "dynamics_ratio", "laplacian_ratio"):
        assert honest[name] == pytest.approx(1.0, abs=0.2), name
        assert blur[name] < 0.7, name
    assert honest["spectrum_db"] < blur["spectrum_db"]
    assert honest["sliced_wasserstein"] < blur["sliced_wasserstein"]


def test_the_same_seed_gives_the_same_numbers(fills, truth, hole, scores):
    again = measure(fills["honest"], truth, hole, np.random.default_rng(0))
    assert again == scores["honest"]


def test_thin_fast_and_single_frame_holes_are_measured(truth):
    wire = np.zeros(truth.shape[:3], bool)
    for frame in range(len(wire)):
        wire[frame, :, (5 * frame) % 48] = True
    values = measure(truth, truth, wire, np.random.default_rng(0))
    assert values["sharpness_ratio"] == values["dynamics_ratio"] == 1.0
    single = measure(truth[:1], truth[:1], wire[:1], np.random.default_rng(0))
    assert single["dynamics_ratio"] is None
    assert single["score"] == pytest.approx(100.0)


def test_arrays_that_do_not_fit_are_named(truth, hole):
    generator = np.random.default_rng(0)
    with pytest.raises(InputError, match="differ in shape"):
        measure(truth, truth[:5], hole, generator)
    with pytest.raises(InputError, match="hole"):
        measure(truth, truth, hole.astype(np.uint8), generator)
    with pytest.raises(InputError, match="empty"):
        measure(truth, truth, np.zeros_like(hole), generator)
