"""Fine detail from where the plate looks alike."""

import tracemalloc

import numpy as np
import pytest

from infusion_core.clip import all_unknown_filled, scaled_clip, upsampled
from infusion_core.detail_work import octaves_left
from infusion_core.errors import Cancelled
from infusion_core.exemplars import finished
from infusion_core.looks import in_parts
from tests.infusion_core.hidden_shots import clip_of

HOLE = (slice(None), slice(24, 36), slice(28, 44))
WIDE_HOLE = (slice(None), slice(20, 44), slice(24, 56))
INNER = np.zeros((4, 64, 80), bool)
INNER[:, 26:38, 30:50] = True


def shot(frames, hole=HOLE):
    """A shot (3, F, H, W) with a hole in it, and its true content."""
    plate = np.asarray(frames, np.float32)[None]
    hidden = np.zeros(plate.shape[2:], bool)
    hidden[hole] = True
    return clip_of(plate, hidden), plate


def tiled(frames=4, side=16, seed=0):
    """Colours whose pattern comes again every ``side`` pixels, the same on all frames."""
    tile = np.random.default_rng(seed).uniform(-0.5, 0.5, (3, 1, side, side))
    return np.broadcast_to(np.tile(tile, (1, 1, 4, 5)), (3, frames, 4 * side, 5 * side))


def coarse(plate, scale=0.5):
    """What a perfect stage at a scale would have filled in."""
    return scaled_clip(all_unknown_filled(plate, np.ones_like(plate[:, :1])), scale).plate


def error(filled, truth, hole):
    return np.sqrt(((filled - truth)[0][:, hole] ** 2).mean())


def test_detail_that_the_plate_shows_elsewhere_comes_back():
    clip, truth = shot(tiled())
    fill = coarse(truth)
    blurred = error(upsampled(fill, *clip.size[1:]), truth, clip.hole)
    assert blurred > 0.15
    assert error(finished(fill, 0.5, clip, 0), truth, clip.hole) < 0.001 * blurred


def test_a_weaker_copy_of_what_the_plate_shows_gets_its_detail_that_weak():
    """The hole's texture comes again only at thrice its contrast."""
    strong = np.tile(tiled(side=8), (1, 1, 2, 2))
    clip, _ = shot(strong, WIDE_HOLE)
    weak = np.where(clip.hole, strong / 3, strong)[None].astype(np.float32)
    blurred = error(upsampled(coarse(weak), *clip.size[1:]), weak, INNER)
    assert error(finished(coarse(weak), 0.5, clip, 0), weak, INNER) < 0.05 * blurred


def test_a_much_stronger_copy_of_what_the_plate_shows_gets_at_most_twice_its_detail():
    """Grain would be blown up to rocks."""
    weak = np.tile(tiled(side=8), (1, 1, 2, 2)) / 6
    clip, _ = shot(weak, WIDE_HOLE)
    strong = np.where(clip.hole, 6 * weak, weak)[None].astype(np.float32)
    enlarged = upsampled(coarse(strong), *clip.size[1:])
    given, missing = (
        (one - enlarged)[0][:, INNER] for one in (finished(coarse(strong), 0.5, clip, 0), strong)
    )
    assert 1.5 / 6 < given.std() / missing.std() < 2 / 6


