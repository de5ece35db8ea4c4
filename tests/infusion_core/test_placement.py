"""Homographies of frames: there and back, and what boxes become."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.box import Box
from infusion_core.placement import STILL, Placement

similarities = st.builds(
    Placement.similarity,
    st.floats(-500, 500),
    st.floats(-500, 500),
    st.floats(-0.2, 0.2),
    st.floats(0.8, 1.25),
)
bends = st.builds(
    lambda one, xx, xy, wx, wy: one.then(Placement(0.0, 0.0, 1.0 + xx, xy, 0.0, 1.0, wx, wy)),
    similarities,
    *[st.floats(-0.05, 0.05)] * 2,
    *[st.floats(-2e-4, 2e-4)] * 2,
)
placements = st.one_of(similarities, bends)
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


@given(placements, placements, st.floats(-500, 500), st.floats(-500, 500))
def test_one_after_another(one, other, x, y):
    assert one.then(other).of(x, y) == pytest.approx(other.of(*one.of(x, y)), abs=1e-6)


@given(placements, st.floats(-500, 500), st.floats(-500, 500))
def test_slopes_are_what_a_little_step_becomes(placement, x, y):
    here, right, down = (placement.of(x + dx, y + dy) for dx, dy in ((0, 0), (1e-4, 0), (0, 1e-4)))
    (xx, yx), (xy, yy) = (np.subtract(one, here) / 1e-4 for one in (right, down))
    assert placement.slopes(x, y) == pytest.approx((xx, xy, yx, yy), abs=1e-3)


@given(placements, st.floats(-500, 500), st.floats(-500, 500))
def test_sizes_are_those_of_its_slopes(placement, x, y):
    xx, xy, yx, yy = placement.slopes(x, y)
    singular = np.linalg.svd([[xx, xy], [yx, yy]], compute_uv=False)
    assert placement.sizes(x, y) == pytest.approx(tuple(singular))


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(-0.2, 0.2), st.floats(0.8, 1.25))
def test_a_similarity_turns_and_magnifies_everywhere(x, y, turn, zoom):
    placement = Placement.similarity(x, y, turn, zoom)
    for point in ((0.0, 0.0), (300.0, -70.0)):
        assert placement.turn_and_zoom(*point) == pytest.approx((turn, zoom))


@given(placements)
def test_files_keep_all_of_it(placement):
    assert Placement.of_numbers(json.loads(json.dumps(placement.numbers))) == placement


def test_files_of_before_tell_a_move_or_a_similarity():
    assert Placement.of_numbers([3, -4.5]) == Placement(3.0, -4.5)
    assert Placement.of_numbers([3, -4.5, 0.1, 1.05]) == Placement.similarity(3.0, -4.5, 0.1, 1.05)


def test_what_lies_behind_the_camera_is_told():
    placement = Placement(wx=-0.01)
    assert placement.nearness(99.0, 0.0) > 0.0
    assert placement.nearness(101.0, 0.0) < 0.0


def test_a_positive_turn_goes_clockwise_as_rows_go_down():
    assert Placement.similarity(0.0, 0.0, math.pi / 2).of(1.0, 0.0) == pytest.approx((0.0, 1.0))


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
