"""The random fields that procedural textures are made of."""

import numpy as np
import pytest

from infusion_core.prior.fields import STILL, Motion, displaced, field

SIZE = (12, 40, 56)


def made(motion, seed=0, **more):
    return field(np.random.default_rng(seed), SIZE, motion, **more)


def likeness(first, second):
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def test_a_field_has_mean_0_and_deviation_1():
    values = made(Motion(5.0))
    assert values.shape == SIZE
    assert values.dtype == np.float32
    assert values.mean() == pytest.approx(0, abs=1e-4)
    assert values.std() == pytest.approx(1, abs=1e-3)


def test_a_still_field_does_not_move():
    values = made(STILL)
    assert np.ptp(values, axis=0).max() < 1e-5


def test_a_field_forgets_itself_the_sooner_the_shorter_its_memory():
    later = [likeness(made(Motion(memory))[0], made(Motion(memory))[6]) for memory in (1.0, 10.0, 1000.0)]
    assert later == sorted(later)
    assert later[0] < 0.5
    assert later[-1] > 0.95


def test_drift_carries_a_field_along():
    drifting = made(Motion(np.inf, drift=(1.0, -2.0)))
    assert likeness(np.roll(drifting[0], (5, -10), (0, 1)), drifting[5]) > 0.999
    assert likeness(drifting[0], drifting[5]) < 0.95


def test_a_steeper_slope_is_smoother():
    rough, smooth = (
        np.abs(np.diff(made(STILL, slope=(slope, slope)), axis=2)).mean() for slope in (0.5, 3.5)
    )
    assert smooth < 0.5 * rough


def test_displaced_takes_pixels_from_where_it_is_told_across_the_borders():
    pictures = made(Motion(3.0))
    moved = displaced(pictures, np.full(SIZE, 3.0), np.full(SIZE, -7.0))
    np.testing.assert_allclose(moved, np.roll(pictures, (-3, 7), (1, 2)), atol=1e-5)
    half = displaced(pictures, np.zeros(SIZE), np.full(SIZE, 0.5))
    np.testing.assert_allclose(half, (pictures + np.roll(pictures, -1, 2)) / 2, atol=1e-5)
