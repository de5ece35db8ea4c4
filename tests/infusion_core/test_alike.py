"""Which frames are alike, of clips that sway and of such that never come back."""

import numpy as np
import pytest

from infusion_core import alike as module
from infusion_core.alike import MOST_ALIKE, alike_frames, when_alike
from tests.infusion_core.hidden_shots import clip_of, walking_hole

FRAMES, HEIGHT, WIDTH, PERIOD = 30, 32, 48, 5


@pytest.fixture
def random():
    return np.random.default_rng(0)


def moving_hole(frames=FRAMES):
    return walking_hole((frames, HEIGHT, WIDTH), slice(10, 20), 12)


def swaying(random, frames=FRAMES):
    """A texture (3, F, H, W) that goes three pixels to the left and to the right, again and again."""
    texture = random.uniform(-0.8, 0.8, (3, HEIGHT, WIDTH + 8)).astype(np.float32)
    shift = 4.0 + 3.0 * np.sin(2 * np.pi * np.arange(frames) / PERIOD)
    whole = np.floor(shift).astype(int)
    return np.stack(
        [
            (1 - part) * texture[:, :, by : by + WIDTH] + part * texture[:, :, by + 1 : by + 1 + WIDTH]
            for by, part in zip(whole, shift - whole, strict=True)
        ],
        axis=1,
    )


def shift_of(number):
    return np.sin(2 * np.pi * np.asarray(number) / PERIOD)


def test_what_sways_is_most_like_itself_where_it_leans_as_far(random):
    alike = alike_frames(clip_of(swaying(random), moving_hole()))
    assert alike.frames.shape == (FRAMES, FRAMES - 1)
    assert alike.weights.shape == (FRAMES, MOST_ALIKE)
    first = alike.frames[:, :2]
    assert np.abs(shift_of(first) - shift_of(np.arange(FRAMES))[:, None]).max() < 0.05
    assert (np.abs(first - np.arange(FRAMES)[:, None]) > 1).any(axis=1).all()  # not just the next one
    assert alike.comes_back == 1.0
    assert np.array_equal(alike.for_detail, alike.frames)


def test_each_frame_is_compared_with_all_others(random):
    alike = alike_frames(clip_of(swaying(random), moving_hole()))
    for number, frames in enumerate(alike.frames):
        assert sorted([number, *frames]) == list(range(FRAMES))


def test_noise_never_comes_back(random):
    noise = random.standard_normal((3, FRAMES, HEIGHT, WIDTH)).astype(np.float32)
    alike = alike_frames(clip_of(noise, moving_hole()))
    assert alike.comes_back == 0.0
    assert (np.diff(np.abs(alike.for_detail - np.arange(FRAMES)[:, None]), axis=1) >= 0).all()  # the nearest


def test_a_still_picture_has_no_need_to(random):
    still = np.repeat(random.uniform(-0.8, 0.8, (3, 1, HEIGHT, WIDTH)), FRAMES, axis=1)
    alike = alike_frames(clip_of(still, moving_hole()))
    assert alike.comes_back == 0.0
    assert (alike.weights > 0.9).all()


def slow_hole(frames):
    """A hole that is nearly where it was for many frames."""
    hole = np.zeros((frames, HEIGHT, WIDTH), bool)
    for number in range(frames):
        left = 2 + number // 2
        hole[number, 10:20, left : left + 14] = True
    return hole


def test_frames_that_hide_the_same_do_not_count_however_alike(random):
    hole, truth = slow_hole(60), swaying(random, 60)
    alike = alike_frames(clip_of(truth, hole))
    assert (np.abs(alike.frames[:, :4] - np.arange(60)[:, None]) > 4).all()
    assert alike.comes_back == 1.0
    assert told(truth, hole)[2][hole].mean() > 0.8


def test_a_slow_shot_does_not_come_back_though_neighbours_are_alike(random):
    noise = random.standard_normal((3, 72, HEIGHT, WIDTH))
    slow = sum(noise[:, shift : 60 + shift] for shift in range(12)) / 12
    assert alike_frames(clip_of(slow, slow_hole(60))).comes_back == 0.0


def test_some_of_the_pixels_tell_it_too(random, monkeypatch):
    clip = clip_of(swaying(random), moving_hole())
    monkeypatch.setattr(module, "MOST_PLACES", FRAMES * HEIGHT * WIDTH // 4)
    alike = alike_frames(clip)
    assert np.abs(shift_of(alike.frames[:, :2]) - shift_of(np.arange(FRAMES))[:, None]).max() < 0.05
    assert alike.comes_back == 1.0


@pytest.mark.parametrize("frames", [1, 3])
def test_a_few_frames_tell_nothing(random, frames):
    alike = alike_frames(clip_of(swaying(random, frames), moving_hole(frames)))
    assert alike.frames.shape == (frames, frames - 1)
    assert not alike.weights.any()
    assert alike.comes_back == 0.0


def test_where_nothing_around_is_known_the_nearest_frames_come_first(random):
    hole = np.ones((FRAMES, HEIGHT, WIDTH), bool)
    hole[:, :, :8] = moving_hole()[:, :, :8]
    hole[12] = True
    alike = alike_frames(clip_of(swaying(random), hole))
    assert list(np.sort(np.abs(alike.frames[12, :4] - 12))) == [1, 1, 2, 2]
    assert not alike.weights[12].any()


def told(truth, hole, differences=None):
    clip = clip_of(truth, hole)
    same = 1.0 - np.eye(len(hole)) if differences is None else differences
    return when_alike(clip.plate[0], clip.known[0, 0], hole, alike_frames(clip), same)


def test_alike_frames_tell_what_is_behind_the_hole_and_how_well(random):
    truth, hole = swaying(random), moving_hole()
    mean, square, is_told = told(truth, hole)
    assert is_told[hole].mean() > 0.9
    assert not is_told[~hole].any()
    error = np.sqrt(((mean - truth)[:, is_told] ** 2).mean())
    assert error < 0.25 * truth.std(axis=1).mean()
    assert 0.5 * error < np.sqrt(square[:, is_told].mean()) < 2.0 * error


def test_a_frame_unlike_all_others_may_be_farther_off(random):
    truth, hole = swaying(random), moving_hole()
    differences = 1.0 - np.eye(FRAMES)
    differences[5] = differences[:, 5] = 3.0
    square, as_ever = told(truth, hole, differences)[1], told(truth, hole)[1]
    np.testing.assert_allclose(square[:, 5], 3.0 * as_ever[:, 5], rtol=1e-3)
    alike = np.delete(np.arange(FRAMES), 5)
    assert (square[:, alike] <= as_ever[:, alike] * (1 + 1e-5)).all()
