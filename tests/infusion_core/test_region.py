import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.box import Box
from infusion_core.errors import InputError
from infusion_core.region import find_region

LIMITS = Box(-16, -10, 400, 300)


def boxes_in(limits: Box):
    def make(numbers):
        x0, x1, y0, y1 = numbers
        return Box(min(x0, x1), min(y0, y1), max(x0, x1) + 1, max(y0, y1) + 1)

    columns, rows = st.integers(limits.x0, limits.x1 - 1), st.integers(limits.y0, limits.y1 - 1)
    return st.tuples(columns, columns, rows, rows).map(make)


@given(
    st.lists(boxes_in(LIMITS), min_size=1, max_size=5), st.integers(-1, 80), st.sampled_from([1, 2, 8, 16])
)
def test_the_region_holds_every_hole_its_context_and_whole_multiples(holes, context, multiple):
    region = find_region(holes, LIMITS, context, multiple)
    assert region.width % multiple == 0
    assert region.height % multiple == 0
    for hole in holes:
        wanted = hole.grown(max(0, context)).intersection(LIMITS)
        assert region.intersection(wanted) == wanted
    # it leaves the limits only where they are no whole multiple themselves
    assert region.x0 >= LIMITS.x0
    assert region.x1 - LIMITS.x1 < multiple
    assert region.y0 >= LIMITS.y0
    assert region.y1 - LIMITS.y1 < multiple


def test_no_more_is_taken_than_asked_for():
    assert find_region([Box(100, 100, 120, 110)], LIMITS, 6, 8) == Box(100 - 6, 100 - 7, 120 + 6, 110 + 7)
    assert find_region([Box(100, 100, 120, 110)], LIMITS, 0, 1) == Box(100, 100, 120, 110)


def test_context_is_chosen_from_the_largest_hole():
    small, large = Box(100, 100, 104, 104), Box(200, 100, 260, 120)
    assert find_region([small], LIMITS, -1, 1) == small.grown(32)
    assert find_region([large], LIMITS, -1, 1) == large.grown(60)
    assert find_region([small, large], LIMITS, -1, 1) == small.union(large).grown(60)


def test_empty_holes_count_for_nothing():
    hole, empty = Box(100, 100, 120, 110), Box(0, 0, 0, 0)
    assert find_region([empty, hole, empty], LIMITS, 4, 1) == hole.grown(4)
    with pytest.raises(InputError, match="empty on every frame"):
        find_region([empty, empty], LIMITS, 4)


def test_a_small_plate_is_taken_whole():
    assert find_region([Box(2, 2, 4, 4)], Box(0, 0, 16, 16), -1, 8) == Box(0, 0, 16, 16)
    assert find_region([Box(2, 2, 4, 4)], Box(0, 0, 13, 16), -1, 8) == Box(0, 0, 16, 16)
