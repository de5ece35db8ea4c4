import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.noise import clip_noise, frame_noise, stage_draw, stage_noise

SHAPE = (3, 8, 8)


def test_noise_is_standard_normal():
    noise = clip_noise(7, [3], range(8), (3, 64, 64))
    assert noise.shape == (1, 3, 8, 64, 64)
    assert noise.dtype == np.float32
    count = noise.size
    assert abs(noise.mean()) < 5 / np.sqrt(count)
    assert abs(noise.var() - 1) < 5 * np.sqrt(2 / count)
    assert abs((noise**4).mean() - 3) < 5 * np.sqrt(96 / count)


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_held_noise_is_standard_normal_and_the_same_in_all_frames_by_its_share(share):
    noise = clip_noise(7, [3], range(12), (3, 64, 64), share)
    assert noise.dtype == np.float32
    assert noise.var() == pytest.approx(1.0, abs=0.03)
    for one, other in ((0, 1), (0, 11)):
        assert (noise[:, :, one] * noise[:, :, other]).mean() == pytest.approx(share, abs=0.05)
    other = clip_noise(7, [4], range(12), (3, 64, 64), share)
    assert abs((noise * other).mean()) < 0.03


def test_no_held_noise_is_noise_of_each_frame_alone():
    np.testing.assert_array_equal(
        clip_noise(7, [3], range(4), SHAPE, 0.0), clip_noise(7, [3], range(4), SHAPE)
    )


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**20), st.integers(0, 500), st.integers(1, 6))
def test_noise_does_not_depend_on_the_window(seed, draw, first, length):
    window = clip_noise(seed, [draw], range(first, first + length), SHAPE)
    for i in range(length):
        np.testing.assert_array_equal(window[0, :, i], frame_noise(seed, draw, first + i, SHAPE))


@pytest.mark.parametrize("other", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (2**31 - 1, 0, 0)])
def test_noise_differs_with_seed_draw_and_frame_and_is_uncorrelated(other):
    shape = (3, 64, 64)
    one, two = frame_noise(0, 0, 0, shape), frame_noise(*other, shape)
    assert abs((one * two).mean()) < 5 / np.sqrt(one.size)


@given(st.sets(st.tuples(st.integers(0, 60), st.integers(0, 10000), st.integers(0, 31)), min_size=2))
def test_no_two_draws_of_a_run_share_their_number(draws):
    assert len({stage_draw(*draw) for draw in draws}) == len(draws)


def test_draws_of_stages_give_noise_of_their_own():
    noises = [frame_noise(0, stage_draw(stage, 5), 2, SHAPE) for stage in range(4)]
    for i, noise in enumerate(noises[:-1]):
        assert (noise != noises[i + 1]).all()


@pytest.mark.parametrize("held", [0.0, 0.8])
def test_layouts_have_noise_of_their_own_and_the_first_that_of_a_single_one(held):
    single = stage_noise(7, 1, 302, (4, 64, 64), held)
    several = stage_noise(7, 1, 302, (4, 64, 64), held, range(3))
    assert several.shape == (3, 3, 4, 64, 64)
    np.testing.assert_array_equal(several[:1], single)
    np.testing.assert_array_equal(several[2:], stage_noise(7, 1, 302, (4, 64, 64), held, [2]))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert abs((several[one] * several[other]).mean()) < 0.04
