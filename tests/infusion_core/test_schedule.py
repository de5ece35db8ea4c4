import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.schedule import make_schedule
from infusion_core.settings import DiffusionSettings


def test_alpha_bar_is_the_running_product_of_a_linear_beta():
    alpha_bar = make_schedule(DiffusionSettings()).alpha_bar
    assert alpha_bar.shape == (1000,)
    assert alpha_bar[0] == pytest.approx(1 - 1e-4)
    beta = 1 - alpha_bar[1:] / alpha_bar[:-1]
    assert beta[-1] == pytest.approx(0.02)
    np.testing.assert_allclose(np.diff(beta), (0.02 - 1e-4) / 999, rtol=1e-6)


def test_noise_levels_have_the_signal_to_noise_ratios_that_the_method_rests_on():
    snr = np.exp(make_schedule(DiffusionSettings()).log_snr)
    assert snr[600] < 0.0263  # almost no signal in the upper 40 % of the levels
    assert snr[50] == pytest.approx(33, rel=0.1)
    assert snr[0] == pytest.approx(1e4, rel=1e-3)


@given(st.integers(10, 2000), st.floats(1e-6, 0.01), st.floats(0.011, 0.5))
def test_signal_only_falls(num_steps, first, last):
    schedule = make_schedule(DiffusionSettings(num_steps, first, last))
    assert schedule.num_steps == num_steps
    assert (np.diff(schedule.alpha_bar) < 0).all()
    assert ((schedule.alpha_bar >= 0) & (schedule.alpha_bar < 1)).all()
    positive = schedule.alpha_bar > 0
    assert (np.diff(schedule.log_snr[positive]) < 0).all()
