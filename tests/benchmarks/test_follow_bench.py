import numpy as np
import pytest

from benchmarks.follow_camera import moved, rows


def test_the_second_hole_is_the_first_moved_and_leaves_the_first_alone():
    hole = np.zeros((1, 4, 10), bool)
    hole[0, 1:3, 3:6] = True
    assert np.argwhere(moved(hole, 2)[0, 1]).ravel().tolist() == [6, 7]
    assert np.argwhere(moved(hole, -2)[0, 2]).ravel().tolist() == [1, 2]
    assert np.argwhere(moved(hole, 4)[0, 1]).ravel().tolist() == [7, 8, 9]
    assert not moved(hole, 4)[0, 0].any()


@pytest.mark.slow
def test_both_ways_are_measured_where_the_truth_is_known():
    rng = np.random.default_rng(0)
    world = rng.random((40, 90, 3)).astype(np.float32)
    truth = np.stack([world[:32, 3 * i : 3 * i + 64] for i in range(8)])
    hole = np.zeros(truth.shape[:3], bool)
    hole[:, 10:20, 20:28] = True
    quick = ("stages.training_steps=1", "stages.sampling_steps=1", "run.threads=1", "training.views=0")
    found = list(rows(truth, hole, 16, "draft", quick))
    assert [name for name, _, _ in found] == ["as it is", "followed"]
    assert all(np.isfinite(metrics["psnr_db"]) and metrics["psnr_db"] < 40 for _, _, metrics in found)
    assert found[0][2] != found[1][2]
