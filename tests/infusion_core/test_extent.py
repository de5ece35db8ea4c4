"""How large a shot is and where its hole is."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.extent import extent_of, largest_square
from infusion_core.tiles import occupied_blocks


def slow_largest_square(mask):
    rows, columns = mask.shape
    sides = [
        side
        for side in range(1, min(rows, columns) + 1)
        for top in range(rows - side + 1)
        for left in range(columns - side + 1)
        if mask[top : top + side, left : left + side].all()
    ]
    return max(sides, default=0)


@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 9), st.floats(0, 1), st.integers(0, 9))
def test_the_largest_square_is_found(seed, rows, columns, share, at_least):
    mask = np.random.default_rng(seed).random((rows, columns)) < share
    assert largest_square(mask, at_least) == max(at_least, slow_largest_square(mask))


def test_a_long_thin_hole_is_as_thick_as_it_is_thin():
    mask = np.zeros((200, 300), bool)
    mask[:, 40:47] = True
    assert largest_square(mask) == 7


@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 30), st.sampled_from([4, 8]))
def test_blocks_are_occupied_where_they_hold_something(seed, rows, columns, block):
    frames = np.random.default_rng(seed).random((3, rows, columns)) < 0.05
    found = occupied_blocks(frames, block)
    assert found.shape == (3, -(-rows // block), -(-columns // block))
    for frame, row, column in np.ndindex(found.shape):
        part = frames[frame, row * block : (row + 1) * block, column * block : (column + 1) * block]
        assert found[frame, row, column] == part.any()


def test_the_thickest_frame_counts():
    hole = np.zeros((3, 20, 30), bool)
    hole[0, 3:7, 3:20] = True
    hole[2, 4:10, 4:13] = True
    extent = extent_of(hole)
    assert (extent.size, extent.thickness) == ((3, 20, 30), 6)
    assert not extent.occupied[1].any()
