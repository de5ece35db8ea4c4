"""Interval-parallel training: a shared trunk, an expert for each interval, and the sampling, as tasks.

Each can be stopped and taken up again, and experts need the trunk alone: in any order, in one process or
on as many machines, they come out the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from infusion_core.clip import Clip, all_unknown_filled, box_scaled, filled, frames_last
from infusion_core.engine.checkpoint import State
from infusion_core.engine.examples import Source, training_source
from infusion_core.engine.learner_state import (
    learner_arrays,
    restore_learner,
    sampling_arrays,
    shared,
    start_from,
)
from infusion_core.engine.model import Network
from infusion_core.engine.phases import (
    UNWATCHED,
    Bench,
    Fill,
    Watch,
    denoise,
    fill_of,
    finish,
    nothing_filled,
    open_bench,
    start_stage,
    train,
)
from infusion_core.engine.train import Learner, train_step
from infusion_core.engine.work import begin, keep_layout, new_learner, new_network
from infusion_core.intervals import Interval
from infusion_core.meter import expert_parts, sampling_parts, task_work, trunk_parts
from infusion_core.octaves import with_octaves
from infusion_core.parallel import (
    SAMPLE,
    TRUNK,
    expert_task,
    num_trunk_steps,
    rough_intervals,
    trunk_interval,
)
from infusion_core.progress import (
    OnProgress,
    Progress,
    ShouldStop,
    ignore_progress,
    never_stop,
    raise_if_stopped,
)
from infusion_core.settings import Settings

if TYPE_CHECKING:
    from infusion_core.shot import Shot

Weights = Mapping[str, np.ndarray]
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Trunk:
    """What all experts have in common.

    Attributes:
        weights: By parameter name; experts start from them, but where ``training.restart`` is set.
        fill: The trunk's own fill of the shot, (1, 3, F, h, w) in the run's colours, as fine as the last
            stage; None where training sees nothing in the hole.
    """

    weights: Arrays
    fill: np.ndarray | None


def train_trunk(
    shot: Shot, settings: Settings, *, state: State | None = None, watch: Watch = UNWATCHED
) -> Trunk:
    """Train one network on the noise levels of all intervals in turn and fill the hole roughly with it.

    Raises:
        Cancelled: the watch wants to stop; the state went to ``watch.on_checkpoint``.
    """
    work = begin(shot, settings)
    learner = new_learner(work)
    bench = open_bench(work, watch, trunk_parts(work.shot.extent, work.settings))
    if state is not None:
        restore_learner(learner, state.tensors)
    if state is None or state.phase == "train":
        _train_trunk(bench, learner, 0 if state is None else state.step)
        state = State(0, "start", 0, learner_arrays(learner))
        bench.checkpoint(state)
    rough, fill = rough_intervals(work.intervals, settings.training), None
    if rough:
        weights, arrays = learner.sampling_weights(), learner_arrays(learner)
        fill = shared(_diffuse(bench, 1, learner.network, lambda _: weights, rough, state, arrays).x0_hat)
    return Trunk(sampling_arrays(learner), fill)


def _train_trunk(bench: Bench, learner: Learner, first_step: int) -> None:
    work, done = bench.work, first_step
    sources: dict[int, tuple[Source, ...]] = {}
    for interval in work.intervals:
        if interval.stage not in sources:
            clip = work.clip(interval)
            whole = training_source(clip, torch.zeros_like(clip.plate))
            sources[interval.stage] = (whole, *work.views(interval))
    num_steps = num_trunk_steps(work.intervals, work.settings.training)
    learner.network.train()
    with bench.checkpointing(lambda: State(0, "train", done, learner_arrays(learner))) as after_step:
        for step in range(first_step, num_steps):
            raise_if_stopped(bench.watch.should_stop)
            interval = trunk_interval(work.intervals, step)
            loss = train_step(
                learner,
                sources[interval.stage],
                interval,
                work.schedule,
                work.settings.training,
                seed=work.settings.run.seed,
                stream=len(work.intervals) + 1,
                step=step,
                num_steps=num_steps,
                precision=work.precision,
            )
            done = step + 1
            bench.watch.on_loss(step, loss)
            bench.meter.done(0, done, loss)
            after_step()


def train_expert(
    shot: Shot,
    settings: Settings,
    index: int,
    trunk: Trunk,
    *,
    state: State | None = None,
    watch: Watch = UNWATCHED,
) -> Arrays:
    """Train the expert of one interval; return its weights by parameter name.

    It starts from the trunk's weights, or where ``training.restart`` is set from the shipped ones, as
    intervals do in sequential mode; what it learns from has the trunk's rough fill in the hole.

    Raises:
        Cancelled: the watch wants to stop; the state went to ``watch.on_checkpoint``.
    """
    work = begin(shot, settings)
    learner = new_learner(work)
    if state is not None:
        restore_learner(learner, state.tensors)
    elif not work.restarts:
        start_from(learner, trunk.weights)
    interval = work.intervals[index]
    clip = work.clip(interval)
    fill = torch.zeros_like(clip.plate) if trunk.fill is None else work.tensor(_scaled(trunk.fill, clip))
    train(
        open_bench(work, watch, expert_parts(work.shot.extent, work.settings)[index : index + 1]),
        0,
        learner,
        interval,
        clip,
        fill,
        0 if state is None else state.step,
        lambda step: State(index, "train", step, learner_arrays(learner)),
    )
    return sampling_arrays(learner)


def _scaled(fill: np.ndarray, clip: Clip) -> np.ndarray:
    whole = all_unknown_filled(fill, np.ones((1, 1, *fill.shape[2:]), np.float32))
    scaled: np.ndarray = box_scaled(whole, *clip.size[1:]).plate
    return scaled


def sample(
    shot: Shot,
    settings: Settings,
    expert: Callable[[int], Weights],
    *,
    state: State | None = None,
    watch: Watch = UNWATCHED,
    on_interval: Callable[[int, np.ndarray, int | None], None] = lambda *_: None,
) -> np.ndarray:
    """Run the whole reverse diffusion with the experts.

    Args:
        expert: The weights of an interval's model.
        on_interval: Given each interval's x0_hat, (F, h, w, 3) in model range, once it is denoised, and the
            number of the layout that was kept, where it is the last with several.

    Returns:
        The filled shot (F, H, W, 3) float32 in model range; known pixels are the plate's.

    Raises:
        Cancelled: the watch wants to stop; the state went to ``watch.on_checkpoint``.
    """
    work = begin(shot, settings)
    bench = open_bench(work, watch, sampling_parts(work.shot.extent, work.settings))

    def weights(index: int) -> dict[str, Tensor]:
        return {name: work.tensor(array) for name, array in expert(index).items()}

    def tell(index: int, x0_hat: Tensor, layout: int | None) -> None:
        on_interval(index, frames_last(shared(x0_hat), work.basis), layout)

    fill = _diffuse(bench, 0, new_network(work), weights, work.intervals, state, {}, tell)
    return filled(shot, finish(bench, len(work.intervals), fill), work.basis)


def _diffuse(
    bench: Bench,
    first_part: int,
    network: Network,
    weights: Callable[[int], Mapping[str, Tensor]],
    intervals: Sequence[Interval],
    state: State | None,
    arrays: Arrays,
    on_interval: Callable[[int, Tensor, int | None], None] = lambda *_: None,
) -> Fill:
    """The reverse diffusion through all intervals; the fill that the last leaves.

    Args:
        first_part: Index of the first interval's work in the meter.
        weights: The weights of an interval's model.
        state: Where an earlier run stood.
        arrays: What states keep besides noisy clip and x0_hat.
    """
    work = bench.work
    fill = nothing_filled()
    first, first_step = (0, 0) if state is None else (state.interval, state.step)
    if state is not None and "noisy" in state.tensors:
        fill = fill_of(work, state)

    def at(index: int) -> Callable[[int, Fill], State]:
        return lambda step, fill: State(index, "denoise", step, arrays | fill.arrays())

    for interval in intervals[first:]:
        index, clip = interval.index, work.clip(interval)
        if first_step == 0 and work.starts_stage(interval):
            fill = start_stage(work, interval, clip, fill)
        fill = denoise(
            bench,
            first_part + index,
            network,
            weights(index),
            interval,
            clip,
            fill,
            first_step,
            at(index),
        )
        first_step = 0
        x0_hat, layout = keep_layout(work, interval, clip, fill.x0_hat)
        fill = replace(fill, x0_hat=x0_hat)
        on_interval(index, x0_hat, layout)
        bench.checkpoint(at(index + 1)(0, fill))
    return fill


def run_parallel(
    shot: Shot,
    settings: Settings,
    *,
    on_progress: OnProgress = ignore_progress,
    should_stop: ShouldStop = never_stop,
) -> np.ndarray:
    """All tasks in turn, in memory; as ``run``, which trains in sequential mode.

    Returns:
        The filled shot (F, H, W, 3) float32 in model range; known pixels are the plate's.

    Raises:
        Cancelled: ``should_stop`` returned true.
    """
    settings = with_octaves(settings, shot.extent)
    work = task_work(shot.extent, settings)
    total, begun, before = sum(work.values()), time.monotonic(), 0.0

    def watch(task: str) -> Watch:
        nonlocal before
        done, before = before, before + work[task] / total

        def report(progress: Progress) -> None:
            fraction = done + progress.fraction * work[task] / total
            left_s = (time.monotonic() - begun) * (1.0 - fraction) / fraction
            on_progress(replace(progress, fraction=fraction, time_left_s=left_s))

        return Watch(report, should_stop)

    trunk = train_trunk(shot, settings, watch=watch(TRUNK))
    experts = [
        train_expert(shot, settings, k, trunk, watch=watch(expert_task(k))) for k in range(len(work) - 2)
    ]
    return sample(shot, settings, experts.__getitem__, watch=watch(SAMPLE))
