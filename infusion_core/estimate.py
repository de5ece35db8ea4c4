"""What a run will cost, before it starts. NumPy only.

Work is counted in floating-point operations of the convolutions (two per multiply-add).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from infusion_core.clip_size import crop_size, scaled_size
from infusion_core.detail_work import FLOPS_PER_PIXEL, octaves_left
from infusion_core.extent import Extent
from infusion_core.intervals import Interval, resolve_intervals
from infusion_core.network_size import level_widths, reach
from infusion_core.parallel import rough_intervals, trunk_shares
from infusion_core.settings import NetworkSettings, Settings
from infusion_core.tiles import BLOCK, Grid, parts

DEFAULT_MEMORY_GIB = 8.0
BASE_BYTES = 400 * 2**20  # interpreter and libraries at work
FEATURE_SHARE = 0.6  # of the memory; the rest is for the clip and for training
TRAINING_PASSES = 3  # forward, and twice as much backward
PAPER_INPUTS = 23
FACTORED_INPUTS = 11
# Feature maps of the finest level alive at once, as measured on a CPU, where convolutions keep copies.
LIVE_MAPS = {"paper": 9, "factored": 9}
TRAINING_MAPS = {"paper": 18, "factored": 26}
# Copies of the clip alive at once, on host and device, as measured: what is known of it, each layout's fill,
# and what sampling makes of each around the hole.
CLIP_COPIES, FILL_COPIES, FOCUS_COPIES = 3, 2, 6
DETAIL_COPIES = 3  # more of them while detail is taken: what is filled, also without its detail


def _paper_weights(settings: NetworkSettings) -> tuple[float, float]:
    """Convolution weights, and weights times share of full-resolution voxels, of the authors' network."""
    width = settings.channels
    ends = 27 * (PAPER_INPUTS * width + 3 * width)
    inner = 27 * 2 * width**2
    count, work = ends + inner, ends + inner / 4**settings.levels
    for level in range(settings.levels):
        one_level = 27 * (2 + 2 + 1) * width**2
        count, work = count + one_level, work + one_level / 4**level
    return count, work


def _factored_weights(settings: NetworkSettings) -> tuple[float, float]:
    widths = level_widths(settings)
    count = work = float(9 * (FACTORED_INPUTS + 3) * widths[0])
    for level, width in enumerate(widths):
        blocks = 2 * (9 + 3 + 9) * width**2
        joints = (4 + 1) * width * widths[level - 1] if level else 0  # 2x2 pixels down, 1x1 up
        count, work = count + blocks + joints, work + (blocks + joints) / 4**level
    return count, work


def flops_per_voxel(settings: NetworkSettings) -> float:
    """Operations of one network call for each voxel of its clip."""
    weights = _paper_weights if settings.kind == "paper" else _factored_weights
    return 2.0 * weights(settings)[1]


@dataclass(frozen=True)
class Estimate:
    """Expected cost of a run.

    Attributes:
        parameters: Convolution weights of one interval's network (biases not counted).
        training_flops: Operations of all training steps.
        sampling_flops: Operations of all network calls of the reverse diffusion, and of taking finer detail
            from the plate.
        memory_bytes: Highest memory of the engine, roughly.
        num_training_steps: Optimiser steps.
        num_network_calls: Network calls of the reverse diffusion.
    """

    parameters: int
    training_flops: float
    sampling_flops: float
    memory_bytes: int
    num_training_steps: int
    num_network_calls: int


def step_flops(interval: Interval, extent: Extent, settings: Settings) -> float:
    """Operations of one training step."""
    frames, rows, columns = crop_size(_stage_size(interval.scale, extent), settings.training)
    voxels = settings.training.batch * frames * rows * columns
    return TRAINING_PASSES * voxels * flops_per_voxel(settings.network)


def call_flops(interval: Interval, extent: Extent, settings: Settings) -> float:
    """Operations of one network call of the reverse diffusion, on all its tiles."""
    return sum(_shown(interval.scale, extent, settings)) * flops_per_voxel(settings.network)


