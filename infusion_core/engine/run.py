"""The loop of the paper: train an interval's model, denoise through the interval, go on to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from infusion_core.clip import filled, frames_last
from infusion_core.engine.checkpoint import Phase, State
from infusion_core.engine.learner_state import learner_arrays, restore_learner, sampling_arrays, shared
from infusion_core.engine.phases import (
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
from infusion_core.engine.train import Learner
from infusion_core.engine.work import Work, begin, keep_layout, learner_after, new_learner
from infusion_core.meter import sequential_parts
from infusion_core.progress import OnProgress, ShouldStop, ignore_progress, never_stop
from infusion_core.settings import Settings

if TYPE_CHECKING:
    from infusion_core.shot import Shot


@dataclass(frozen=True)
class IntervalResult:
    """What an interval leaves behind.

    Attributes:
        index: The interval.
        weights: Its model, name to array; enough to render the interval again.
        x0_hat: The shot as this interval sees it, (F, h, w, 3) model range, at the interval's scale.
        layout: Number of the layout that was kept, where it is the last with several.
    """

    index: int
    weights: dict[str, np.ndarray]
    x0_hat: np.ndarray
    layout: int | None


def _state(learner: Learner, interval: int, phase: Phase, step: int, fill: Fill) -> State:
    return State(interval, phase, step, learner_arrays(learner) | fill.arrays())


def run(
    shot: Shot,
    settings: Settings,
    *,
    state: State | None = None,
    on_progress: OnProgress = ignore_progress,
    should_stop: ShouldStop = never_stop,
    on_checkpoint: Callable[[State], None] = lambda _: None,
    on_loss: Callable[[int, int, float], None] = lambda *_: None,
    on_interval: Callable[[IntervalResult], None] = lambda _: None,
) -> np.ndarray:
    """Fill the hole of a shot by internal diffusion (paper, algorithm of section 4.2).

    Args:
        shot: Plate in model range with what is known of it.
        settings: Resolved settings.
        state: Where an interrupted run of the same shot and settings stood.
        on_progress: Told after every step where the work stands.
        should_stop: Polled between steps.
        on_checkpoint: Given the state at least once a minute, after every interval and before stopping.
        on_loss: Given interval, step and training loss.
        on_interval: Given each interval's model and x0_hat once it is denoised.

    Returns:
        The filled shot (F, H, W, 3) float32 in model range; known pixels are the plate's.

    Raises:
        Cancelled: ``should_stop`` returned true; the last state went to ``on_checkpoint``.
    """
    work = begin(shot, settings)
    learner = new_learner(work)
    phase: Phase = "start"
    first, first_step = 0, 0
    fill = nothing_filled()
    if state is not None:
        restore_learner(learner, state.tensors)
        first, phase, first_step = state.interval, state.phase, state.step
        fill = fill_of(work, state)
    watch = Watch(on_progress, should_stop, on_checkpoint, lambda step, loss: on_loss(index, step, loss))
    bench = open_bench(work, watch, sequential_parts(work.shot.extent, work.settings))
    for interval in work.intervals[first:]:
        if phase == "done":
            break
        index, clip = interval.index, work.clip(interval)
        if phase == "start":
            learner = learner_after(work, learner)
            if work.starts_stage(interval):
                fill = start_stage(work, interval, clip, fill)
        if phase in ("start", "train"):
            train(
                bench,
                2 * index,
                learner,
                interval,
                clip,
                fill.x0_hat,
                first_step,
                _training_state(learner, index, fill),
            )
            first_step = 0
        fill = denoise(
            bench,
            2 * index + 1,
            learner.network,
            learner.sampling_weights(),
            interval,
            clip,
            fill,
            first_step,
            _denoising_state(learner, index),
        )
        x0_hat, layout = keep_layout(work, interval, clip, fill.x0_hat)
        fill = replace(fill, x0_hat=x0_hat)
        last = interval is work.intervals[-1]
        on_interval(_result(work, learner, index, x0_hat, layout))
        phase, first_step = "done" if last else "start", 0
        bench.checkpoint(_state(learner, index if last else index + 1, phase, 0, fill))
    return filled(shot, finish(bench, 2 * len(work.intervals), fill), work.basis)


def _result(work: Work, learner: Learner, index: int, x0_hat: Tensor, layout: int | None) -> IntervalResult:
    seen = frames_last(shared(x0_hat), work.basis)
    return IntervalResult(index, sampling_arrays(learner), seen, layout)


def _training_state(learner: Learner, index: int, fill: Fill) -> Callable[[int], State]:
    return lambda step: _state(learner, index, "train", step, fill)


def _denoising_state(learner: Learner, index: int) -> Callable[[int, Fill], State]:
    return lambda step, fill: _state(learner, index, "denoise", step, fill)
