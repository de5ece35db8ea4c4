import tracemalloc

import numpy as np
import pytest

from infusion_core.basis import RGB, fit_basis
from infusion_core.clip import (
    all_unknown_filled,
    background,
    clip_from_shot,
    deviation,
    filled,
    scaled_clip,
    upsampled,
)
from infusion_core.clip_size import crop_size, scaled_size
from infusion_core.settings import TrainingSettings


def test_a_shot_becomes_channels_first(waves):
    clip = clip_from_shot(waves, RGB)
    assert clip.size == waves.hole.shape
    assert clip.plate.shape == (1, 3, *waves.hole.shape)
    np.testing.assert_array_equal(clip.plate[0].transpose(1, 2, 3, 0), waves.plate)
    np.testing.assert_array_equal(clip.known[0, 0] == 1, waves.known)


def test_a_fill_in_another_basis_comes_back_and_known_pixels_are_the_plates(waves):
    basis = fit_basis(waves.plate, waves.known)
    clip = clip_from_shot(waves, basis)
    assert not clip.plate[0].transpose(1, 2, 3, 0)[waves.hole].any()
    colour = np.array([0.2, -0.3, 0.1], np.float32)
    guess = np.broadcast_to(basis.encode(colour), waves.plate.shape).transpose(3, 0, 1, 2)[None]
    result = filled(waves, guess, basis)
    np.testing.assert_array_equal(result[waves.known], waves.plate[waves.known])
    np.testing.assert_allclose(result[waves.hole], np.tile(colour, (waves.hole.sum(), 1)), atol=1e-5)


@pytest.mark.parametrize("colour", [(-2.0, 0.1, 3.0), (0.0, -1.5, 0.0)])
def test_a_fill_is_no_darker_and_no_brighter_than_anything_known(waves, colour):
    wild = np.broadcast_to(np.array(colour, np.float32), waves.plate.shape).transpose(3, 0, 1, 2)[None]
    known = waves.plate[waves.known]
    limits = np.clip(np.array(colour, np.float32), known.min(axis=0), known.max(axis=0))
    assert (limits != colour).any()
    assert (filled(waves, wild, RGB)[waves.hole] == limits).all()


def test_a_large_shot_is_brought_to_the_networks_colours_and_back_without_needless_copies(make_waves):
    shot = make_waves(12, 600, 600)
    tracemalloc.start()
    try:
        basis = fit_basis(shot.plate, shot.known)
        clip = clip_from_shot(shot, basis)
        result = filled(shot, clip.plate, basis)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(result[shot.known], shot.plate[shot.known])
    assert peak < 1.3 * (clip.plate.nbytes + clip.known.nbytes + result.nbytes)


def test_deviation_is_that_of_all_that_is_known(waves):
    frames = waves.plate.transpose(0, 3, 1, 2)
    expected = waves.plate[waves.known].std(axis=0)
    np.testing.assert_allclose(deviation(iter(frames), waves.known), expected, rtol=1e-5)
    assert not deviation(iter(frames), np.zeros_like(waves.known)).any()


def test_full_scale_is_the_clip_itself(waves):
    clip = clip_from_shot(waves, RGB)
    assert scaled_clip(clip, 1.0) is clip


@pytest.mark.parametrize("scale", [0.5, 0.25])
def test_a_coarse_pixel_is_known_when_half_of_it_was_and_shows_that_half(waves, scale):
    clip = clip_from_shot(waves, RGB)
    coarse = scaled_clip(clip, scale)
    frames, height, width = clip.size
    block = round(1 / scale)
    blocks = clip.known[0, 0].reshape(frames, height // block, block, width // block, block)
    share = blocks.mean((2, 4))
    assert ((share > 0) & (share < 1)).mean() > 0
    np.testing.assert_array_equal(coarse.known[0, 0] == 1, share >= 0.5)
    means = clip.plate.reshape(1, 3, frames, height // block, block, width // block, block).mean((4, 6))
    means = means / np.maximum(share, 1e-6)
    known = np.broadcast_to(coarse.known == 1, means.shape)
    np.testing.assert_allclose(coarse.plate[known], means[known], atol=1e-6)
    assert not coarse.plate[~known].any()


@pytest.mark.parametrize("scale", [0.7, 0.3, 0.03125])
def test_a_constant_plate_stays_constant_at_any_scale(scale):
    known = np.ones((1, 1, 2, 13, 17), np.float32)
    known[..., 5:7, 4:8] = 0
    coarse = scaled_clip(all_unknown_filled(0.6 * known.repeat(3, 1), known), scale)
    assert coarse.size == (2, *scaled_size(13, 17, scale))
    shown = np.broadcast_to(coarse.known == 1, coarse.plate.shape)
    np.testing.assert_allclose(coarse.plate[shown], 0.6, atol=1e-5)


def test_enlarging_keeps_constants():
    video = np.full((1, 3, 2, 3, 5), -0.4, np.float32)
    np.testing.assert_allclose(upsampled(video, 13, 11), np.full((1, 3, 2, 13, 11), -0.4), atol=1e-6)


def test_the_background_is_the_mean_over_the_frames_that_show_it():
    rng = np.random.default_rng(0)
    plate = rng.normal(size=(1, 3, 6, 4, 5)).astype(np.float32)
    known = (rng.random((1, 1, 6, 4, 5)) < 0.5).astype(np.float32)
    known[..., 0, 0] = 0
    mean, share = background(plate * known, known)
    assert mean.shape == (1, 3, 1, 4, 5)
    assert share.shape == (1, 1, 1, 4, 5)
    np.testing.assert_allclose(share[0, 0, 0], known[0, 0].mean(0), atol=1e-6)
    shown = np.where(known == 1, plate, np.nan)[0][:, :, 1:, 1:]
    expected = np.nan_to_num(np.nanmean(np.where(known[0][:, :, 1:, 1:].any(1, keepdims=True), shown, 0), 1))
    np.testing.assert_allclose(mean[0, :, 0, 1:, 1:], expected, atol=1e-5)
    assert not mean[0, :, 0, 0, 0].any()


@pytest.mark.parametrize(
    ("crop", "window", "expected"), [(0, 12, (12, 40, 60)), (50, 100, (20, 40, 50)), (16, 1, (1, 16, 16))]
)
def test_crops_fit_into_the_clip(crop, window, expected):
    assert crop_size((20, 40, 60), TrainingSettings(crop=crop, window=window)) == expected
