import itertools
import math

import numpy as np
import pytest

from infusion_core.engine.training_holes import (
    bezier_outline,
    blob_hole,
    crop_around,
    drifting_corners,
    fill_outline,
    transplanted_hole,
)

HEIGHT, WIDTH, FRAMES = 48, 64, 12


def box_of(frame):
    """Top, left, bottom, right of the pixels set, half-open."""
    rows, columns = (np.flatnonzero(frame.any(axis)) for axis in (1, 0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


@pytest.fixture(scope="module")
def blobs():
    return [blob_hole(FRAMES, HEIGHT, WIDTH, np.random.default_rng(seed)) for seed in range(150)]


def test_a_blob_spans_half_to_all_of_the_frame_in_each_direction(blobs):
    boxes = np.array([box_of(hole[0]) for hole in blobs])
    heights, widths = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    # sharp tips may be lost between pixel centres
    assert heights.min() >= HEIGHT // 2 - 3
    assert widths.min() >= WIDTH // 2 - 3
    assert heights.max() > 0.95 * HEIGHT
    assert widths.max() > 0.95 * WIDTH
    assert heights.mean() == pytest.approx(0.75 * HEIGHT, rel=0.05)
    assert widths.mean() == pytest.approx(0.75 * WIDTH, rel=0.05)


def test_blobs_leave_something_to_see(blobs):
    for hole in blobs:
        assert hole.shape == (FRAMES, HEIGHT, WIDTH)
        assert hole.dtype == bool
        assert 0.02 < hole.mean() < 0.9


def test_half_of_the_blobs_stand_still_and_the_others_keep_their_shape(blobs):
    still = [bool((hole == hole[:1]).all()) for hole in blobs]
    assert abs(sum(still) / len(still) - 0.5) < 0.15
    for hole in blobs:
        shapes = set()
        for frame in hole:
            top, left, bottom, right = box_of(frame)
            shapes.add(frame[top:bottom, left:right].tobytes())
        assert len(shapes) == 1


def test_a_seed_gives_one_hole():
    one, again, other = (blob_hole(4, 32, 32, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (2, 2), (5, 3)])
def test_the_smallest_frames_work(height, width):
    for seed in range(20):
        assert blob_hole(3, height, width, np.random.default_rng(seed)).shape == (3, height, width)


def test_a_moving_blob_sets_out_at_one_to_two_pixels_a_frame_and_stays_inside():
    first_steps, speeds = [], []
    for seed in range(300):
        corners = np.array(drifting_corners(12, 40, 50, False, np.random.default_rng(seed)))
        assert (corners >= 0).all()
        assert (corners <= [40, 50]).all()
        moves = np.linalg.norm(np.diff(corners, axis=0), axis=1)
        first_steps.append(float(moves[0]))
        speeds += moves.tolist()
    assert max(first_steps) <= 2
    # whole pixels, cut towards 0: some of the first steps are lost
    assert 0.5 < sum(first_steps) / len(first_steps) < 1.5
    assert 0.8 < sum(speeds) / len(speeds) < 2.2
    assert len(set(drifting_corners(12, 40, 50, True, np.random.default_rng(0)))) == 1


def test_an_outline_is_closed_and_turns_once_around():
    for seed in range(50):
        outline = bezier_outline(np.random.default_rng(seed))
        np.testing.assert_allclose(outline[0], outline[-1], atol=1e-6)
        assert outline.shape[0] in {12 * edges for edges in (6, 7, 8)}


def test_outlines_are_filled():
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    assert fill_outline(square, 7, 9).all()
    angle = np.linspace(0, 2 * math.pi, 200)
    circle = fill_outline(np.stack([np.cos(angle), np.sin(angle)], 1), 100, 60)
    assert circle.mean() == pytest.approx(math.pi / 4, abs=0.01)
    triangle = fill_outline(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), 50, 50)
    rows, columns = np.mgrid[:50, :50] + 0.5
    off_the_edge = abs(rows + columns - 50) > 1e-3
    assert np.array_equal(triangle[off_the_edge], (rows + columns < 50)[off_the_edge])


def cut_by_hand(video, top, left, size):
    result = np.zeros((len(video), *size), video.dtype)
    for y, x in itertools.product(range(size[0]), range(size[1])):
        if 0 <= y + top < video.shape[1] and 0 <= x + left < video.shape[2]:
            result[:, y, x] = video[:, y + top, x + left]
    return result


@pytest.mark.parametrize("size", [(3, 4), (6, 8), (9, 2)])
@pytest.mark.parametrize(("top", "left"), list(itertools.product((-12, -4, 0, 2, 9), (-9, 0, 5, 20))))
def test_a_crop_reaches_beyond_the_picture_into_zeros(top, left, size):
    video = np.random.default_rng(0).random((2, 6, 8))
    assert np.array_equal(crop_around(video, top, left, size), cut_by_hand(video, top, left, size))


def frames_of(hole):
    return np.flatnonzero(hole.any(axis=(1, 2)))


def test_a_transplanted_hole_is_the_shots_own_moved_mirrored_or_turned_in_time():
    hole = np.zeros((3, 6, 7), bool)
    hole[0, 1, 1:4] = hole[1, 2, 2:5] = hole[1, 3, 2] = hole[2, 4, 3] = True
    mirrored = [np.flip(hole, flips) for flips in ((), (0,), (2,), (0, 2))]
    seen = set()
    for seed in range(40):
        result = transplanted_hole(hole, frames_of(hole), (6, 7), np.random.default_rng(seed))
        matches = [
            (turn, top, left)
            for turn, video in enumerate(mirrored)
            for top, left in itertools.product(range(-5, 6), range(-6, 7))
            if np.array_equal(crop_around(video, top, left, (6, 7)), result)
        ]
        assert matches, seed
        assert result.any()
        seen.add(matches[0])
    assert len({turn for turn, *_ in seen}) == 4
    assert len(seen) > 20


def test_a_transplanted_hole_lands_in_the_crop_wherever_it_was():
    hole = np.zeros((4, 30, 40), bool)
    hole[2:, 10:14, 15:20] = True
    landed = np.zeros((10, 10))
    for seed in range(60):
        result = transplanted_hole(hole, frames_of(hole), (10, 10), np.random.default_rng(seed))
        assert result.shape == (4, 10, 10)
        assert result.any()
        landed += result.any(0)
    assert landed.all()
