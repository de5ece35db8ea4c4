import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from infusion_core.errors import SettingsError
from infusion_core.intervals import resolve_intervals, sampling_times, stage_bounds
from infusion_core.schedule import make_schedule
from infusion_core.settings import DiffusionSettings, Settings, StageSettings, load_preset, override

SCHEDULE = make_schedule(DiffusionSettings())


@st.composite
def stages(draw, scales=(0.25, 0.5, 1.0)):
    result = []
    for i, scale in enumerate(scales):
        t_low = draw(st.integers(0, 998))
        t_high = -1 if i == 0 else draw(st.integers(t_low, 999))
        levels = (999 if t_high < 0 else t_high) - t_low + 1
        result.append(
            StageSettings(
                scale=scale,
                t_high=t_high,
                t_low=t_low,
                intervals=draw(st.integers(1, min(levels, 40))),
                partition=draw(st.sampled_from(["steps", "log-snr"])),
                sampling_steps=draw(st.integers(0, 60)),
            )
        )
    return tuple(result)


@pytest.mark.parametrize(("count", "expected"), [(1, [5]), (2, [5, 5]), (3, [5, 5, 1])])
def test_the_two_coarsest_stages_have_several_layouts(count, expected):
    scales = (0.25, 0.5, 1.0)[-count:]
    settings = override(
        Settings(stages=tuple(StageSettings(scale=s) for s in scales)), {"sampling": {"layouts": 5}}
    )
    found = {interval.stage: interval.layouts for interval in resolve_intervals(settings)}
    assert list(found.values()) == expected


@given(stages())
def test_the_intervals_of_a_stage_tile_its_noise_levels_exactly_once(stages):
    intervals = resolve_intervals(Settings(stages=stages))
    assert [interval.index for interval in intervals] == list(range(len(intervals)))
    for number, stage in enumerate(stages):
        own = [interval for interval in intervals if interval.stage == number]
        t_high = 999 if stage.t_high < 0 else stage.t_high
        assert len(own) == stage.intervals
        levels = [t for interval in own for t in range(interval.t_high, interval.t_low - 1, -1)]
        assert levels == list(range(t_high, stage.t_low - 1, -1))
        assert [interval.ends_stage for interval in own] == [False] * (len(own) - 1) + [True]


@given(stages())
def test_calls_of_the_network_go_strictly_down_and_join_up(stages):
    intervals = resolve_intervals(Settings(stages=stages))
    for interval, following in zip(intervals, (*intervals[1:], None), strict=True):
        assert interval.times[0] == interval.t_high
        assert (np.diff(interval.times) < 0).all()
        assert interval.times[-1] >= interval.t_low
        if not interval.ends_stage:
            assert interval.t_next == following.t_high
            assert interval.times[-1] > interval.t_next


@given(stages())
def test_as_many_calls_as_asked_for(stages):
    for interval in resolve_intervals(Settings(stages=stages)):
        wanted = stages[interval.stage].sampling_steps
        levels = interval.t_high - interval.t_low + 1
        # t = 0 is not called where a stage ends there
        most = max(1, levels - 1) if interval.ends_stage and interval.t_low == 0 else levels
        assert len(interval.times) == (min(wanted, most) if wanted else most)


def test_the_paper_preset_has_twenty_intervals_of_fifty_steps_and_999_calls():
    intervals = resolve_intervals(load_preset("paper"))
    assert [(i.t_high, i.t_low) for i in intervals] == [(999 - 50 * k, 950 - 50 * k) for k in range(20)]
    assert [t for i in intervals for t in i.times] == list(range(999, 0, -1))
    assert {i.training_steps for i in intervals} == {2000}
    assert {i.scale for i in intervals} == {1.0}


@given(st.integers(1, 20), st.integers(0, 300), st.integers(0, 500))
def test_log_snr_partition_is_even_in_log_snr(count, t_low, above):
    t_high = min(999, t_low + count + above)
    stage = StageSettings(t_high=t_high, t_low=t_low, intervals=count, partition="log-snr")
    bounds = stage_bounds(stage, SCHEDULE)
    assert (bounds[0], bounds[-1], len(bounds)) == (t_high, t_low - 1, count + 1)
    assert (np.diff(bounds) < 0).all()
    spans = np.diff(SCHEDULE.log_snr[np.maximum(bounds, 0)])
    step = -np.diff(SCHEDULE.log_snr)[t_low : t_high + 1].min()
    coarsest = np.abs(np.diff(SCHEDULE.log_snr))[t_low : t_high + 1].max()
    assume(spans.mean() > 4 * coarsest)
    assert step > 0
    assert spans.max() - spans.min() <= 3 * coarsest


@given(st.integers(0, 998), st.integers(1, 60))
def test_few_step_times_are_even_in_log_snr_where_the_schedule_is_fine(t_end, count):
    t_high = 999
    times = sampling_times(t_high, t_end, count, SCHEDULE)
    assert len(times) == min(count, t_high - t_end)
    assert times[0] == t_high
    assert times[-1] > t_end
    assert (np.diff(times) < 0).all()


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([{"scale": 1.0}, {"scale": 0.5}], "coarse to fine"),
        ([{"t_high": 500}], "pure noise"),
        ([{"t_high": -1, "t_low": 1500}], "noise levels lie between|Noise levels lie between"),
        ([{"t_low": 990, "intervals": 11}], "cannot have 11 intervals"),
    ],
)
def test_stages_that_make_no_run_are_refused(stages, message):
    with pytest.raises(SettingsError, match=message):
        resolve_intervals(override(Settings(), {"stages": stages}))
