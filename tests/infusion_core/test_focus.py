"""The part of a clip that the reverse diffusion works on."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.clip import all_unknown_filled
from infusion_core.focus import Focus, focus_on, part_to_denoise
from infusion_core.tiles import cut

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 120), st.integers(1, 120))


def spots(size, seed):
    """A few pixels here and there."""
    rng, needed = np.random.default_rng(seed), np.zeros(size, bool)
    for _ in range(rng.integers(4)):
        needed[tuple(rng.integers(side) for side in size)] = True
    return needed


def test_of_what_is_not_known_only_the_hole_and_what_is_close_to_it_is_needed():
    hole = np.zeros((2, 60, 90), bool)
    hole[1, 20:30, 40:50] = True
    unknown = hole.copy()
    unknown[:, :, 80:] = unknown[1, 25, 60] = True  # beyond the picture's edge; a dead pixel
    found = part_to_denoise(np.where(unknown, 0.0, 1.0), hole)
    assert found[hole].all()
    assert found[1, 25, 60]
    assert not found[0].any()
    assert not found[:, :, 80:].any()
    np.testing.assert_array_equal(part_to_denoise(np.where(hole, 0.0, 1.0), hole), hole)


@given(SIZES, st.integers(0, 10**6), st.integers(0, 40), st.sampled_from([1, 4, 8, 16]))
def test_it_holds_all_that_tiles_show(size, seed, reach, multiple):
    needed = spots(size, seed)
    focus = focus_on(needed, reach, multiple)
    assert focus.rows.start % multiple == focus.columns.start % multiple == 0
    for tile in cut(needed, (2, reach), multiple, 10**9):
        for outer, inner in ((focus.rows, tile.shown[1]), (focus.columns, tile.shown[2])):
            assert outer.start <= inner.start
            assert inner.stop <= outer.stop


@given(SIZES, st.integers(0, 10**6), st.integers(0, 40))
def test_tiles_are_the_same_within_it(size, seed, reach):
    needed = spots(size, seed)
    focus = focus_on(needed, reach, 8)

    def moved(span, by):
        return slice(span.start + by.start, span.stop + by.start)

    within = [
        (frames, moved(rows, focus.rows), moved(columns, focus.columns))
        for frames, rows, columns in (tile.kept for tile in cut(focus.of(needed), (2, reach), 8, 10**9))
    ]
    assert within == [tile.kept for tile in cut(needed, (2, reach), 8, 10**9)]


def test_a_hole_in_a_large_picture_is_a_small_part_of_it():
    needed = np.zeros((3, 400, 600), bool)
    needed[1, 100:140, 320:400] = True
    focus = focus_on(needed, 38, 4)
    assert (focus.rows, focus.columns) == (slice(56, 184), slice(280, 440))


def test_fills_are_put_back_into_the_plate():
    plate = np.random.default_rng(0).normal(size=(1, 3, 2, 12, 20)).astype(np.float32)
    focus = Focus(slice(2, 7), slice(8, 20))
    fills = np.random.default_rng(1).normal(size=(4, 3, 2, 5, 12)).astype(np.float32)
    whole = focus.put(fills, plate)
    np.testing.assert_array_equal(focus.of(whole), fills)
    focus.of(whole)[:] = 0
    focus.of(plate)[:] = 0
    np.testing.assert_array_equal(whole, np.broadcast_to(plate, whole.shape))
    assert focus.clip(all_unknown_filled(plate, plate[:, :1])).size == (2, 5, 12)
