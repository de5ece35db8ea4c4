"""Views of a shot to learn from."""

import numpy as np
import pytest

from infusion_core.clip import all_unknown_filled
from infusion_core.views import JITTER, num_views, shot_view, shot_views


def ramp(frames=3, rows=32, columns=48, hole=False):
    """Brightness rises with the column; nothing else differs."""
    plate = np.broadcast_to(np.linspace(0, 1, columns, dtype=np.float32), (1, 3, frames, rows, columns))
    known = np.ones((1, 1, frames, rows, columns), np.float32)
    if hole:
        known[..., 8:24, 12:30] = 0
    return all_unknown_filled(plate * known, known)


def test_there_are_fewer_views_where_they_are_large_and_none_near_full_resolution():
    size = (36, 54, 96)
    assert [num_views(24, scale, size) for scale in (1 / 32, 1 / 4, 1 / 2, 0.6, 1.0)] == [24, 24, 6, 0, 0]
    assert num_views(0, 0.25, size) == 0
    large = [num_views(24, 1 / 2**n, (48, 800, 1000)) for n in range(1, 6)]
    assert large == sorted(large)
    assert large[:2] == [0, 0]
    assert large[-1] > 8


@pytest.mark.parametrize("scale", [0.25, 0.5])
def test_views_are_of_about_the_stages_size_and_differ(scale):
    views = shot_views(ramp(), scale, 24, seed=0)
    sizes = np.array([view.size for view in views])
    assert (sizes[:, 0] == 3).all()
    expected = np.array([32, 48]) * scale
    low, high = np.exp(-JITTER) * (expected - 1) - 1, np.exp(JITTER) * expected + 1
    assert (sizes[:, 1:] >= low).all()
    assert (sizes[:, 1:] <= high).all()
    assert len({tuple(size) for size in sizes}) > len(views) // 3


def test_some_views_are_mirrored_and_some_are_not():
    rises = [
        view.plate[0, 0, 0, 0, -1] > view.plate[0, 0, 0, 0, 0] for view in shot_views(ramp(), 0.25, 24, 0)
    ]
    assert 4 < sum(rises) < 20


def test_what_a_view_knows_comes_from_known_pixels_alone():
    holed = ramp(hole=True)
    even = all_unknown_filled(0.6 * np.broadcast_to(holed.known, holed.plate.shape), holed.known)
    for seed in range(10):
        view = shot_view(even, 0.25, np.random.default_rng(seed))
        known = np.broadcast_to(view.known > 0, view.plate.shape)
        assert 0 < known.mean() < 1
        np.testing.assert_allclose(view.plate[known], 0.6, atol=1e-5)
        assert not view.plate[~known].any()


def test_the_same_seed_gives_the_same_views_and_each_scale_its_own():
    first, again = (shot_views(ramp(), 0.25, 4, seed=3) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.plate, other.plate)
    assert [v.size for v in shot_views(ramp(), 0.25, 9, 4)] != [
        v.size for v in shot_views(ramp(), 0.25, 9, 3)
    ]


def test_a_region_smaller_than_a_coarse_pixel_has_no_views():
    assert shot_views(ramp(rows=4), 0.25, 8, seed=0) == []
