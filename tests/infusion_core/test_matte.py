import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from infusion_core.box import Box
from infusion_core.matte import bounding_box, hole_and_blend

MATTES = hnp.arrays(np.float32, (14, 17), elements=st.sampled_from([0.0, 0.01, 0.25, 0.5, 1.0]))


def distances(mask: np.ndarray) -> np.ndarray:
    """Distance of every pixel to the nearest true one, by looking at all of them."""
    ys, xs = np.nonzero(mask)
    grid_y, grid_x = np.mgrid[: mask.shape[0], : mask.shape[1]]
    if not ys.size:
        return np.full(mask.shape, np.inf)
    return np.sqrt(((grid_y[..., None] - ys) ** 2 + (grid_x[..., None] - xs) ** 2).min(axis=-1))


def one_block(value: float = 1.0) -> np.ndarray:
    matte = np.zeros((40, 50), np.float32)
    matte[15:20, 20:28] = value
    return matte


@settings(deadline=None)
@given(MATTES, st.integers(-3, 4), st.sampled_from([0.0, 0.5, 2.0, 3.7]), st.sampled_from([0.0, 0.02, 0.3]))
def test_the_hole_is_where_the_blend_is(matte, grow, feather, threshold):
    hole, blend = hole_and_blend(matte, threshold=threshold, grow=grow, feather=feather)
    assert hole.dtype == bool
    assert blend.dtype == np.float32
    assert hole.shape == blend.shape == matte.shape
    assert np.array_equal(hole, blend > 0)
    assert blend.min() >= 0
    assert blend.max() <= 1


@given(MATTES)
def test_a_matte_alone_is_its_own_blend_above_the_threshold(matte):
    hole, blend = hole_and_blend(matte, threshold=0.02)
    assert np.array_equal(hole, matte > 0.02)
    assert np.array_equal(blend, np.where(matte > 0.02, matte, 0))


@settings(deadline=None)
@given(MATTES, st.integers(1, 5))
def test_growing_adds_what_lies_within_that_distance(matte, grow):
    hole, _ = hole_and_blend(matte, threshold=0.02, grow=grow)
    assert np.array_equal(hole, distances(matte > 0.02) <= grow)


@settings(deadline=None)
@given(MATTES, st.integers(1, 4))
def test_shrinking_takes_away_what_lies_within_that_distance_of_known_pixels(matte, shrink):
    hole, _ = hole_and_blend(matte, threshold=0.02, grow=-shrink)
    assert np.array_equal(hole, distances(matte <= 0.02) > shrink)


@settings(deadline=None)
@given(MATTES, st.floats(0.5, 6.0))
def test_the_feather_is_a_paraboloid_around_every_matte_pixel(matte, feather):
    _, blend = hole_and_blend(matte, threshold=0.02, feather=feather)
    expected = np.zeros_like(matte)
    for value in (0.25, 0.5, 1.0):
        skirt = value - (distances(matte == value) / feather) ** 2
        expected = np.maximum(expected, np.where(np.isfinite(skirt), skirt, 0))
    assert np.allclose(blend, expected, atol=1e-5)


@settings(deadline=None)
@given(MATTES, MATTES, st.integers(-2, 3), st.sampled_from([0.0, 2.5]))
def test_more_matte_never_means_less_blend(matte, more, grow, feather):
    options = {"threshold": 0.02, "grow": grow, "feather": feather}
    _, blend = hole_and_blend(matte, **options)
    _, larger = hole_and_blend(np.maximum(matte, more), **options)
    assert (larger >= blend - 1e-6).all()


@settings(deadline=None)
@given(MATTES, st.integers(-2, 3), st.sampled_from([0.0, 2.5]))
def test_flipping_the_matte_flips_the_result(matte, grow, feather):
    options = {"threshold": 0.02, "grow": grow, "feather": feather}
    _, blend = hole_and_blend(matte, **options)
    _, flipped = hole_and_blend(matte[::-1, ::-1], **options)
    assert np.array_equal(flipped[::-1, ::-1], blend)


def test_a_soft_edge_moves_out_with_growing_and_stays_soft():
    matte = one_block()
    matte[:, 28] = matte[:, 27] * 0.5
    _, blend = hole_and_blend(matte, threshold=0.02, grow=3)
    assert blend[17, 27:33].tolist() == [1, 1, 1, 1, 0.5, 0]


def test_the_feather_lies_outside_of_the_grown_hole():
    _, blend = hole_and_blend(one_block(), threshold=0.02, grow=2, feather=4)
    row = blend[17, 27:]
    assert row[:3].tolist() == [1, 1, 1]
    assert (np.diff(row[2:7]) < 0).all()
    assert row[5] > 0
    assert not row[6:].any()


def test_shrinking_does_not_eat_from_the_pictures_edge():
    matte = np.zeros((20, 20), np.float32)
    matte[:8, :8] = 1
    hole, _ = hole_and_blend(matte, threshold=0.02, grow=-2)
    assert hole[0, 0]
    assert bounding_box(hole) == Box(0, 0, 6, 6)


@pytest.mark.parametrize(
    "options", [{}, {"grow": 5}, {"grow": -5}, {"feather": 5.0}, {"grow": 400, "feather": 300.0}]
)
def test_empty_and_full_mattes_stay_what_they_are(options):
    for value in (0.0, 1.0):
        hole, blend = hole_and_blend(np.full((6, 9), value, np.float32), threshold=0.02, **options)
        assert (hole == bool(value)).all()
        assert (blend == value).all()


def test_the_matte_given_is_not_changed():
    matte = one_block(0.7)
    before = matte.copy()
    hole_and_blend(matte, threshold=0.02, grow=2, feather=3)
    assert np.array_equal(matte, before)


def test_a_bounding_box_is_tight_and_absolute():
    assert bounding_box(one_block() > 0, 100, -50) == Box(120, -35, 128, -30)
    assert bounding_box(np.zeros((3, 4), bool), 5, 6).is_empty
