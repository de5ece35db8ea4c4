import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from infusion_core.basis import RGB
from infusion_core.clip import all_unknown_filled, background, clip_from_shot
from infusion_core.engine.examples import choose_source, draw_examples, pad_to_multiple, training_source
from infusion_core.settings import TrainingSettings

SHOT_HOLES = TrainingSettings(window=4, crop=12, holes="shot", loss="hidden", fill="current")
PAPER = TrainingSettings(window=4, crop=0, holes="blobs", loss="known", fill="zero")


@pytest.fixture
def clip(waves):
    arrays = clip_from_shot(waves, RGB)
    return all_unknown_filled(torch.from_numpy(arrays.plate), torch.from_numpy(arrays.known))


def drawn(clip, settings, seed, fill=None, multiple=4, double_speed=0.0):
    fill = torch.zeros_like(clip.plate) if fill is None else fill
    random = np.random.default_rng(seed)
    return draw_examples(training_source(clip, fill), settings, multiple, random, double_speed)


@pytest.mark.parametrize("settings", [SHOT_HOLES, PAPER, replace(SHOT_HOLES, batch=3)])
def test_shapes_are_those_of_crop_and_window(clip, settings):
    examples = drawn(clip, settings, 0)
    rows, columns = (settings.crop or 16, settings.crop or 24)
    assert examples.clean.shape == (settings.batch, 3, 4, rows, columns)
    assert examples.masked_plate.shape == examples.clean.shape
    assert examples.hole.shape == examples.weight.shape == (settings.batch, 1, 4, rows, columns)
    assert examples.mean.shape == (settings.batch, 3, 1, rows, columns)
    assert examples.share.shape == (settings.batch, 1, 1, rows, columns)


