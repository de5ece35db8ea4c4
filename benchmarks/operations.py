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
from infusion_core.arrays import shot_from_arrays
from infusion_core.estimate import detail_flops
from infusion_core.intervals import resolve_intervals
from infusion_core.octaves import with_octaves
from infusion_core.parallel import rough_intervals, trunk_shares
from infusion_core.settings import Settings


def _counted(clip: BenchClip, settings: Settings, stage: int = 0, **changes: Any) -> int:
    """Operations with one interval, step and call a stage, but for ``changes`` of one stage."""
    short = [
        dataclasses.replace(one, intervals=1, training_steps=1, sampling_steps=1) for one in settings.stages
    ]
    short[stage] = dataclasses.replace(short[stage], **changes)
    # Steps and calls cost the same in either mode. Views are of the shot's own size on average.
    training = dataclasses.replace(settings.training, mode="sequential", views=0)
    sampling = dataclasses.replace(settings.sampling, layouts=1)
    settings = dataclasses.replace(settings, stages=tuple(short), training=training, sampling=sampling)
    with FlopCounterMode(display=False) as counter:
        infusion_core.inpaint(clip.plate, clip.hole, settings, colour="display")
    return counter.get_total_flops()


def count_operations(clip: BenchClip, settings: Settings) -> int:
    """Operations of all training steps, network calls and lookups of detail, two for each multiply-add."""
    shot = shot_from_arrays(clip.plate, clip.hole, settings, "display")
    settings = with_octaves(settings, shot.extent)
    once = _counted(clip, settings)
    intervals = resolve_intervals(settings)
    trunk, rough = trunk_shares(intervals, settings.training), rough_intervals(intervals, settings.training)
    total = round(detail_flops(shot.extent, settings))
    for stage in range(len(settings.stages)):
        step = _counted(clip, settings, stage, training_steps=2) - once
        call = _counted(clip, settings, stage, sampling_steps=2) - once
        total += step * sum(i.training_steps + trunk[i.index] for i in intervals if i.stage == stage)
        total += call * sum(len(i.times) * i.layouts for i in (*intervals, *rough) if i.stage == stage)
    return total
