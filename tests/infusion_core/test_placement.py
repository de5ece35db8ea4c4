"""Similarities of frames: there and back, and what boxes become."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.box import Box
from infusion_core.placement import STILL, Placement

placements = st.builds(
    Placement, st.floats(-500, 500), st.floats(-500, 500), st.floats(-0.2, 0.2), st.floats(0.8, 1.25)
)
boxes = st.builds(
    lambda x, y, width, height: Box(x, y, x + width, y + height),
    st.integers(-300, 300),
    st.integers(-300, 300),
    st.integers(1, 400),
    st.integers(1, 400),
)


@given(placements, st.floats(-1000, 1000), st.floats(-1000, 1000))
def test_there_and_back(placement, x, y):
    assert placement.inverse().of(*placement.of(x, y)) == pytest.approx((x, y), abs=1e-6)
    assert placement.then(placement.inverse()).of(x, y) == pytest.approx((x, y), abs=1e-6)


def test_a_positive_turn_goes_clockwise_as_rows_go_down():
    assert Placement(turn=math.pi / 2).of(1.0, 0.0) == pytest.approx((0.0, 1.0))


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(-0.2, 0.2), st.floats(0.8, 1.25))
def test_about_a_point_that_point_is_only_moved(x, y, turn, zoom):
    placement = Placement.about((30.0, -20.0), x, y, turn, zoom)
    assert placement.of(30.0, -20.0) == pytest.approx((30.0 + x, -20.0 + y))
    assert math.dist(placement.of(31.0, -20.0), placement.of(30.0, -20.0)) == pytest.approx(zoom)


@given(placements, boxes)
def test_a_box_of_the_region_holds_all_of_one_of_the_file(placement, box):
    laid = placement.box_in_region(box)
    if placement.only_moves:
        assert (laid.width, laid.height) == (box.width, box.height)
        return
    for x in (box.x0, box.x1 - 1):
        for y in (box.y0, box.y1 - 1):
            column, row = placement.of(x, y)
            assert laid.x0 - 1e-6 <= column <= laid.x1 - 1 + 1e-6
            assert laid.y0 - 1e-6 <= row <= laid.y1 - 1 + 1e-6


@given(placements, boxes)
def test_what_is_left_of_a_placement_moves_the_middle_by_less_than_a_pixel(placement, box):
    rest, cut = placement.rest(box), placement.box_in_file(box)
    assert (cut.width, cut.height) == (box.width, box.height)
    middle = ((box.width - 1) / 2, (box.height - 1) / 2)
    back = rest.inverse().of(*middle)
    assert np.abs(np.subtract(back, middle)).max() <= 0.5 + 1e-6
    corner = placement.of(cut.x0, cut.y0)
    assert rest.of(0, 0) == pytest.approx((corner[0] - box.x0, corner[1] - box.y0), abs=1e-6)


@given(st.integers(-99, 99), st.integers(-99, 99), boxes)
def test_whole_pixels_leave_nothing(x, y, box):
    placement = Placement(float(x), float(y))
    assert placement.rest(box) == STILL
    assert placement.box_in_region(placement.box_in_file(box)) == box
    assert placement.farthest_moved(box) == pytest.approx(math.hypot(x, y))
