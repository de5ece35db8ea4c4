import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.resample import box_matrix, cubic_matrix, resampled


@given(st.integers(1, 60), st.integers(1, 60))
def test_rows_sum_to_one_so_that_constants_stay(size_in, size_out):
    np.testing.assert_allclose(cubic_matrix(size_in, size_out).sum(1), 1, atol=1e-5)
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
    np.testing.assert_array_equal(box_matrix(size, size), np.eye(size, dtype=np.float32))


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
