import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.tiles import OVERLAP_SHARE, blended, cut, ramp, spans

SIZES = st.tuples(st.integers(1, 30), st.integers(1, 40), st.integers(1, 40))


@given(st.integers(1, 300), st.integers(0, 320))
def test_spans_cover_the_axis_overlap_and_stay_inside(size, length):
    parts = spans(size, length)
    assert parts[0][0] == 0
    assert parts[-1][1] == size
    wanted = length if 0 < length < size else size
    assert {end - start for start, end in parts} == {wanted}
    for (start, end), (following, _) in itertools.pairwise(parts):
        assert start < following
        assert end - following >= int(wanted * OVERLAP_SHARE) - 1
        assert end >= following


@given(SIZES, st.integers(0, 30), st.integers(0, 40))
def test_tiles_weigh_every_voxel(size, window, tile):
    weights = np.zeros(size)
    for part in cut(size, window, tile):
        assert (part.weight > 0).all()
        assert part.weight.max() <= 1
        weights[part.index[2:]] += part.weight
    assert (weights > 0).all()


def test_weights_fall_towards_inner_ends_only():
    weight = ramp((10, 30), 40)
    assert (np.diff(weight[:5]) > 0).all()
    np.testing.assert_array_equal(weight, weight[::-1])
    np.testing.assert_array_equal(ramp((0, 40), 40), 1)
    assert ramp((0, 20), 40)[0] == 1
    assert ramp((20, 40), 40)[-1] == 1


@given(SIZES, st.integers(0, 12), st.integers(0, 16))
def test_a_model_that_looks_at_one_voxel_is_blended_to_what_it_gives_whole(size, window, tile):
    clip = np.random.default_rng(0).normal(size=(1, 3, *size)).astype(np.float32)
    tiles = cut(size, window, tile)
    result = blended(lambda part: np.tanh(clip[part.index]) + 1, tiles, clip, np.asarray)
    np.testing.assert_allclose(result, np.tanh(clip) + 1, atol=1e-5)


@pytest.mark.parametrize(("window", "tile"), [(8, 0), (0, 16), (8, 16)])
def test_a_model_of_small_reach_is_blended_to_nearly_what_it_gives_whole(window, tile):
    torch.manual_seed(0)
    model = torch.nn.Conv3d(3, 3, 3, padding=1)
    clip = torch.randn(1, 3, 20, 40, 48)
    tiles = cut(tuple(clip.shape[2:]), window, tile)
    assert len(tiles) > 1
    with torch.no_grad():
        whole = model(clip)
        result = blended(lambda part: model(clip[part.index]), tiles, clip, torch.from_numpy)
    error = (result - whole).abs()
    # a tile is wrong only one voxel deep at its ends, where it weighs least
    assert (error > 1e-5).float().mean() < 0.5
    assert error.mean() < 0.1 * whole.abs().mean()


def test_tiles_smaller_than_the_clip_are_never_larger_than_asked():
    for part in cut((100, 200, 300), 16, 64):
        assert part.weight.shape == (16, 64, 64)
