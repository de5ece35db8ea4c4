import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.placement import STILL, Placement
from infusion_core.resample import (
    box_matrix,
    cubic_matrix,
    known_when_moved,
    linear_matrix,
    moved,
    resampled,
)


@given(st.integers(1, 60), st.integers(1, 60))
def test_rows_sum_to_one_so_that_constants_stay(size_in, size_out):
    np.testing.assert_allclose(cubic_matrix(size_in, size_out).sum(1), 1, atol=1e-5)
    linear = linear_matrix(size_in, size_out)
    np.testing.assert_allclose(linear.sum(1), 1, atol=1e-5)
    assert (linear >= 0).all()
    if size_out <= size_in:
        matrix = box_matrix(size_in, size_out)
        np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-5)
        assert (matrix >= 0).all()
        # every sample counts as much as every other
        np.testing.assert_allclose(matrix.sum(0), size_out / size_in, rtol=1e-4)


@given(st.integers(1, 12), st.integers(1, 6))
def test_box_is_the_mean_of_whole_blocks(blocks, length):
    samples = np.random.default_rng(0).random(blocks * length)
    means = box_matrix(blocks * length, blocks) @ samples
    np.testing.assert_allclose(means, samples.reshape(blocks, length).mean(1), atol=1e-6)


@given(st.integers(1, 40))
def test_the_same_size_changes_nothing(size):
    np.testing.assert_array_equal(cubic_matrix(size, size), np.eye(size, dtype=np.float32))
    np.testing.assert_array_equal(linear_matrix(size, size), np.eye(size, dtype=np.float32))
    np.testing.assert_array_equal(box_matrix(size, size), np.eye(size, dtype=np.float32))


def test_linear_keeps_ramps_away_from_the_edges():
    samples = (np.arange(9) + 0.5) / 9
    there = (np.arange(31) + 0.5) / 31
    np.testing.assert_allclose((linear_matrix(9, 31) @ samples)[2:-2], there[2:-2], atol=1e-6)


