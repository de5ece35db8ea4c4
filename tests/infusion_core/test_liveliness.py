"""The fresh noise that a shot gets for how lively it is."""

from dataclasses import replace

import numpy as np
import pytest

from infusion_core.basis import RGB, ColourBasis
from infusion_core.clip import Clip, all_unknown_filled
from infusion_core.liveliness import (
    HELD_LIVELINESS,
    HELD_START,
    MOST_HELD,
    shot_gain,
    temporal_change,
    with_motion,
)
from infusion_core.settings import load_preset, override


def gain_of(clip, basis=RGB, scale=1.0, stages=3, hold="off"):
    """The gain of a shot where that of lively ones is 1.15."""
    settings = override(load_preset("standard"), {"sampling": {"noise_gain": 1.15, "hold_coarser": hold}})
    first = replace(settings.stages[0], scale=scale)
    finer = (replace(first, scale=0.5),) * (stages - 1)
    return shot_gain(clip, basis, replace(settings, stages=(first, *finer)))


def settings_of(clip, basis=RGB, preset="standard", **changed):
    """The settings of a shot that is looked at in full resolution, with sections of them changed before."""
    settings = override(load_preset(preset), changed)
    first, *finer = settings.stages
    return with_motion(replace(settings, stages=(replace(first, scale=1.0), *finer)), clip, basis)


def held_noise_of(clip, basis=RGB):
    """The share of held noise of a shot."""
    return settings_of(clip, basis).diffusion.held_noise


def _clip(frames):
    plate = np.asarray(frames, np.float32)[None]
    return all_unknown_filled(plate, np.ones_like(plate[:, :1]))


def _pattern(frames=12, side=16, seed=0):
    return np.random.default_rng(seed).standard_normal((3, frames, side, side))


def _seething(share):
    """A still pattern of variance 1 - share under a new one of variance share in every frame."""
    still = np.broadcast_to(_pattern(frames=1, side=64), (3, 12, 64, 64))
    return _clip(np.sqrt(1.0 - share) * still + np.sqrt(share) * _pattern(side=64, seed=1))


def test_a_still_picture_does_not_change():
    assert temporal_change(_clip(np.broadcast_to(_pattern(frames=1), (3, 12, 16, 16)))) == 0.0


@pytest.mark.parametrize("share", [0.005, 0.02, 1.0])
def test_the_change_is_that_of_what_seethes(share):
    """Two independent pictures of variance ``share`` differ by twice it."""
    assert temporal_change(_seething(share)) == pytest.approx(np.sqrt(2.0 * share), rel=0.03)


@pytest.mark.parametrize("scaled", [lambda p: 0.1 * p, lambda p: p + 0.5])
def test_contrast_and_brightness_do_not_count(scaled):
    clip = _seething(0.02)
    assert temporal_change(_clip(scaled(clip.plate[0]))) == pytest.approx(temporal_change(clip), rel=1e-4)


def test_only_pixels_known_in_both_frames_count():
    clip = _seething(0.02)
    known = clip.known.copy()
    known[:, :, 5, :32] = 0.0
    wrong = np.where(known > 0, clip.plate, np.float32(100.0))
    assert temporal_change(all_unknown_filled(wrong, known)) == pytest.approx(temporal_change(clip), rel=0.03)


@pytest.mark.parametrize("frames", [1, 4])
@pytest.mark.parametrize("known", [0.0, 1.0])
def test_where_nothing_can_be_told_a_shot_is_calm(frames, known):
    plate = np.full((1, 3, frames, 8, 8), 0.3, np.float32)
    assert gain_of(all_unknown_filled(plate, np.full_like(plate[:, :1], known))) == 1.0


def test_calm_shots_get_no_stronger_noise_and_lively_ones_all_of_it():
    gains = [gain_of(_seething(share)) for share in (0.004, 0.01, 0.03)]
    assert gains[0] == 1.0
    assert 1.02 < gains[1] < 1.13
    assert gains[2] == pytest.approx(1.15)


