import pytest

from infusion_core.estimate import estimate
from infusion_core.intervals import resolve_intervals
from infusion_core.meter import WorkMeter, sequential_parts, task_work, trunk_parts
from infusion_core.settings import override


@pytest.fixture
def extent(waves):
    return waves.extent


def test_the_meter_gives_rising_fractions_of_all_the_work(tiny_settings, extent):
    settings, reports = tiny_settings(), []
    parts = sequential_parts(extent, settings)
    meter = WorkMeter(parts, 3, reports.append)
    for i, part in enumerate(parts):
        for step in range(part.steps):
            meter.done(i, step + 1, 0.5 if part.stage == "train" else None)
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert reports[0].time_left_s is None
    assert all(report.time_left_s >= 0 for report in reports[2:])
    assert {report.num_intervals for report in reports} == {3}
    assert (reports[0].stage, reports[0].loss, reports[-1].stage) == ("train", 0.5, "denoise")


@pytest.mark.parametrize("fill", ["zero", "current"])
@pytest.mark.parametrize("mode", ["sequential", "parallel"])
def test_the_parts_are_the_work_expected(tiny_settings, extent, mode, fill):
    settings = override(tiny_settings(), {"training": {"mode": mode, "fill": fill, "trunk_steps": 7}})
    expected = estimate(extent, settings)
    work = sum(part.work for part in sequential_parts(extent, settings))
    if mode == "parallel":
        assert task_work(extent, settings).keys() == {
            "trunk", *(f"interval_{k:02d}" for k in range(3)), "sample"
        }  # fmt: skip
        work = sum(task_work(extent, settings).values())
    assert work == pytest.approx(expected.training_flops + expected.sampling_flops)
    assert expected.num_training_steps == 12 + (7 if mode == "parallel" else 0)
    rough = mode == "parallel" and fill == "current"
    assert expected.num_network_calls == 9 + (6 if rough else 0)


def test_a_trunk_takes_as_long_as_two_intervals_unless_said_otherwise(tiny_settings, extent):
    settings = tiny_settings(training={"mode": "parallel"})
    average = sum(i.training_steps for i in resolve_intervals(settings)) / 3
    assert trunk_parts(extent, settings)[0].steps == 2 * average
    settings = override(settings, {"training": {"trunk_steps": 9}})
    assert trunk_parts(extent, settings)[0].steps == 9
