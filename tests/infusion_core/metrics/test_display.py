"""The tone curve that brings scene-linear values to the metrics' range."""

import numpy as np
import pytest

from infusion_core.metrics import to_display, tone_curve


def test_documented_values():
    curve = tone_curve(np.array([0.0, 0.18, 1.0, 16.0]))
    assert curve == pytest.approx([0.0, 0.428, 0.736, 1.0], abs=2e-3)


def test_it_rises_and_stays_in_range():
    curve = tone_curve(np.linspace(-1, 30, 4001))
    values = np.linspace(-1, 30, 4001)
    strictly = (values[:-1] > 0) & (values[1:] < 16)
    assert (np.diff(curve)[strictly] > 0).all()
    assert curve.min() == 0.0
    assert curve.max() == pytest.approx(1.0)


def test_bad_pixels_do_not_leak():
    curve = tone_curve(np.array([np.nan, np.inf, -np.inf, 65504.0], np.float32))
    assert curve == pytest.approx([0.0, 1.0, 0.0, 1.0])


def test_display_referred_values_are_only_clipped():
    values = np.array([-0.5, 0.25, 1.5, np.nan], np.float32)
    assert to_display(values, is_scene_linear=False).tolist() == [0.0, 0.25, 1.0, 0.0]
