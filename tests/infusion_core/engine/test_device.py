import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from infusion_core.cores import usable_cores
from infusion_core.engine.device import (
    bfloat16_is_right,
    choose_device,
    choose_precision,
    keep_numbers,
    set_threads,
)
from infusion_core.errors import SettingsError
from infusion_core.settings import RunSettings

CPU = torch.device("cpu")


def test_auto_takes_a_device_that_works():
    assert torch.zeros(1, device=choose_device("auto")).item() == 0
    assert choose_device("cpu") == CPU


@pytest.mark.parametrize("name", ["cuda:99", "abacus", "mps:7"])
def test_a_device_that_is_not_there_is_refused_with_a_remedy(name):
    with pytest.raises(SettingsError, match=r"does not work here.*infusion doctor"):
        choose_device(name)


def test_float32_is_float32_on_a_gpu_and_the_same_each_time(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    keep_numbers()
    assert not torch.backends.cudnn.allow_tf32
    assert torch.backends.cudnn.deterministic


def test_precision_is_as_asked():
    assert choose_precision(RunSettings(precision="float32"), CPU, 12) == torch.float32
    assert bfloat16_is_right(CPU)
    assert choose_precision(RunSettings(precision="bfloat16"), CPU, 12) == torch.bfloat16
    assert choose_precision(RunSettings(precision="auto"), CPU, 12) in (torch.float32, torch.bfloat16)


def test_wrong_bfloat16_is_found_out(monkeypatch):
    monkeypatch.setattr("infusion_core.engine.device.bfloat16_is_right", lambda _: False)
    monkeypatch.setattr("infusion_core.engine.device.has_fast_bfloat16", lambda _: True)
    assert choose_precision(RunSettings(precision="auto"), CPU, 12) == torch.float32
    with pytest.raises(SettingsError, match="float32"):
        choose_precision(RunSettings(precision="bfloat16"), CPU, 12)


def _numpy_threads() -> list[int]:
    return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]


def test_threads_are_as_many_as_asked_for() -> None:
    before = torch.get_num_threads()
    with threadpool_limits():
        try:
            set_threads(1)
            assert torch.get_num_threads() == 1
            assert set(_numpy_threads()) == {1}
            set_threads(2)
            assert torch.get_num_threads() == 2
            assert 2 in _numpy_threads()
            set_threads(0)
            assert torch.get_num_threads() == usable_cores()
        finally:
            torch.set_num_threads(before)


def test_auto_leaves_bfloat16_alone_on_windows_too_short_for_it() -> None:
    assert choose_precision(RunSettings(precision="auto"), CPU, 2) == torch.float32
