import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.basis import RGB
from infusion_core.clip import background, clip_from_shot
from infusion_core.denoisers import grid_offset, make_denoiser, padded
from infusion_core.tiles import cut


@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 2, 4, 8]))
def test_padding_adds_zeros_at_the_end_up_to_the_next_multiple(height, width, multiple):
    array = np.ones((1, 3, 2, height, width), np.float32)
    result = padded(array, multiple, np.zeros)
    assert result.shape[-2] % multiple == 0
    assert result.shape[-1] % multiple == 0
    assert result.shape[-2] - height < multiple
    assert result.shape[-1] - width < multiple
    np.testing.assert_array_equal(result[..., :height, :width], array)
    assert result.sum() == array.sum()


@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 2, 4, 8]), st.integers(0, 999))
def test_padding_has_room_for_every_place_of_the_grid(height, width, multiple, t):
    array = np.ones((1, 3, 2, height, width), np.float32)
    top, left = grid_offset(t, multiple)
    result = padded(array, multiple, np.zeros, (top, left), multiple - 1)
    assert result.shape == padded(array, multiple, np.zeros, (0, 0), multiple - 1).shape
    assert all(side % multiple == 0 for side in result.shape[-2:])
    np.testing.assert_array_equal(result[..., top : top + height, left : left + width], array)
    assert result.sum() == array.sum()


def test_the_grid_comes_to_every_place_about_as_often():
    places = np.bincount([4 * row + column for row, column in (grid_offset(t, 4) for t in range(1000))])
    assert len(places) == 16
    assert places.min() > 40


@pytest.mark.parametrize("moving_grid", [False, True])
@pytest.mark.parametrize(("reach", "most"), [((0, 0), 10**9), ((0, 0), 100), ((2, 5), 100)])
def test_the_network_gets_matching_parts_of_all_its_inputs(waves, reach, most, moving_grid):
    clip = clip_from_shot(waves, RGB)
    noisy = np.random.default_rng(0).normal(size=clip.plate.shape).astype(np.float32)
    mean, share = background(clip.plate, clip.known)
    shapes = set()

    def network(noisy, plate, hole, mean, share, t):
        shapes.add(noisy.shape[-2:])
        return noisy + 2 * plate + 3 * hole + 5 * mean + 7 * share + t

    tiles = cut(waves.hole, reach, 8, most)
    denoise = make_denoiser(network, clip, 8, tiles, moving_grid=moving_grid, zeros=np.zeros)
    expected = noisy + 2 * clip.plate + 3 * (1 - clip.known) + 5 * mean + 7 * share + 11
    hole = np.broadcast_to(waves.hole, expected.shape)
    np.testing.assert_allclose(denoise(noisy, 11)[hole], expected[hole], atol=1e-4)
    assert all(rows % 8 == 0 and columns % 8 == 0 for rows, columns in shapes)


def test_a_moving_grid_washes_out_what_depends_on_the_place_in_a_block(waves):
    clip = clip_from_shot(waves, RGB)
    noisy = np.zeros_like(clip.plate)
    whole = cut(np.ones(clip.size, bool), (0, 0), 4, 10**9)

    def network(noisy, plate, hole, mean, share, t):
        rows, columns = (np.arange(side) % 4 for side in noisy.shape[-2:])
        return noisy + np.float32(1.0) * ((rows[:, None] + columns) / 6 - 0.5)

    def trace(moving_grid):
        denoise = make_denoiser(network, clip, 4, whole, moving_grid=moving_grid, zeros=np.zeros)
        return np.mean([denoise(noisy, t) for t in range(0, 300, 13)], axis=0)

    assert trace(True).std() < 0.5 * trace(False).std()