def detail_frames(extent: Extent, settings: Settings) -> int:
    """Frames of all octaves that take their detail from the plate."""
    return len(octaves_left(settings.stages[-1].scale)) * extent.size[0]


def detail_flops(extent: Extent, settings: Settings) -> float:
    """Operations of taking detail finer than the last stage from the plate, roughly."""
    pixels = float(extent.occupied.sum()) * BLOCK**2
    return FLOPS_PER_PIXEL * pixels * sum(scale**2 for scale in octaves_left(settings.stages[-1].scale))


def _stage_size(scale: float, extent: Extent) -> tuple[int, int, int]:
    frames, rows, columns = extent.size
    return (frames, *scaled_size(rows, columns, scale))


def voxels_in_memory(settings: Settings) -> int:
    """Voxels whose features fit into ``run.memory``, or 8 GiB where that is 0.

    It does not depend on what is free at the moment, so that a resumed run and another take are cut alike.
    """
    budget = (settings.run.memory or DEFAULT_MEMORY_GIB) * 2**30 * FEATURE_SHARE
    return int(budget / (4 * settings.network.channels * LIVE_MAPS[settings.network.kind]))


def _shown(scale: float, extent: Extent, settings: Settings) -> list[float]:
    """Voxels of each tile at a scale, by the blocks of the hole at full resolution: roughly."""
    near, pixels = reach(settings.network)
    grid = Grid(extent.size, BLOCK, (near, math.ceil(pixels / (scale * BLOCK))))
    found = parts(extent.occupied, grid, voxels_in_memory(settings) / scale**2)
    return [grid.voxels(part) * scale**2 for part in found]


def voxels_at_once(extent: Extent, settings: Settings) -> int:
    """Voxels of the finest stage's largest tile, which sets the memory that a network call may take."""
    return int(max(_shown(settings.stages[-1].scale, extent, settings), default=0))


def _memory(extent: Extent, settings: Settings, intervals: Sequence[Interval]) -> int:
    network = settings.network
    per_voxel = 4 * network.channels
    crop = crop_size(extent.size, settings.training)
    trained = settings.training.batch * crop[0] * crop[1] * crop[2]
    tiles = _shown(settings.stages[-1].scale, extent, settings)
    working = max(
        int(max(tiles, default=0)) * per_voxel * LIVE_MAPS[network.kind],
        trained * per_voxel * TRAINING_MAPS[network.kind],
    )
    whole, shown = math.prod(extent.size), sum(tiles)
    fills = max(interval.layouts * interval.scale**2 for interval in intervals)
    sampled = working + 4 * 3 * fills * (FILL_COPIES * whole + FOCUS_COPIES * shown)
    detailed = 4 * 3 * DETAIL_COPIES * whole if octaves_left(settings.stages[-1].scale) else 0
    return int(BASE_BYTES + 4 * 3 * CLIP_COPIES * whole + max(sampled, detailed))


def estimate(extent: Extent, settings: Settings) -> Estimate:
    """Expected cost of filling a hole."""
    intervals = resolve_intervals(settings)
    weights = _paper_weights if settings.network.kind == "paper" else _factored_weights
    trunk = trunk_shares(intervals, settings.training)
    trained = [(i, i.training_steps + trunk.get(i.index, 0)) for i in intervals]
    called = [
        (i, len(i.times) * i.layouts) for i in (*intervals, *rough_intervals(intervals, settings.training))
    ]
    return Estimate(
        parameters=int(weights(settings.network)[0]),
        training_flops=sum(steps * step_flops(i, extent, settings) for i, steps in trained),
        sampling_flops=sum(calls * call_flops(i, extent, settings) for i, calls in called)
        + detail_flops(extent, settings),
        memory_bytes=_memory(extent, settings, intervals),
        num_training_steps=sum(steps for _, steps in trained),
        num_network_calls=sum(calls for _, calls in called),
    )
