import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from infusion_core.box import Box
from infusion_core.io.compose import Fill, alpha_from, lay_in

WINDOW = Box(10, 20, 18, 26)


def bits(array: np.ndarray) -> np.ndarray:
    return array.view(f"u{array.dtype.itemsize}")


def make_fill(box: Box, value: float, weight: float | np.ndarray) -> Fill:
    shape = (box.height, box.width)
    rgb = np.full((*shape, 3), value, np.float32) * np.array([1, 2, 3], np.float32)
    return Fill(box, rgb, np.broadcast_to(np.float32(weight), shape).copy())


@given(
    hnp.arrays(np.uint16, (6, 8)),
    hnp.arrays(np.float32, (4, 5), elements=st.sampled_from([0.0, 0.25, 1.0])),
    st.integers(5, 20),
    st.integers(16, 28),
)
def test_whatever_the_bits_only_weighted_pixels_change(stored, weight, x0, y0):
    halves = stored.view(np.float16).copy()
    fill = make_fill(Box(x0, y0, x0 + 5, y0 + 4), 0.5, weight)
    lay_in(halves, WINDOW, fill, 0)
    touched = np.zeros((6, 8), bool)
    for y in range(4):
        for x in range(5):
            if weight[y, x] > 0 and WINDOW.x0 <= x0 + x < WINDOW.x1 and WINDOW.y0 <= y0 + y < WINDOW.y1:
                touched[y0 + y - WINDOW.y0, x0 + x - WINDOW.x0] = True
    assert np.array_equal(bits(halves)[~touched], stored[~touched])
    assert np.isfinite(halves[touched]).all()


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_the_blend_is_linear_and_takes_each_channel_from_its_slot(kind):
    stored = np.full((6, 8), 8.0, kind)
    lay_in(stored, WINDOW, make_fill(Box(11, 21, 13, 22), 1.0, 0.25), 2)
    assert stored[1, 1] == stored[1, 2] == 3 * 0.25 + 8 * 0.75
    assert (stored == 8).sum() == 46


def test_grey_takes_the_mean_of_the_fill():
    stored = np.zeros((6, 8), np.float32)
    lay_in(stored, WINDOW, make_fill(WINDOW, 1.0, 1.0), -1)
    assert (stored == 2).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_where_the_plate_is_not_finite_the_fill_stands_alone(bad):
    stored = np.full((6, 8), bad, np.float32)
    lay_in(stored, WINDOW, make_fill(WINDOW, 0.5, 0.1), 0)
    assert (stored == 0.5).all()


def test_a_full_weight_takes_the_fill_exactly():
    stored = np.full((6, 8), 1e30, np.float32)
    lay_in(stored, WINDOW, make_fill(WINDOW, 1e-3, 1.0), 0)
    assert (stored == np.float32(1e-3)).all()


def test_nothing_becomes_infinite_in_half():
    stored = np.zeros((6, 8), np.float16)
    lay_in(stored, WINDOW, make_fill(WINDOW, 1e9, 1.0), 0)
    assert (stored == 65504).all()


def test_integer_pictures_are_rounded_and_clipped_not_wrapped():
    stored = np.full((6, 8), 100, np.uint8)
    for value, expected in ((0.5, 128), (7.0, 255), (-1.0, 0)):
        lay_in(stored, WINDOW, make_fill(WINDOW, value, 1.0), 0, scale=255, bits=8)
        assert (stored == expected).all()


def test_ten_bits_in_sixteen_land_on_codes_of_ten():
    stored = np.zeros((6, 8), np.uint16)
    lay_in(stored, WINDOW, make_fill(WINDOW, 500.3 / 1023, 1.0), 0, scale=65535, bits=10)
    assert (stored == round(500 * 65535 / 1023)).all()


def test_ids_keep_their_numbers():
    stored = np.full((6, 8), 2**31 + 1, np.uint32)
    lay_in(stored, WINDOW, make_fill(Box(10, 20, 11, 21), 41.6, 1.0), 0)
    assert stored[0, 0] == 42
    assert (stored.ravel()[1:] == 2**31 + 1).all()


def test_alpha_becomes_the_weight_and_nothing_elsewhere():
    stored = np.full((6, 8), 0.7, np.float16)
    alpha_from(stored, WINDOW, make_fill(Box(16, 24, 30, 30), 1.0, 0.5))
    assert (stored[4:, 6:] == 0.5).all()
    assert stored.sum() == 0.5 * 4