def _with_hole(clip, frames, side=16):
    """``clip`` with a hole in a corner of some frames."""
    hole = np.zeros(clip.hole.shape, bool)
    hole[frames, :side, :side] = True
    known = clip.known * ~hole
    return Clip(clip.plate * known, known, hole)


def test_what_sways_in_place_and_is_revealed_gets_no_stronger_noise():
    swaying = _seething(0.03)
    gains = [gain_of(_with_hole(swaying, f)) for f in (slice(6), slice(11), slice(None))]
    assert gains[0] == pytest.approx(1.0, abs=0.01)
    assert gains[1:] == pytest.approx([1.15, 1.15], abs=0.001), "one frame in twelve tells too little"


def test_the_more_stages_there_are_the_less_stronger_noise_each_gets():
    lively = _seething(0.03)
    assert gain_of(lively, stages=2) == pytest.approx(1.15), "there are no more than the preset's"
    assert gain_of(lively, stages=5) == pytest.approx(1.075), "four of them below full resolution"


def test_what_is_held_gets_a_little_stronger_noise_unless_it_is_revealed():
    calm, lively = _seething(0.001), _seething(0.03)
    gains = [gain_of(_with_hole(calm, f), hold="on") for f in (slice(None), slice(6))]
    assert gains == pytest.approx([1.0 + 0.15 * HELD_LIVELINESS, 1.0])
    assert gain_of(_with_hole(lively, slice(None)), hold="on") == pytest.approx(1.15)


def test_what_moves_on_gets_stronger_noise_revealed_or_not():
    moving = _moving(lambda k: 2 * k)
    assert gain_of(_with_hole(moving, slice(6))) == pytest.approx(1.15)


def test_grain_does_not_make_a_shot_lively():
    """It has averaged out at the coarsest stage's scale."""
    still = np.broadcast_to(_pattern(frames=1).repeat(4, axis=2).repeat(4, axis=3), (3, 12, 64, 64))
    clip = _clip(still + 0.2 * _pattern(side=64, seed=1))
    assert gain_of(clip, scale=0.25) == 1.0
    assert gain_of(clip) == pytest.approx(1.15)


def _moving(position, frames=24, side=48):
    """A picture that lies ``position(frame)`` pixels to the side."""
    picture = np.repeat(_pattern(frames=1, side=side * 2), 3, axis=3)[:, 0]
    return _clip(np.stack([np.roll(picture, position(k), axis=2)[..., :side] for k in range(frames)], axis=1))


def test_what_sways_in_place_is_held_and_what_moves_on_is_not():
    assert held_noise_of(_moving(lambda k: k % 2)) > 0.5 * MOST_HELD
    assert held_noise_of(_moving(lambda k: 2 * k)) == 0.0


def test_what_seethes_under_a_still_picture_is_held_but_not_what_is_all_new():
    assert held_noise_of(_seething(0.03)) == pytest.approx(MOST_HELD, rel=0.05)
    assert held_noise_of(_seething(1.0)) < 0.05


def test_where_next_to_nothing_moves_noise_is_held_but_not_where_a_calm_shot_drifts():
    assert held_noise_of(_seething(0.0)) == MOST_HELD
    assert held_noise_of(_seething(0.003)) == MOST_HELD
    assert held_noise_of(_with_hole(_seething(0.0), slice(None))) == MOST_HELD
    assert held_noise_of(_with_hole(_seething(0.0), slice(6))) == 0.0, "other frames show all of the hole"
    still, other = _pattern(frames=1, side=64), _pattern(frames=1, side=64, seed=1)
    turns = np.linspace(0.0, 0.9, 12)[:, None, None]
    drifting = _clip(np.cos(turns) * still + np.sin(turns) * other)
    assert temporal_change(drifting) < 0.1
    assert held_noise_of(drifting) == 0.0


