"""The partition of the noise levels into intervals, each served by its own model. NumPy only.

Paper section 4.2 (interval training). Stages generalise it: each stage is a run of intervals at one
resolution, and a stage may start again from a higher noise level than the last one ended at.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from infusion_core.errors import SettingsError
from infusion_core.schedule import Schedule, make_schedule
from infusion_core.settings import Settings, StageSettings

LAYOUT_STAGES = 2  # the coarsest, which cost next to nothing; then one layout is kept


@dataclass(frozen=True)
class Interval:
    """One band of noise levels with its own model.

    Attributes:
        index: Position in the run, from 0 (highest noise).
        stage: Index of the stage it belongs to.
        scale: Resolution relative to the plate, 0 to 1.
        t_high: Highest noise level, inclusive.
        t_low: Lowest noise level, inclusive.
        training_steps: Optimiser steps.
        times: Noise levels at which the network is called, falling, the first is ``t_high``.
        t_next: Noise level reached after the last call; -1 when the stage ends with its x0.
        layouts: How many fills are denoised side by side, see ``infusion_core.layouts``.
    """

    index: int
    stage: int
    scale: float
    t_high: int
    t_low: int
    training_steps: int
    times: tuple[int, ...]
    t_next: int
    layouts: int = 1

    @property
    def ends_stage(self) -> bool:
        return self.t_next < 0


def stage_bounds(stage: StageSettings, schedule: Schedule) -> list[int]:
    """Highest noise levels of a stage's intervals, falling, followed by one below its lowest.

    Raises:
        SettingsError: the stage lies outside the schedule or has more intervals than noise levels.
    """
    t_high = stage.highest_level(schedule.num_steps)
    if not stage.t_low <= t_high < schedule.num_steps:
        raise SettingsError(
            f"A stage runs from t = {t_high} to {stage.t_low}.",
            remedy=f"Noise levels lie between 0 and {schedule.num_steps - 1}, the highest first.",
        )
    if stage.intervals > t_high - stage.t_low + 1:
        raise SettingsError(
            f"A stage of {t_high - stage.t_low + 1} noise levels cannot have {stage.intervals} intervals."
        )
    if stage.partition == "steps":
        edges = np.linspace(t_high + 1, stage.t_low, stage.intervals + 1).round().astype(int) - 1
        return [int(edge) for edge in edges]
    return _log_snr_bounds(stage.intervals, t_high, stage.t_low, schedule)


def _log_snr_bounds(count: int, t_high: int, t_low: int, schedule: Schedule) -> list[int]:
    log_snr = schedule.log_snr
    targets = np.linspace(log_snr[t_high], log_snr[t_low], count + 1)[1:-1]
    bounds = [t_high]
    for i, target in enumerate(targets):
        nearest = int(np.abs(log_snr - target).argmin())
        # Each interval keeps at least one noise level, also where the schedule is coarse.
        bounds.append(min(bounds[-1] - 1, max(nearest, t_low + count - 2 - i)))
    return [*bounds, t_low - 1]


def sampling_times(t_high: int, t_end: int, count: int, schedule: Schedule) -> tuple[int, ...]:
    """Noise levels of the network calls from ``t_high`` down to, not including, ``t_end``.

    ``count`` 0 calls the network at every level (the paper); else ``count`` levels equal in log-SNR.
    """
    levels = t_high - t_end
    if count == 0 or count >= levels:
        return tuple(range(t_high, t_end, -1))
    log_snr = schedule.log_snr
    targets = np.linspace(log_snr[t_high], log_snr[max(t_end, 0)], count + 1)[:-1]
    times = [t_high]
    for i, target in enumerate(targets[1:], start=1):
        nearest = int(np.abs(log_snr - target).argmin())
        times.append(min(times[-1] - 1, max(nearest, t_end + count - i)))
    return tuple(times)


def _stage_intervals(
    stage: StageSettings, stage_index: int, first_index: int, schedule: Schedule, layouts: int
) -> list[Interval]:
    bounds = stage_bounds(stage, schedule)
    result = []
    for i, (t_high, t_end) in enumerate(itertools.pairwise(bounds)):
        last = i == stage.intervals - 1
        # The reference code never calls the network at t = 0: x0 at t = 1 is the result.
        lowest_call = max(t_end, 0) if last and t_high > 0 else t_end
        result.append(
            Interval(
                index=first_index + i,
                stage=stage_index,
                scale=stage.scale,
                t_high=t_high,
                t_low=t_end + 1,
                training_steps=stage.training_steps,
                times=sampling_times(t_high, lowest_call, stage.sampling_steps, schedule),
                t_next=-1 if last else t_end,
                layouts=layouts,
            )
        )
    return result


def resolve_intervals(settings: Settings) -> tuple[Interval, ...]:
    """All intervals of a run in the order in which they are trained and denoised.

    Raises:
        SettingsError: stages that do not go from coarse to fine, or do not start from pure noise.
    """
    scales = [stage.scale for stage in settings.stages]
    if scales != sorted(scales):
        raise SettingsError(f"Stages have the scales {scales}.", remedy="Go from coarse to fine.")
    schedule = make_schedule(settings.diffusion)
    if settings.stages[0].t_high not in (-1, schedule.num_steps - 1):
        raise SettingsError("The first stage does not start from pure noise.", remedy="Set its t_high to -1.")
    intervals: list[Interval] = []
    for stage_index, stage in enumerate(settings.stages):
        layouts = settings.sampling.layouts if stage_index < LAYOUT_STAGES else 1
        intervals += _stage_intervals(stage, stage_index, len(intervals), schedule, layouts)
    return tuple(intervals)
