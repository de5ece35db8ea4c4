"""Fills that are drawn back to what other frames show, of clips whose truth is known."""

import numpy as np
import pytest

from infusion_core import alike, nearby
from infusion_core.alike import alike_frames
from infusion_core.steady import steadied as steadied_as
from tests.infusion_core.hidden_shots import clip_of, walking_hole

FRAMES, HEIGHT, WIDTH = 24, 20, 28
GRAIN = 0.01


def moving_hole(frames=FRAMES):
    return walking_hole((frames, HEIGHT, WIDTH), slice(6, 14), 8)


def wall(random, frames=FRAMES):
    """A still picture with grain."""
    still = random.uniform(-0.8, 0.8, (1, 3, 1, HEIGHT, WIDTH))
    return (still + GRAIN * random.standard_normal((1, 3, frames, HEIGHT, WIDTH))).astype(np.float32)


def error(fill, truth, hole):
    return float(np.sqrt(((fill - truth)[0][:, hole] ** 2).mean()))


def steadied(fill, clip, is_calm=False):
    return steadied_as(fill, clip, alike_frames(clip), is_calm)


@pytest.fixture
def random():
    return np.random.default_rng(0)


def test_a_wall_that_flickers_stands_still(random):
    truth, hole = wall(random), moving_hole()
    fill = truth + 0.04 * random.standard_normal(truth.shape).astype(np.float32)
    steady = steadied(fill, clip_of(truth, hole))
    assert error(fill, truth, hole) == pytest.approx(0.04, rel=0.1)
    assert error(steady, truth, hole) < 2.5 * GRAIN  # its own grain and that of the truth
    assert np.diff(steady[0], axis=1)[:, hole[1:] & hole[:-1]].std() == pytest.approx(
        1.25 * 2**0.5 * GRAIN, rel=0.2
    )


def test_colours_that_are_noise_do_not_hide_what_flickers_in_another(random):
    truth, hole = wall(random), moving_hole()
    truth[:, 1:] = 0.5 * random.standard_normal(truth[:, 1:].shape)
    fill = truth.copy()
    fill[:, 0] += 0.1 * random.standard_normal(truth[:, 0].shape).astype(np.float32)
    steady = steadied(fill, clip_of(truth, hole), is_calm=True)
    assert error(steady[:, :1], truth[:, :1], hole) < 2.5 * GRAIN
    assert error(steady[:, 1:], truth[:, 1:], hole) < 0.02


def test_what_is_right_is_left(random):
    truth, hole = wall(random), moving_hole()
    steady = steadied(truth, clip_of(truth, hole))
    assert error(steady, truth, hole) < 0.1 * GRAIN


def test_what_moves_in_other_frames_as_well_is_left(random):
    truth, hole = random.uniform(-0.8, 0.8, (1, 3, FRAMES, HEIGHT, WIDTH)).astype(np.float32), moving_hole()
    assert np.array_equal(steadied(truth, clip_of(truth, hole)), truth)


def changes(fill, hole):
    """Deviation of what changes from one frame to the next."""
    return float(np.diff(fill[0], axis=1)[:, hole[1:] & hole[:-1]].std())


@pytest.mark.parametrize("is_calm", [False, True])
def test_what_stirs_in_other_frames_stirs_in_the_fill(random, is_calm):
    truth, hole = random.uniform(-0.8, 0.8, (1, 3, FRAMES, HEIGHT, WIDTH)).astype(np.float32), moving_hole()
    fill = 0.5 * truth + 0.1
    livened = steadied(fill, clip_of(truth, hole), is_calm)
    assert 1.3 < changes(livened, hole) / changes(fill, hole) < 1.5
    assert livened[0][:, hole].mean() == pytest.approx(fill[0][:, hole].mean(), abs=0.01)


def test_a_fill_that_stirs_stays_within_what_other_frames_show(random):
    flames = (random.random((1, 3, FRAMES, HEIGHT, WIDTH)) > 0.7).astype(np.float32)
    hole = moving_hole()
    fill = np.clip(0.5 * flames, 0.02, None)
    livened = steadied(fill, clip_of(flames, hole))
    assert changes(livened, hole) > 1.2 * changes(fill, hole)
    assert livened[0][:, hole].min() > -1e-6


