"""Whole runs on a device whose tensors do not mix with those of the CPU, as a GPU's do not."""

import numpy as np
import pytest
import torch

from infusion_core.engine.parallel import run_parallel
from infusion_core.engine.run import run
from infusion_core.errors import Cancelled
from infusion_core.settings import override
from tests.infusion_core.engine.elsewhere import ELSEWHERE, elsewhere

FEW = {"training_steps": 4, "sampling_steps": 3}
VARIANTS = {
    "factored": {"network": {"kind": "factored"}},
    "paper": {"network": {"kind": "paper"}},
    "muon, views, held noise": {
        "training": {"optimiser": "muon", "views": 5, "batch": 2, "loss": "hidden"},
        "diffusion": {"held_noise": 0.6},
    },
    "adam without average": {"training": {"optimiser": "adam", "ema": 0.0, "holes": "shot"}},
    "layouts, held to the coarser fill": {"sampling": {"layouts": 2, "hold_coarser": "on"}},
    "tiles, moving grid": {"run": {"memory": 1e-5}, "sampling": {"moving_grid": True, "eta": 0.5}},
    "detail from the plate": {"stages": [{"scale": 0.5, "t_low": 500, "intervals": 1, **FEW}]},
}


@pytest.fixture
def there(monkeypatch):
    """The traffic of the device, which is there as long as a test lasts."""
    with elsewhere(monkeypatch) as traffic:
        yield traffic


@pytest.fixture
def settings_there(tiny_settings):
    """Settings of a run there; tables override them."""

    def build(**tables):
        return override(tiny_settings(run={"device": str(ELSEWHERE)}), tables)

    return build


def assert_filled(shot, result):
    np.testing.assert_array_equal(result[shot.known], shot.plate[shot.known])
    assert np.isfinite(result).all()
    assert result[shot.hole].std() > 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_run_keeps_what_is_there_apart_from_what_is_on_the_cpu(waves, settings_there, there, variant):
    assert_filled(waves, run(waves, settings_there(**VARIANTS[variant])))
    assert there.operations["aten::convolution"] > 0, "the networks were there"
    assert there.operations["aten::convolution_backward"] > 0


def test_experts_trained_apart_work_there(waves, settings_there, there):
    settings = settings_there(training={"mode": "parallel", "trunk_steps": 5})
    assert_filled(waves, run_parallel(waves, settings))
    assert there.operations["aten::convolution_backward"] > 0


@pytest.mark.usefixtures("there")
def test_a_run_stopped_there_goes_on_to_the_same_bits(waves, settings_there):
    settings, reports, states = settings_there(training={"optimiser": "muon"}), [], []
    with pytest.raises(Cancelled):
        run(
            waves,
            settings,
            on_progress=reports.append,
            should_stop=lambda: len(reports) >= 9,
            on_checkpoint=states.append,
        )
    np.testing.assert_array_equal(run(waves, settings, state=states[-1]), run(waves, settings))


@pytest.mark.parametrize("optimiser", ["muon", "adam"])
def test_a_training_step_waits_for_the_device_once(waves, settings_there, there, optimiser):
    downloads = []
    for steps in (3, 8):
        stages = [{"intervals": 1, "training_steps": steps, "sampling_steps": 2}]
        before = there.downloads
        run(waves, settings_there(training={"optimiser": optimiser}, stages=stages))
        downloads.append(there.downloads - before)
    assert downloads[1] - downloads[0] == 5


def test_a_call_of_the_network_waits_for_nothing_and_sends_only_its_noise(waves, settings_there, there):
    traffic = []
    for calls in (2, 6):
        stages = [{"intervals": 1, "training_steps": 1, "sampling_steps": calls}]
        before = there.downloads, there.uploads
        run(waves, settings_there(sampling={"moving_grid": True}, stages=stages))
        traffic.append((there.downloads - before[0], there.uploads - before[1]))
    assert traffic[1][0] == traffic[0][0]
    assert traffic[1][1] - traffic[0][1] == 4


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    "mixture",
    [
        lambda away: away + torch.ones(3),
        lambda away: torch.cat([away, torch.ones(3)]),
        lambda away: torch.ones(3).add_(away),
        lambda away: away.numpy(),
        lambda away: torch.randn(3, generator=torch.Generator(), device=ELSEWHERE) + torch.ones(3),
    ],
)
def test_the_device_refuses_what_a_gpu_refuses(mixture):
    with pytest.raises((RuntimeError, TypeError, NotImplementedError)):
        mixture(torch.ones(3).to(ELSEWHERE))


def test_the_device_computes_and_counts(there):
    weight = torch.arange(3.0).to(ELSEWHERE).requires_grad_()
    (2.0 * weight**2).sum().backward()
    assert weight.grad.cpu().tolist() == [0.0, 4.0, 8.0]
    assert (there.uploads, there.downloads) == (1, 1)
    assert float(weight.detach().sum()) == 3.0
    assert there.downloads == 2