@pytest.mark.parametrize("settings", [SHOT_HOLES, PAPER])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_hidden_is_hidden_from_every_input(clip, settings, seed):
    examples = drawn(clip, settings, seed)
    visible = 1 - examples.hole
    assert set(examples.hole.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(examples.masked_plate, examples.clean * visible)
    # pixels hidden on every frame have no background either
    whole_shot = replace(settings, window=clip.size[0])
    examples = drawn(clip, whole_shot, seed)
    mean, share = background(examples.masked_plate, 1 - examples.hole)
    torch.testing.assert_close(examples.mean, mean)
    torch.testing.assert_close(examples.share, share)


def test_the_paper_learns_from_all_known_pixels_and_sees_nothing_in_the_real_hole(clip):
    for seed in range(10):
        examples = drawn(clip, replace(PAPER, window=6), seed)
        torch.testing.assert_close(examples.weight, clip.known)
        torch.testing.assert_close(examples.clean, clip.plate)
        real_hole = clip.known == 0
        assert (examples.hole[real_hole] == 1).all()
        assert not examples.clean[real_hole.expand_as(examples.clean)].any()
        assert real_hole.sum() < examples.hole.sum() < examples.hole.numel()


def test_hidden_loss_counts_the_known_pixels_that_were_hidden(clip):
    fill = torch.full_like(clip.plate, 0.75)
    for seed in range(10):
        examples = drawn(clip, replace(SHOT_HOLES, window=6, crop=0), seed, fill)
        torch.testing.assert_close(examples.weight, examples.hole * clip.known)
        assert examples.weight.mean() > 0.02
        real_hole = (clip.known == 0).expand_as(examples.clean)
        assert (examples.clean[real_hole] == 0.75).all()
        torch.testing.assert_close(examples.clean[~real_hole], clip.plate[~real_hole])


@pytest.mark.parametrize("settings", [SHOT_HOLES, PAPER])
def test_a_seed_decides_all(clip, settings):
    one, again, other = (drawn(clip, settings, seed) for seed in (3, 3, 4))
    for name in ("clean", "masked_plate", "hole", "weight", "mean", "share"):
        assert torch.equal(getattr(one, name), getattr(again, name))
    assert not torch.equal(one.hole, other.hole)


def test_every_window_and_crop_is_drawn(clip):
    plate = torch.zeros(1, 3, 6, 16, 24)
    plate[0, 0] = torch.arange(6)[:, None, None] / 10
    plate[0, 1] = torch.arange(16)[:, None] / 100
    plate[0, 2] = torch.arange(24) / 100
    known = torch.ones(1, 1, 6, 16, 24)
    corners = set()
    for seed in range(200):
        first = drawn(all_unknown_filled(plate, known), SHOT_HOLES, seed).clean[0, :, 0, 0, 0]
        corners.add(tuple(round(float(v), 2) for v in first))
    assert {frame for frame, *_ in corners} == {0.0, 0.1, 0.2}
    assert {row for _, row, _ in corners} == {i / 100 for i in range(5)}
    assert {column for *_, column in corners} == {i / 100 for i in range(13)}


def frames_of_crops(num_frames, double_speed, count=200):
    """Frames that crops of four were cut from, told by their brightness."""
    plate = torch.arange(num_frames)[:, None, None] / 100 * torch.ones(1, 3, num_frames, 16, 24)
    clip = all_unknown_filled(plate, torch.ones(1, 1, num_frames, 16, 24))
    examples = drawn(clip, replace(SHOT_HOLES, batch=count), 0, double_speed=double_speed)
    return [tuple(round(100 * float(v)) for v in one[0, :, 0, 0]) for one in examples.clean]


def test_a_share_of_the_crops_takes_every_other_frame():
    crops = frames_of_crops(9, 0.25)
    paces = [{after - before for before, after in itertools.pairwise(crop)} for crop in crops]
    assert all(pace in ({1}, {2}) for pace in paces)
    assert paces.count({2}) / len(paces) == pytest.approx(0.25, abs=0.1)
    assert {crop[0] for crop, pace in zip(crops, paces, strict=True) if pace == {2}} == {0, 1, 2}
    assert {crop[0] for crop, pace in zip(crops, paces, strict=True) if pace == {1}} == set(range(6))


@pytest.mark.parametrize(("num_frames", "firsts"), [(7, {0}), (6, {0, 1, 2})])
def test_no_crop_takes_frames_that_a_short_shot_has_not(num_frames, firsts):
    crops = frames_of_crops(num_frames, 1.0)
    pace = 2 if num_frames == 7 else 1
    assert set(crops) == {tuple(range(first, first + 4 * pace, pace)) for first in firsts}


def test_what_is_hidden_at_double_speed_is_hidden_from_every_input(clip):
    fill = torch.full_like(clip.plate, 0.75)
    settings = replace(SHOT_HOLES, window=3, crop=0)
    for seed in range(10):
        examples = drawn(clip, settings, seed, fill, double_speed=1.0)
        crops = [frames for frames in ((0, 2, 4), (1, 3, 5)) if shows(examples, clip, frames)]
        assert len(crops) == 1
        known = clip.known[:, :, crops[0]]
        torch.testing.assert_close(examples.weight, examples.hole * known)
        torch.testing.assert_close(examples.masked_plate, examples.clean * (1 - examples.hole))


def shows(examples, clip, frames):
    """Whether examples are those frames of the clip, where it is known."""
    known = clip.known[:, :, frames]
    return torch.equal(examples.clean * known, clip.plate[:, :, frames] * known)


def test_a_shot_without_a_hole_at_this_scale_still_trains(clip):
    examples = drawn(all_unknown_filled(clip.plate, torch.ones_like(clip.known)), SHOT_HOLES, 0)
    assert examples.weight.any()


def test_padding_counts_for_nothing(clip):
    examples = drawn(clip, replace(SHOT_HOLES, crop=10), 0, multiple=8)
    assert examples.clean.shape[-2:] == (16, 16)
    for value in (examples.clean, examples.weight, examples.hole, examples.mean, examples.share):
        assert not value[..., 10:, :].any()
        assert not value[..., 10:].any()
    assert torch.equal(pad_to_multiple(clip.plate, 8), clip.plate)


def test_three_of_four_examples_come_from_the_views_each_as_often():
    random = np.random.default_rng(0)
    chosen = [choose_source(("shot", "a", "b", "c"), random) for _ in range(2000)]
    for name in ("shot", "a", "b", "c"):
        assert chosen.count(name) / 2000 == pytest.approx(0.25, abs=0.04)


def test_without_views_no_randomness_is_spent_on_the_choice():
    random, untouched = (np.random.default_rng(0) for _ in range(2))
    assert choose_source(("shot",), random) == "shot"
    assert random.random() == untouched.random()
