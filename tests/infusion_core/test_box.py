import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.box import Box

LIMITS = Box(-12, -9, 14, 11)
NUMBERS = st.integers(-8, 10)
BOXES = st.builds(Box, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
FULL_BOXES = BOXES.filter(lambda box: not box.is_empty)


def pixels(box):
    return {(x, y) for x in range(box.x0, box.x1) for y in range(box.y0, box.y1)}


@given(BOXES)
def test_size_counts_the_pixels(box):
    assert box.width * box.height == len(pixels(box))
    assert box.is_empty == (not pixels(box))


@given(BOXES, BOXES)
def test_intersection_holds_the_pixels_of_both(one, two):
    assert pixels(one.intersection(two)) == pixels(one) & pixels(two)


@given(FULL_BOXES, FULL_BOXES)
def test_union_is_the_smallest_box_around_both(one, two):
    union = one.union(two)
    both = np.array([*pixels(one), *pixels(two)])
    assert (union.x0, union.y0) == tuple(both.min(0))
    assert (union.x1, union.y1) == tuple(both.max(0) + 1)


@given(FULL_BOXES)
def test_an_empty_box_adds_nothing(box):
    empty = Box(50, 50, 50, 60)
    assert box.union(empty) == box
    assert empty.union(box) == box


@given(FULL_BOXES, st.integers(0, 3))
def test_slices_address_the_box_within_a_larger_array(box, grow):
    outer = box.grown(grow)
    assert (outer.width, outer.height) == (box.width + 2 * grow, box.height + 2 * grow)
    rows, columns = np.mgrid[LIMITS.y0 : LIMITS.y1, LIMITS.x0 : LIMITS.x1]
    inside = box.slices_in(LIMITS)
    assert set(zip(columns[inside].ravel(), rows[inside].ravel(), strict=True)) == pixels(box)
