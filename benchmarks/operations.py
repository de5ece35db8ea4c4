"""Counting the floating-point operations of a run without slowing it down.

PyTorch's counter doubles the time of small networks. But each training step of a stage costs the same,
and so does each network call. So they are counted in runs of a step or two for each stage, and multiplied.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from torch.utils.flop_counter import FlopCounterMode

import infusion_core
from benchmarks.clips import BenchClip
from infusion_core.intervals import resolve_intervals
from infusion_core.settings import Settings


def _counted(clip: BenchClip, settings: Settings, stage: int = 0, **changes: Any) -> int:
    """Operations with one interval, step and call a stage, but for ``changes`` of one stage."""
    short = [
        dataclasses.replace(one, intervals=1, training_steps=1, sampling_steps=1) for one in settings.stages
    ]
    short[stage] = dataclasses.replace(short[stage], **changes)
    settings = dataclasses.replace(settings, stages=tuple(short))
    with FlopCounterMode(display=False) as counter:
        infusion_core.inpaint(clip.plate, clip.hole, settings, colour="display")
    return counter.get_total_flops()


def count_operations(clip: BenchClip, settings: Settings) -> int:
    """Operations of all training steps and network calls of a run, two for each multiply-add."""
    once = _counted(clip, settings)
    total = 0
    for stage in range(len(settings.stages)):
        step = _counted(clip, settings, stage, training_steps=2) - once
        call = _counted(clip, settings, stage, sampling_steps=2) - once
        intervals = [interval for interval in resolve_intervals(settings) if interval.stage == stage]
        total += step * sum(interval.training_steps for interval in intervals)
        total += call * sum(len(interval.times) for interval in intervals)
    return total