def test_grain_in_hues_that_the_basis_magnifies_is_not_motion():
    basis = ColourBasis(np.zeros(3, np.float32), np.diag([1.0, 20.0, 20.0]).astype(np.float32))
    still, grain = _seething(0.0).plate[0], 0.02 * _pattern(side=64, seed=2)
    model = (still * np.array([1.0, 0.01, 0.01])[:, None, None, None] + grain).astype(np.float32)
    clip = _clip(basis.encode(model.transpose(1, 2, 3, 0)).transpose(3, 0, 1, 2))
    assert temporal_change(clip) > 0.2, "in the basis it would be"
    assert gain_of(clip, basis) == 1.0
    assert held_noise_of(clip, basis) == MOST_HELD, "for it stands still"


@pytest.mark.parametrize("frames", [1, 7])
def test_a_few_frames_do_not_tell_whether_a_shot_stays(frames):
    assert held_noise_of(_clip(np.broadcast_to(_pattern(frames=1), (3, frames, 16, 16)))) == 0.0


def test_the_shot_sets_the_held_noise_only_where_it_is_to():
    standard, paper = load_preset("standard"), load_preset("paper")
    clip = _moving(lambda k: k % 2)
    resolved = with_motion(standard, clip, RGB)
    assert resolved.diffusion.held_noise > 0.3
    assert with_motion(resolved, _moving(lambda k: 2 * k), RGB) == resolved
    assert with_motion(paper, clip, RGB) == paper


def test_the_second_stage_starts_the_higher_the_more_is_held():
    standard = load_preset("standard")
    swaying, moving = (
        with_motion(standard, _moving(position), RGB).stages
        for position in (lambda k: k % 2, lambda k: 2 * k)
    )
    assert moving == standard.stages
    assert standard.stages[1].t_high < swaying[1].t_high <= HELD_START
    assert (swaying[0], *swaying[2:]) == (standard.stages[0], *standard.stages[2:])
    assert with_motion(standard, _seething(0.0), RGB).stages == standard.stages  # held as it is still


def test_double_speed_is_learned_where_other_frames_do_not_show_most_of_the_hole():
    clip = _moving(lambda k: 2 * k)
    hidden, shown = (_with_hole(clip, frames, side=8) for frames in (slice(None), slice(6)))
    assert settings_of(hidden).training.double_speed == 0.5
    assert settings_of(shown).training.double_speed == 0.0
    assert settings_of(hidden, preset="paper").training.double_speed == 0.0
    settled = {"sampling": {"hold_coarser": "off"}, "diffusion": {"held_noise": 0.0}}
    assert settings_of(hidden, **settled).training.double_speed == 0.5
    assert settings_of(shown, **settled).training.double_speed == 0.0


@pytest.mark.parametrize("preset", ["draft", "standard", "best"])
def test_finer_stages_of_calm_shots_are_held_to_the_coarser_fill(preset):
    assert settings_of(_seething(0.001), preset=preset).sampling.hold_coarser == "on"
    assert settings_of(_seething(0.02), preset=preset).sampling.hold_coarser == "off"
    assert settings_of(_moving(lambda k: 2 * k), preset=preset).sampling.hold_coarser == "off"


def test_a_few_frames_do_not_tell_that_a_shot_is_calm():
    still = _pattern(frames=1)
    few, enough = (_clip(np.broadcast_to(still, (3, frames, 16, 16))) for frames in (7, 8))
    assert settings_of(few).sampling.hold_coarser == "off"
    assert settings_of(enough).sampling.hold_coarser == "on"


def test_who_says_whether_to_hold_is_asked_no_more():
    for asked, clip in (("on", _moving(lambda k: 2 * k)), ("off", _seething(0.0))):
        settings = override(load_preset("standard"), {"sampling": {"hold_coarser": asked}})
        assert with_motion(settings, clip, RGB).sampling.hold_coarser == asked
