"""Finer stages that are held to the coarser fill, or whose frames are drawn together."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from infusion_core.clip import Clip, scaled_clip, upsampled
from infusion_core.engine.run import run
from infusion_core.extent import Extent
from infusion_core.focus import Focus
from infusion_core.guide import guided, guided_where_asked
from infusion_core.intervals import resolve_intervals
from infusion_core.octaves import with_held_levels, with_octaves
from infusion_core.resample import box_matrix, resampled
from infusion_core.settings import load_preset, override
from tests.infusion_core.hidden_shots import clip_of

FRAMES, HEIGHT, WIDTH = 3, 31, 42


def _behind_a_hole(truth):
    """The clip that shows ``truth`` (…, F, HEIGHT, WIDTH) around a still hole of 12 by 14 pixels."""
    hole = np.zeros((truth.shape[-3], HEIGHT, WIDTH), bool)
    hole[:, 9:21, 14:28] = True
    return clip_of(truth, hole)


@pytest.fixture
def clip():
    """A clip of noise with a hole of 12 by 14 pixels."""
    plate = np.random.default_rng(0).uniform(-1, 1, (1, 3, FRAMES, HEIGHT, WIDTH)).astype(np.float32)
    return _behind_a_hole(plate)


def _coarse(clip):
    """Its coarser version, a fill of that, and what is known there."""
    coarse = scaled_clip(clip, 0.5)
    fill = np.random.default_rng(1).uniform(-0.6, 0.6, coarse.plate.shape).astype(np.float32)
    return np.where(coarse.known > 0, coarse.plate, fill), coarse.known


def _down(x0_hat, coarse_known):
    sides = zip((HEIGHT, WIDTH), coarse_known.shape[-2:], strict=True)
    return resampled(x0_hat, *(box_matrix(fine, coarse) for fine, coarse in sides))


def _held(clip, focus, as_array=np.asarray):
    coarser, coarse_known = _coarse(clip)
    arrays = Clip(as_array(clip.plate), as_array(clip.known), clip.hole)
    grey = focus.of(as_array(0.1 * np.ones_like(clip.plate)))
    fill = as_array(coarser)
    denoiser = guided(lambda noisy, t: grey, lambda _: fill, coarse_known, arrays, focus, as_array)
    return focus.put(denoiser(grey, 300), arrays.plate), coarser, coarse_known


EVERYWHERE = Focus(slice(0, HEIGHT), slice(0, WIDTH))
AROUND = Focus(slice(4, 28), slice(8, 36))


@pytest.mark.parametrize("focus", [EVERYWHERE, AROUND], ids=["everywhere", "around the hole"])
def test_what_the_hole_shows_at_the_coarser_scale_is_close_to_the_coarser_fill(clip, focus):
    x0_hat, coarser, coarse_known = _held(clip, focus)
    inside = np.broadcast_to(coarse_known == 0, coarser.shape)
    before = np.abs(0.1 - coarser)[inside].mean()
    assert np.abs(_down(x0_hat, coarse_known) - coarser)[inside].mean() < 0.4 * before


def test_a_fill_that_is_the_coarser_one_enlarged_keeps_the_detail_that_it_has(clip):
    """What the coarser scale cannot show is left alone."""
    coarser, coarse_known = _coarse(clip)
    smooth = np.full_like(coarser, 0.2)
    stripes = np.tile(np.float32([0.1, -0.1]), WIDTH // 2) + np.float32(0.2)
    fine = np.broadcast_to(stripes, clip.plate.shape)
    bare = replace(clip, known=np.zeros_like(clip.known), plate=np.zeros_like(clip.plate))
    held = guided(lambda *_: fine, lambda _: smooth, 0.0 * coarse_known, bare, EVERYWHERE, np.asarray)
    np.testing.assert_allclose(held(fine, 300), fine, atol=1e-5)
    flat = upsampled(smooth, HEIGHT, WIDTH)
    assert np.abs(fine - flat).min() > 0.05


def test_the_focus_and_the_array_type_change_nothing_in_the_hole(clip):
    whole, _, _ = _held(clip, EVERYWHERE)
    for focus, as_array in ((AROUND, np.asarray), (EVERYWHERE, torch.from_numpy)):
        other = np.asarray(_held(clip, focus, as_array)[0])
        np.testing.assert_allclose(other[..., clip.hole], whole[..., clip.hole], atol=1e-5)


def test_what_other_frames_show_is_left_free(clip):
    hole = clip.hole.copy()
    hole[0, :, :20] = False
    known = (~hole)[None, None].astype(np.float32)
    half_shown = Clip(np.where(known > 0, clip.plate, 0), known, hole)
    x0_hat, _, _ = _held(half_shown, EVERYWHERE)
    one = np.float32(0.1)
    assert (x0_hat[0, :, 1:, 12:18, 15:17] == one).all(), "the first frame shows it"
    assert (x0_hat[0, :, 1:, 12:18, 23:26] != one).all(), "no frame shows it"


def test_only_finer_stages_of_a_run_that_asks_for_it_are_held(waves, tiny_settings):
    free, held = (tiny_settings(sampling={"hold_coarser": how}) for how in ("off", "on"))
    seen = {"off": [], "on": []}
    for settings in (free, held):
        run(waves, settings, on_interval=seen[settings.sampling.hold_coarser].append)
    first, *finer = zip(seen["off"], seen["on"], strict=True)
    np.testing.assert_array_equal(first[0].x0_hat, first[1].x0_hat)
    assert all((one.x0_hat != other.x0_hat).any() for one, other in finer)


@pytest.mark.parametrize(
    ("preset", "levels"), [("standard", [-1, 302, 302]), ("best", [-1, 302, 302, 302, 200])]
)
def test_stages_that_are_held_start_as_high_as_those_of_the_preset(preset, levels):
    auto = load_preset(preset)
    settings = override(auto, {"sampling": {"hold_coarser": "on"}})
    large = Extent((40, 272, 480), 90, np.ones((1, 1, 1), bool))
    assert [stage.t_high for stage in with_octaves(settings, large).stages] == levels
    assert with_octaves(with_octaves(settings, large), large) == with_octaves(settings, large)
    assert with_held_levels(with_octaves(auto, large)).stages == with_octaves(settings, large).stages
    thin = with_octaves(settings, replace(large, thickness=20))
    assert thin.stages == with_octaves(auto, replace(large, thickness=20)).stages
    assert with_held_levels(thin) == thin
    small = replace(large, size=(40, 63, 112), thickness=20)
    assert with_octaves(settings, small) == settings


def _swaying(lean):
    """A picture that leans to this side (a number for each frame) behind a still hole."""
    picture = np.random.default_rng(0).uniform(-1, 1, (3, HEIGHT, 2 * WIDTH)).repeat(2, axis=2)
    truth = np.stack([picture[..., side : side + WIDTH] for side in lean], axis=1)
    return _behind_a_hole(truth)


def _drawn_together(clip, x0_hat, held_noise=0.8, as_array=np.asarray, stage=1):
    """x0_hat as a finer stage makes it that draws frames together, and its denoiser before and after."""
    settings = override(load_preset("standard"), {"diffusion": {"held_noise": held_noise}})
    settings = override(settings, {"sampling": {"hold_coarser": "off"}})
    settings = replace(
        settings, stages=(replace(settings.stages[0], scale=0.5), replace(settings.stages[1], scale=1.0))
    )
    interval = next(one for one in resolve_intervals(settings) if one.stage == stage)
    arrays = Clip(as_array(clip.plate), as_array(clip.known), clip.hole)
    fill = as_array(x0_hat)

    def free(noisy, t):
        return fill

    guide = guided_where_asked(free, None, clip, interval, settings, arrays, EVERYWHERE, as_array)
    return np.asarray(guide(fill, 300)), free, guide


def _restless(clip):
    """A fill that is another one on each frame, but for its finest detail."""
    coarse = scaled_clip(clip, 0.5).plate
    noise = np.random.default_rng(2).uniform(-0.5, 0.5, coarse.shape).astype(np.float32)
    return upsampled(noise, HEIGHT, WIDTH)


def test_the_fill_leans_as_often_as_the_picture_around_it():
    """Frames on which it leans to the same side are alike in the hole, others are not."""
    lean = np.arange(16) % 2
    clip = _swaying(lean)
    before = _restless(clip)
    x0_hat, _, _ = _drawn_together(clip, before)
    was, inside = (one[0][:, :, 12:18, 17:25] for one in (before, x0_hat))
    same, other = (np.abs(inside[:, lag:] - inside[:, :-lag]).mean() for lag in (2, 1))
    assert same < 0.4 * np.abs(was[:, 2:] - was[:, :-2]).mean()
    assert other > 1.5 * same


def test_a_shot_that_never_looks_the_same_again_is_not_drawn_together():
    clip = _swaying(np.random.default_rng(3).permutation(40)[:16])
    before = _restless(clip)
    x0_hat, _, _ = _drawn_together(clip, before)
    np.testing.assert_allclose(x0_hat[..., clip.hole], before[..., clip.hole], atol=1e-5)


def test_frames_are_drawn_together_alike_by_tensors():
    clip = _swaying(np.arange(16) % 2)
    before = _restless(clip)
    arrays, tensors = (
        _drawn_together(clip, before, as_array=one)[0] for one in (np.asarray, torch.from_numpy)
    )
    np.testing.assert_allclose(tensors, arrays, atol=1e-5)


@pytest.mark.parametrize(("held_noise", "stage"), [(0.0, 1), (0.8, 0)])
def test_nothing_is_drawn_together_in_the_first_stage_or_where_nothing_is_held(held_noise, stage):
    clip = _swaying(np.arange(16) % 2)
    _, free, guide = _drawn_together(clip, _restless(clip), held_noise=held_noise, stage=stage)
    assert guide is free