@pytest.mark.parametrize("strip", [3, 4])
def test_some_rows_at_once_are_as_all_at_once(random, monkeypatch, strip):
    truth, hole = random.uniform(-0.8, 0.8, (1, 3, FRAMES, HEIGHT, WIDTH)).astype(np.float32), moving_hole()
    truth[..., WIDTH // 2 :] = truth[:, :, :1, :, WIDTH // 2 :] + 0.1 * truth[..., WIDTH // 2 :]
    fill = 0.5 * truth + 0.2 * random.standard_normal(truth.shape).astype(np.float32) * (truth > 0.5)
    at_once = steadied(fill, clip_of(truth, hole))
    assert not np.array_equal(at_once, fill)
    monkeypatch.setattr(nearby, "STRIP", strip)
    np.testing.assert_allclose(steadied(fill, clip_of(truth, hole)), at_once, atol=1e-6)


def test_a_fill_that_changes_enough_as_a_whole_is_left(random):
    truth, hole = random.uniform(-0.8, 0.8, (1, 3, FRAMES, HEIGHT, WIDTH)).astype(np.float32), moving_hole()
    upper = np.arange(HEIGHT)[:, None] < HEIGHT // 2
    fill = np.where(upper, 0.5 * truth, 1.5 * truth)
    assert np.array_equal(steadied(fill, clip_of(truth, hole)), fill)


@pytest.mark.parametrize(("stirs", "least", "most"), [(1.0, 1.0, 1.1), (0.5, 1.4, 1.501)])
def test_who_crosses_a_place_in_other_frames_does_not_make_it_stir(random, stirs, least, most):
    strength = np.full((FRAMES, 1, 1), 0.05)
    strength[: FRAMES // 4] = 0.5
    truth = strength * random.standard_normal((1, 3, FRAMES, HEIGHT, WIDTH))
    hole = np.zeros((FRAMES, HEIGHT, WIDTH), bool)
    hole[FRAMES // 2 + 4 :, 6:14, 10:18] = True
    fill = (stirs * truth).astype(np.float32)
    livened = steadied(fill, clip_of(truth, hole))
    assert least <= changes(livened, hole) / changes(fill, hole) < most


def test_a_frozen_fill_is_not_made_to_stir(random):
    truth, hole = random.uniform(-0.8, 0.8, (1, 3, FRAMES, HEIGHT, WIDTH)).astype(np.float32), moving_hole()
    fill = truth.copy()
    fill[0][:, hole] = 0.1
    assert changes(steadied(fill, clip_of(truth, hole)), hole) < 1e-6


def test_what_sways_is_drawn_to_where_it_is_on_frames_that_lean_as_far(random):
    texture = random.uniform(-0.8, 0.8, (1, 3, HEIGHT, WIDTH + 6)).astype(np.float32)
    shifts = np.resize([3, 6, 3, 0], FRAMES)
    truth = np.stack([texture[..., shift : shift + WIDTH] for shift in shifts], axis=2)
    hole = moving_hole()
    fill = truth + 0.3 * random.standard_normal(truth.shape).astype(np.float32)
    steady = steadied(fill, clip_of(truth, hole))
    assert error(fill, truth, hole) == pytest.approx(0.3, rel=0.1)
    assert error(steady, truth, hole) < 0.15


def test_what_stands_still_is_drawn_to_the_mean_of_all_frames_that_show_it(random, monkeypatch):
    truth, hole = wall(random), moving_hole()
    fill = truth + 0.04 * random.standard_normal(truth.shape).astype(np.float32)
    steady = steadied(fill, clip_of(truth, hole))
    monkeypatch.setattr(alike, "MOST_ALIKE", 0)  # so that alike frames tell nothing
    np.testing.assert_allclose(steadied(fill, clip_of(truth, hole)), steady, atol=0.1 * GRAIN)


def test_an_event_is_left(random):
    truth, hole = wall(random), moving_hole()
    flame = np.zeros_like(truth)
    flame[:, :, 10:14, 6:14] = 0.9
    fill = truth + flame * hole
    steady = steadied(fill, clip_of(truth, hole))
    inside = (flame[0, 0] > 0) & hole
    inside[[10, 13]] = False  # its first and last frame are next to frames without it
    assert error(steady, fill, inside) < 0.05
    assert error(fill, truth, inside) == pytest.approx(0.9)
    assert error(steadied(fill, clip_of(truth, hole), is_calm=True), truth, inside) < 3 * GRAIN


@pytest.mark.parametrize("side", [1, -1])
def test_light_that_changes_after_the_place_was_shown_is_followed(random, side):
    ramp = np.linspace(0.4, 1.0, FRAMES, dtype=np.float32)[::side, None, None]
    truth, hole = wall(random) * ramp, np.zeros((FRAMES, HEIGHT, WIDTH), bool)
    hole[8:, 6:14, 10:18] = True  # shown in the first frames alone
    as_it_was = np.broadcast_to(truth[:, :, :8].mean(axis=2, keepdims=True), truth.shape)
    assert error(as_it_was, truth, hole) > 10 * GRAIN
    assert error(steadied(truth, clip_of(truth, hole)), truth, hole) < 1.5 * GRAIN


def test_a_camera_that_moves_is_followed(random):
    wide = random.uniform(-0.8, 0.8, (1, 3, 1, HEIGHT, WIDTH + FRAMES))
    truth = np.concatenate([wide[..., number : number + WIDTH] for number in range(FRAMES)], axis=2)
    truth, hole = truth.astype(np.float32), moving_hole()
    assert error(steadied(truth, clip_of(truth, hole)), truth, hole) < 0.01


def test_what_no_other_frame_shows_is_left(random):
    truth, hole = wall(random), np.zeros((FRAMES, HEIGHT, WIDTH), bool)
    hole[:, 6:14, 10:18] = True
    fill = truth + 0.1
    assert steadied(fill, clip_of(truth, hole)) is fill


def test_shots_of_few_frames_are_left(random):
    truth, hole = wall(random, frames=4), moving_hole(frames=4)
    fill = truth + 0.05
    steady = steadied(fill, clip_of(truth, hole))
    assert np.array_equal(steady[0][:, hole], fill[0][:, hole])


def test_only_the_hole_changes_and_the_fill_is_not_written_over(random):
    truth, hole = wall(random), moving_hole()
    fill = (truth + 0.05).astype(np.float32)
    before = fill.copy()
    steady = steadied(fill, clip_of(truth, hole))
    assert np.array_equal(fill, before)
    assert np.array_equal(steady[0][:, ~hole], fill[0][:, ~hole])
    assert steady.dtype == np.float32


def test_a_perfectly_still_picture_comes_back(random):
    still = np.broadcast_to(
        random.uniform(-0.8, 0.8, (1, 3, 1, HEIGHT, WIDTH)), (1, 3, FRAMES, HEIGHT, WIDTH)
    )
    truth, hole = still.astype(np.float32), moving_hole()
    fill = truth + 0.03 * random.standard_normal(truth.shape).astype(np.float32)
    assert error(steadied(fill, clip_of(truth, hole)), truth, hole) < 1e-3