@pytest.mark.parametrize(("size_in", "size_out"), [(10, 20), (9, 31), (16, 64)])
def test_cubic_keeps_parabolas_away_from_the_edges(size_in, size_out):
    def parabola(size):
        x = (np.arange(size) + 0.5) / size
        return 1 + 2 * x - 3 * x**2

    enlarged = cubic_matrix(size_in, size_out) @ parabola(size_in)
    inside = slice(2 * size_out // size_in + 1, -(2 * size_out // size_in + 1))
    np.testing.assert_allclose(enlarged[inside], parabola(size_out)[inside], atol=1e-5)


def test_matrices_act_on_rows_and_columns():
    video = np.random.default_rng(0).random((2, 3, 4, 6, 8)).astype(np.float32)
    halved = resampled(video, box_matrix(6, 3), box_matrix(8, 4))
    np.testing.assert_allclose(halved, video.reshape(2, 3, 4, 3, 2, 4, 2).mean((4, 6)), atol=1e-6)


def waves(placement=STILL, size=(48, 64)):
    """(48, 64, 2) with detail of five pixels and more, of a frame that lies so."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    columns, rows = placement.inverse().of(columns, rows)
    waved = [np.sin(rows) * np.cos(0.7 * columns), np.cos(0.4 * rows + 1.2 * columns)]
    return np.stack(waved, axis=-1).astype(np.float32)


PARTS = [Placement(0.0, 0.5), Placement(0.25, -0.3), Placement(-0.5, 0.0), Placement(0.49, 0.12)]
TURNED = [
    Placement.similarity(1.2, -0.7, 0.02),
    Placement.similarity(-3.0, 2.5, -0.1, 1.05),
    Placement.similarity(0.6, 0.0, 0.0, 0.97),
]
BENT = [
    Placement(1.3, -0.8, 1.02, 0.03, -0.02, 0.98, 5e-4, -3e-4),
    Placement(-2.0, 0.4, 1.06, 0.0, 0.0, 1.03, 1.5e-3),
]


@pytest.mark.parametrize("parts", PARTS, ids=str)
def test_a_picture_moves_by_parts_of_a_pixel_and_stays_sharp(parts):
    result, known = moved(waves(), np.ones((48, 64), bool), parts)
    inside = (slice(10, -10), slice(10, -10))
    np.testing.assert_allclose(result[inside], waves(parts)[inside], atol=0.01)
    back, _ = moved(result, known, parts.inverse())
    np.testing.assert_allclose(back[inside], waves()[inside], atol=0.02)
    assert known.all()
    assert result.dtype == np.float32


@pytest.mark.parametrize("placement", TURNED + BENT, ids=str)
def test_a_picture_turns_or_bends_and_stays_sharp(placement):
    result, known = moved(waves(), np.ones((48, 64), bool), placement)
    inside = np.zeros_like(known)
    inside[10:-10, 10:-10] = True
    inside &= known
    np.testing.assert_allclose(result[inside], waves(placement)[inside], atol=0.015)
    back, seen = moved(result, known, placement.inverse())
    inside &= seen
    inside[:16] = inside[-16:] = inside[:, :16] = inside[:, -16:] = False
    np.testing.assert_allclose(back[inside], waves()[inside], atol=0.025)
    assert inside.sum() > 400
    assert result.dtype == np.float32


def test_what_is_not_moved_stays_as_it_is_bit_for_bit():
    picture, known = waves(), np.ones((48, 64), bool)
    assert moved(picture, known, STILL)[0].tobytes() == picture.tobytes()


def test_whole_pixels_are_moved_without_a_trace():
    picture, known = waves(), np.ones((48, 64), bool)
    for x, y in ((3, -2), (-15, 20)):
        result, seen = moved(picture, known, Placement(x, y))
        there = (slice(max(0, y), 48 + min(0, y)), slice(max(0, x), 64 + min(0, x)))
        here = (slice(max(0, -y), 48 - max(0, y)), slice(max(0, -x), 64 - max(0, x)))
        np.testing.assert_allclose(result[there], picture[here], atol=1e-6)
        assert seen[there].all()
        assert not result[~seen].any()


def test_nothing_is_known_that_lies_on_what_is_not():
    known = np.ones((48, 64), bool)
    known[20:30, 20:40] = False
    for parts, rows, columns in (
        (Placement(0.0, 0.2), (20, 31), (20, 40)),
        (Placement(-0.2, 0.0), (20, 30), (19, 40)),
    ):
        expected = np.ones_like(known)
        expected[slice(*rows), slice(*columns)] = False
        hidden = np.where(known[..., None], 5.0 + waves(), 0)
        result, seen = moved(hidden, known, parts)
        np.testing.assert_array_equal(seen, expected)
        np.testing.assert_array_equal(known_when_moved(known, parts), expected)
        away = (5.0 + waves(parts) - result)[8:-8, 8:-8][seen[8:-8, 8:-8]]
        assert np.abs(away).max() < 0.5  # 5.0 shone in from what is not known, or 0 out of it
        assert not result[~seen].any()


def test_beyond_the_edges_of_a_turned_picture_is_what_it_is_said_to_be():
    known, turned = np.ones((48, 64), bool), Placement.about((31.5, 23.5), 0.0, 0.0, 0.1, 1.0)
    assert known_when_moved(known, turned, beyond=True).all()
    corners = ~known_when_moved(known, turned)
    assert corners[[0, -1]].any()
    assert not corners[15:33, 15:49].any()


def test_beside_an_edge_no_value_leaves_the_range_of_the_picture():
    step = np.zeros((32, 32, 3), np.float32)
    step[:, 16:] = 1.0
    for placement in (Placement(0.5), Placement.similarity(0.5, 0.0, 0.01, 1.01)):
        result, _ = moved(step, np.ones((32, 32), bool), placement)
        assert result.min() == 0.0
        assert result.max() == 1.0