def test_an_edge_that_lies_aside_of_those_of_the_plate_gets_weaker_lines_beside_it():
    """The plate's edges are sharp at every 8th column; the fill's lie a pixel beside them."""
    columns = np.arange(80)
    stripes = np.where(columns // 8 % 2, 0.5, -0.5)
    clip, _ = shot(np.broadcast_to(stripes, (3, 4, 64, 80)))
    beside = np.broadcast_to(np.roll(stripes, 1), clip.plate.shape).astype(np.float32)
    filled = finished(coarse(beside), 0.5, clip, 0)[0][:, clip.hole]
    enlarged = upsampled(coarse(beside), *clip.size[1:])[0][:, clip.hole]
    assert np.abs(filled).max() < np.abs(enlarged).max() + 0.06, "0.08 where it may stand out as it likes"
    assert np.abs(filled).mean() > np.abs(enlarged).mean() + 0.01, "it is sharper all the same"


def test_two_octaves_are_done_one_after_the_other():
    clip, truth = shot(tiled(side=32).repeat(2, axis=2)[:, :, :64, :80])
    done = []
    finished(coarse(truth, 0.25), 0.25, clip, 0, on_frame=done.append)
    assert done == list(range(1, 9)), "four frames at a half, four at full resolution"


def test_known_pixels_stay_and_a_last_stage_at_full_resolution_is_left_alone():
    clip, truth = shot(tiled())
    known = clip.known[0, 0] > 0
    filled = finished(coarse(truth), 0.5, clip, 0)
    np.testing.assert_array_equal(filled[0][:, known], clip.plate[0][:, known])
    assert finished(truth, 1.0, clip, 0) is truth


def test_detail_of_a_still_fill_stays_where_it_is():
    """The picture has grain, so that of each frame another place would be the most alike."""
    grain = np.random.default_rng(1).normal(0, 0.02, (3, 12, 64, 80))
    clip, _ = shot(tiled(12) + grain)
    fill = coarse(tiled(12)[None].astype(np.float32))
    filled = finished(fill, 0.5, clip, 0)[0][:, clip.hole].reshape(3, 12, -1)
    assert filled.std(axis=1).mean() < 2 * 0.02
    assert filled.mean(axis=1).std() > 0.2


def restless(hidden=HOLE):
    """A still clip in whose fill, of a texture of its own, grain changes from frame to frame."""
    random = np.random.default_rng(4)
    picture, other = random.uniform(-0.5, 0.5, (2, 3, 1, 64, 80))
    clip, _ = shot(np.broadcast_to(picture, (3, 12, 64, 80)), hidden)
    return clip, coarse((other + random.normal(0, 0.1, (3, 12, 64, 80)))[None].astype(np.float32))


def test_detail_of_a_calm_shot_stays_though_the_fill_changes_a_little():
    clip, fill = restless()
    lively, calm = (
        finished(fill, 0.5, clip, 0, is_calm=is_calm)[0][:, clip.hole].reshape(3, 12, -1).std(axis=1).mean()
        for is_calm in (False, True)
    )
    assert calm < 0.8 * lively


def test_a_calm_shot_has_the_likest_detail_where_other_frames_show_the_place():
    hidden = np.zeros((12, 64, 80), bool)
    hidden[3:10, 24:36, 28:44] = True
    clip, fill = restless(hidden)
    np.testing.assert_array_equal(finished(fill, 0.5, clip, 0, is_calm=True), finished(fill, 0.5, clip, 0))


def test_the_detail_of_what_moves_moves_with_it():
    pattern = np.concatenate([np.roll(tiled(1), 2 * k, axis=3) for k in range(6)], axis=1)
    clip, truth = shot(pattern)
    fill = coarse(truth)
    blurred = error(upsampled(fill, *clip.size[1:]), truth, clip.hole)
    assert error(finished(fill, 0.5, clip, 0), truth, clip.hole) < 0.6 * blurred


@pytest.mark.parametrize("direction", [1, -1])
def test_what_another_frame_shows_of_the_place_itself_comes_back(direction):
    """Nothing in the picture comes again, but the hole moves on, or came from there."""
    still = np.random.default_rng(3).uniform(-0.5, 0.5, (3, 1, 64, 80))
    hidden = np.zeros((5, 64, 80), bool)
    for frame in range(5):
        left = 10 + 14 * (frame if direction > 0 else 4 - frame)
        hidden[frame, 24:34, left : left + 6] = True
    clip, truth = shot(np.broadcast_to(still, (3, 5, 64, 80)), hidden)
    assert error(finished(coarse(truth), 0.5, clip, 0), truth, clip.hole) < 0.01


def test_what_comes_back_has_the_detail_of_frames_that_look_the_same_though_others_are_nearer():
    five = np.random.default_rng(0).uniform(-0.5, 0.5, (3, 5, 64, 80))
    clip, truth = shot(np.tile(five, (1, 3, 1, 1)), (slice(7, 8), *HOLE[1:]))
    blurred = error(upsampled(coarse(truth), *clip.size[1:]), truth, clip.hole)
    assert blurred > 0.15
    assert error(finished(coarse(truth), 0.5, clip, 0), truth, clip.hole) < 0.05 * blurred


def hidden_once():
    """Seven frames of noise that stands still, of which the fourth has a hole."""
    still = np.random.default_rng(3).uniform(-0.5, 0.5, (3, 1, 64, 80))
    hidden = np.zeros((7, 64, 80), bool)
    hidden[3, 20:44, 24:56] = True
    return shot(np.broadcast_to(still, (3, 7, 64, 80)), hidden)


def test_detail_of_the_place_itself_stays_as_strong_where_the_fill_is_weaker_than_the_plate():
    clip, truth = hidden_once()
    weak = np.where(clip.hole, 0.8 * truth, truth).astype(np.float32)
    added, wanted = (
        detailed - upsampled(coarse(fill), *clip.size[1:])
        for detailed, fill in ((finished(coarse(weak), 0.5, clip, 0), weak), (truth, truth))
    )
    inner = (slice(None), 3, slice(26, 38), slice(30, 50))
    np.testing.assert_allclose(added[0][inner], wanted[0][inner], atol=1e-5)


@pytest.mark.parametrize("neighbour", [2, 4])
def test_a_frame_beside_the_hole_is_not_asked_for_it_sees_the_fill(neighbour):
    """Only that frame has a checkerboard, which its blur does not show."""
    clip, truth = hidden_once()
    clip.plate[:, :, neighbour] += np.where(np.add.outer(np.arange(64), np.arange(80)) % 2, 0.2, -0.2)
    assert error(finished(coarse(truth), 0.5, clip, 0), truth, clip.hole) < 0.01


def test_where_nothing_is_known_wide_enough_the_fill_is_enlarged_alone():
    clip, truth = shot(tiled(), (slice(None), slice(4, 60), slice(4, 76)))
    filled = finished(coarse(truth), 0.5, clip, 0)
    enlarged = upsampled(coarse(truth), *clip.size[1:]).clip(-1, 1)
    np.testing.assert_allclose(filled[0][:, clip.hole], enlarged[0][:, clip.hole], atol=1e-6)


def test_frames_without_a_hole_and_a_hole_that_comes_back_are_no_trouble():
    plate = tiled(7)
    hidden = np.zeros((7, 64, 80), bool)
    hidden[[1, 2, 5], 24:36, 28:44] = True
    clip, truth = shot(plate, hidden)
    assert error(finished(coarse(truth), 0.5, clip, 0), truth, clip.hole) < 0.1


def test_a_seed_gives_one_result_and_another_seed_another():
    noise = np.random.default_rng(2).uniform(-0.5, 0.5, (3, 4, 40, 60))
    clip, truth = shot(noise)
    one, again, other = (finished(coarse(truth), 0.5, clip, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_however_many_threads_there_are_the_result_is_the_same():
    noise = np.random.default_rng(2).uniform(-0.5, 0.5, (3, 3, 64, 80))
    clip, truth = shot(noise, (slice(None), slice(12, 52), slice(20, 60)))  # 1600 pixels
    one, three = (finished(coarse(truth), 0.5, clip, 0, threads=threads) for threads in (1, 3))
    np.testing.assert_array_equal(one, three)
    assert [len(part) for part in in_parts(np.arange(1600), 3)] == [1024, 576]


def test_it_stops_between_frames():
    clip, truth = shot(tiled())
    done = []
    with pytest.raises(Cancelled):
        finished(coarse(truth), 0.5, clip, 0, on_frame=done.append, should_stop=lambda: len(done) == 2)
    assert done == [1, 2]


def test_octaves_double_up_to_full_resolution():
    assert octaves_left(1.0) == ()
    assert octaves_left(0.5) == (1.0,)
    assert octaves_left(0.2) == (0.4, 0.8, 1.0)


def test_a_steady_fill_of_a_still_shot_flickers_less():
    random = np.random.default_rng(0)
    still = np.asarray(tiled(frames=12)) + 0.005 * random.standard_normal((3, 12, 64, 80))
    clip, truth = shot(still, (slice(2, 6), slice(24, 36), slice(28, 44)))
    fill = coarse(truth) + 0.03 * random.standard_normal(coarse(truth).shape).astype(np.float32)
    free, steady = (finished(fill, 0.5, clip, 0, is_steady=one) for one in (False, True))
    assert error(steady, truth, clip.hole) < 0.6 * error(free, truth, clip.hole)


def test_detail_takes_little_more_memory_than_what_it_makes():
    """The fill, and it without its detail; and what of one frame is in work."""
    wide = np.tile(tiled(frames=24), (1, 1, 4, 3))
    clip, truth = shot(wide, (slice(None), slice(96, 128), slice(100, 140)))
    fill = coarse(truth)
    tracemalloc.start()
    try:
        finished(fill, 0.5, clip, 0, is_steady=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3.5 * clip.plate.nbytes
