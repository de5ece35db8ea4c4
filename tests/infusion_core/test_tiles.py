"""Denoising only around the hole, in parts."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.clip import all_unknown_filled
from infusion_core.denoisers import make_denoiser
from infusion_core.engine.model import make_network
from infusion_core.network_size import reach, row_multiple
from infusion_core.schedule import make_schedule
from infusion_core.settings import DiffusionSettings, NetworkSettings
from infusion_core.tiles import BLOCK, WORTH, Grid, cut, occupied_blocks, parts

SIZES = st.tuples(st.integers(1, 30), st.integers(1, 60), st.integers(1, 60))
REACHES = st.tuples(st.integers(0, 6), st.integers(0, 40))
WHOLE = 10**9

NETWORKS = [
    NetworkSettings(kind="factored", channels=4, levels=3),
    NetworkSettings(kind="factored", channels=4, levels=1),
    NetworkSettings(kind="paper", channels=4, levels=2),
    NetworkSettings(kind="paper", channels=4, levels=3),
]


def holes(size, seed, count=3):
    """A few boxes at random places, now and then none."""
    rng, hole = np.random.default_rng(seed), np.zeros(size, bool)
    for _ in range(rng.integers(count + 1)):
        low = [rng.integers(side) for side in size]
        high = [rng.integers(start, side) + 1 for start, side in zip(low, size, strict=True)]
        hole[tuple(map(slice, low, high))] = True
    return hole


@given(SIZES, st.integers(0, 10**6), REACHES, st.sampled_from([1, 4, 8, 16]), st.integers(1, 10**5))
def test_tiles_keep_all_that_is_needed_and_show_what_is_within_reach(size, seed, reach, multiple, most):
    needed = holes(size, seed)
    kept = np.zeros(size, int)
    for tile in cut(needed, reach, multiple, most):
        kept[tile.kept] += 1
        for axis, (inner, outer) in enumerate(zip(tile.kept, tile.shown, strict=True)):
            far = reach[0] if axis == 0 else reach[1]
            assert 0 <= outer.start <= max(0, inner.start - far)
            assert min(size[axis], inner.stop + far) <= outer.stop <= size[axis]
        assert tile.shown[1].start % multiple == tile.shown[2].start % multiple == 0
        whole = np.arange(np.prod(size)).reshape(size)
        np.testing.assert_array_equal(whole[tile.shown][tile.within], whole[tile.kept])
    assert (kept[needed] == 1).all()
    assert kept.max(initial=0) <= 1


@given(SIZES, st.integers(0, 10**6), REACHES)
def test_parts_show_no_more_than_asked_as_long_as_they_can_be_cut(size, seed, reach):
    occupied = occupied_blocks(holes(size, seed), BLOCK)
    grid = Grid(size, BLOCK, (reach[0], -(-reach[1] // BLOCK)))
    for most in (1, 3000, 40_000):
        for part in parts(occupied, grid, most):
            blocks = np.prod([end - start for start, end in part])
            assert grid.voxels(part) <= most or blocks == 1


@given(SIZES, st.integers(0, 10**6), REACHES)
def test_cutting_never_costs_more_unless_memory_asks_for_it(size, seed, reach):
    occupied = occupied_blocks(holes(size, seed), BLOCK)
    grid = Grid(size, BLOCK, (reach[0], -(-reach[1] // BLOCK)))
    found = parts(occupied, grid, WHOLE)
    cost = sum(map(grid.voxels, found))
    assert cost <= (WORTH if len(found) > 1 else 1) * np.prod(size)


def test_a_small_hole_that_crosses_a_large_picture_costs_little():
    hole = np.zeros((96, 200, 800), bool)
    for frame in range(96):
        hole[frame, 80:120, 8 * frame : 8 * frame + 40] = True
    grid = Grid(hole.shape, BLOCK, (6, 5))
    found = parts(occupied_blocks(hole, BLOCK), grid, WHOLE)
    assert len(found) > 1
    assert sum(map(grid.voxels, found)) < 0.3 * hole.size


def test_a_hole_that_is_nearly_everything_is_denoised_whole():
    hole = np.zeros((20, 80, 96), bool)
    hole[:, 8:72, 8:88] = True
    (tile,) = cut(hole, (6, 38), 4, WHOLE)
    assert tile.shown == (slice(0, 20), slice(0, 80), slice(0, 96))


def test_nothing_is_needed_without_a_hole():
    assert cut(np.zeros((3, 20, 20), bool), (6, 38), 4, WHOLE) == []


def network_of(settings, *, positive):
    """A network whose every weight matters; if all are positive, so does all that it sees."""
    torch.manual_seed(0)
    model = make_network(settings, make_schedule(DiffusionSettings())).eval()
    with torch.no_grad():
        for weight in model.parameters():
            fan_in = max(1, weight[0].numel())
            if positive:
                weight.uniform_(0, 2 / fan_in)
            else:
                weight.normal_(0, 1.5 / fan_in**0.5)
    return model


def inputs_of(noisy):
    frame = noisy[:, :, :1]
    return noisy, torch.zeros_like(noisy), noisy[:, :1] * 0, frame * 0, frame[:, :1] * 0, torch.tensor([300])


@pytest.mark.parametrize("settings", NETWORKS, ids=repr)
def test_a_network_sees_no_farther_than_its_reach_and_nearly_that_far(settings):
    model = network_of(settings, positive=True)
    frames, pixels = reach(settings)
    multiple = row_multiple(settings)
    side = 2 * (pixels + multiple) // multiple * multiple + multiple
    torch.manual_seed(1)
    noisy = torch.rand(1, 3, 2 * frames + 5, side, side)
    where = (frames + 2, side // 2, side // 2)
    noisy.requires_grad_()
    model(*inputs_of(noisy))[(0, 0, *where)].backward()
    seen = (noisy.grad[0].abs().amax(0) > 0).numpy()
    for axis, far in ((0, frames), (1, pixels), (2, pixels)):
        places = np.flatnonzero(seen.any(axis=tuple({0, 1, 2} - {axis})))
        farthest = np.abs(places - where[axis]).max()
        assert farthest <= far
        assert farthest >= (far if axis == 0 else 0.7 * far)


@pytest.mark.parametrize("moving_grid", [False, True])
@pytest.mark.parametrize("most", [60_000, WHOLE])
@pytest.mark.parametrize("settings", NETWORKS[:3], ids=repr)
def test_the_hole_comes_out_as_in_the_whole_clip(settings, moving_grid, most):
    model = network_of(settings, positive=False)
    size = (34, 43, 120)
    hole = np.zeros(size, bool)
    hole[2:5, 8:19, 2:12] = True
    hole[30:33, 30:33, 106:119] = True
    rng = np.random.default_rng(0)
    known = (~hole)[None, None].astype(np.float32)
    plate = rng.normal(size=(1, 3, *size)).astype(np.float32) * known
    clip = all_unknown_filled(torch.from_numpy(plate), torch.from_numpy(known))
    noisy = torch.from_numpy(rng.normal(size=(1, 3, *size)).astype(np.float32))

    def denoised(tiles):
        denoise = make_denoiser(
            lambda *inputs: model(*inputs[:-1], torch.tensor([inputs[-1]])),
            clip,
            model.multiple,
            tiles,
            moving_grid=moving_grid,
            zeros=torch.zeros,
        )
        with torch.no_grad():
            return denoise(noisy, 301).numpy()

    (all_of_it,) = cut(np.ones(size, bool), (0, 0), model.multiple, WHOLE)
    tiles = cut(hole, reach(settings), model.multiple, most)
    assert len(tiles) > 1
    whole, parts_of_it = denoised([all_of_it]), denoised(tiles)
    inside = np.broadcast_to(hole, whole.shape)
    np.testing.assert_allclose(parts_of_it[inside], whole[inside], atol=1e-4 * np.abs(whole).max())
