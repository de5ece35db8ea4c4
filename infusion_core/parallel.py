"""Interval-parallel training: what its shared trunk does. Standard library only.

One network, the trunk, learns the noise levels of all intervals and fills the hole roughly. Then each
interval's expert starts from its weights and needs nothing of the other experts (eDiff-I, Balaji et al.
2022, branches from a shared model likewise).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from infusion_core.intervals import Interval
from infusion_core.settings import TrainingSettings

TRUNK, SAMPLE = "trunk", "sample"
TRUNK_LENGTH = 2  # in the average steps of an interval, see docs/experiments.md
ROUGH_CALLS = 2  # of the network in each interval; the fill only stands in the hole while experts train


def expert_task(interval: int) -> str:
    """Name of the task that trains an interval's expert; ``TRUNK`` comes before it, ``SAMPLE`` after."""
    return f"interval_{interval:02d}"


def is_parallel(training: TrainingSettings) -> bool:
    """Whether intervals are trained independently of each other."""
    return training.mode == "parallel"


def num_trunk_steps(intervals: Sequence[Interval], training: TrainingSettings) -> int:
    """Optimiser steps of the trunk; 0 where there is none."""
    if not is_parallel(training):
        return 0
    average = sum(interval.training_steps for interval in intervals) / len(intervals)
    return training.trunk_steps or round(TRUNK_LENGTH * average)


def trunk_interval(intervals: Sequence[Interval], step: int) -> Interval:
    """The interval that a step of the trunk's training belongs to: each in turn."""
    return intervals[step % len(intervals)]


def trunk_shares(intervals: Sequence[Interval], training: TrainingSettings) -> dict[int, int]:
    """How many of the trunk's steps belong to each interval, by index."""
    steps, count = num_trunk_steps(intervals, training), len(intervals)
    return {interval.index: len(range(i, steps, count)) for i, interval in enumerate(intervals)}


def rough_intervals(intervals: Sequence[Interval], training: TrainingSettings) -> tuple[Interval, ...]:
    """The intervals with the few network calls of the trunk's own fill; none where training sees no fill."""
    if not is_parallel(training) or training.fill == "zero":
        return ()
    return tuple(
        replace(interval, times=interval.times[:: -(-len(interval.times) // ROUGH_CALLS)], layouts=1)
        for interval in intervals
    )
