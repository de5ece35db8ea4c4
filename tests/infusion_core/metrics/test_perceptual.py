"""tOF, ColorVideoVDP and FLIP; each is skipped where its package is not installed."""

import numpy as np
import pytest

from infusion_core.metrics import perceptual
from infusion_core.metrics.perceptual import color_video_vdp, flip, flow_difference


def test_identity_and_order(fills, truth, hole):
    pytest.importorskip("cv2")
    assert flow_difference(truth, truth, hole) == 0.0
    assert (
        flow_difference(fills["freeze"], truth, hole) > flow_difference(fills["slight blur"], truth, hole) > 0
    )


@pytest.mark.parametrize(
    ("columns", "mean"),
    [((0, 2, 4, 6, 8, 10), 2.0), ((0, 2, 4, 6, 6, 6), 1.2), ((0, 0, 0, 0, 0, 2), 0.4)],
    ids=("the same in every frame", "only at first", "only at the end"),
)
def test_flow_difference_of_a_known_shift(truth, columns, mean):
    pytest.importorskip("cv2")
    still = np.repeat(truth[:1], 6, axis=0)
    moving = np.stack([np.roll(truth[0], shift, axis=1) for shift in columns])
    middle = np.zeros((6, 48, 48), bool)
    middle[:, 18:30, 20:30] = True
    assert flow_difference(moving, still, middle) == pytest.approx(mean, rel=0.2)


def test_flip(fills, truth, hole):
    pytest.importorskip("flip_evaluator")
    assert flip(truth, truth, hole) == pytest.approx(0.0, abs=1e-6)
    assert 0 < flip(fills["slight blur"], truth, hole) < flip(fills["added noise"], truth, hole) <= 1


@pytest.mark.slow
def test_color_video_vdp(fills, truth):
    pytest.importorskip("pycvvdp")
    assert color_video_vdp(truth, truth, 24.0) == pytest.approx(10.0, abs=1e-3)
    assert (
        color_video_vdp(fills["blur"], truth, 24.0) < color_video_vdp(fills["slight blur"], truth, 24.0) < 10
    )


def test_missing_packages_leave_none(fills, truth, hole, monkeypatch):
    for name in ("cv2", "pycvvdp", "flip_evaluator"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    assert perceptual(fills["blur"], truth, hole, with_jod=True) == dict.fromkeys(
        ("tof_px", "flip", "cvvdp_jod")
    )
