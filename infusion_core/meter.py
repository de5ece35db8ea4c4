"""From finished steps to fractions of the work and the time left. NumPy only."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from infusion_core.estimate import call_flops, detail_flops, detail_frames, step_flops
from infusion_core.extent import Extent
from infusion_core.intervals import Interval, resolve_intervals
from infusion_core.parallel import (
    SAMPLE,
    TRUNK,
    expert_task,
    num_trunk_steps,
    rough_intervals,
    trunk_shares,
)
from infusion_core.progress import OnProgress, Progress, Stage
from infusion_core.settings import Settings

DETAIL_MESSAGE = "Taking fine detail from the plate"


@dataclass(frozen=True)
class Part:
    """Steps of one kind that follow each other.

    Attributes:
        stage: ``train`` or ``denoise``.
        interval: Index of the interval; None for the trunk's training and for detail from the plate.
        steps: How many.
        flops: Floating-point operations of each.
        message: What is being done, for a person.
    """

    stage: Stage
    interval: int | None
    steps: int
    flops: float
    message: str

    @property
    def work(self) -> float:
        """Operations of all steps."""
        return self.steps * self.flops


def _training(interval: Interval, extent: Extent, settings: Settings, count: int) -> Part:
    flops, message = (
        step_flops(interval, extent, settings),
        f"Training interval {interval.index + 1} of {count}",
    )
    return Part("train", interval.index, interval.training_steps, flops, message)


def _denoising(interval: Interval, extent: Extent, settings: Settings, message: str) -> Part:
    flops = interval.layouts * call_flops(interval, extent, settings)
    return Part("denoise", interval.index, len(interval.times), flops, message)


def sequential_parts(extent: Extent, settings: Settings) -> tuple[Part, ...]:
    """Of training in sequential mode: each interval is trained, then denoised; then comes finer detail."""
    *denoising, detail = sampling_parts(extent, settings)
    pairs = zip(expert_parts(extent, settings), denoising, strict=True)
    return (*(part for pair in pairs for part in pair), detail)


def trunk_parts(extent: Extent, settings: Settings) -> tuple[Part, ...]:
    """Of the trunk in parallel mode: it is trained, then it fills the hole roughly."""
    intervals, training = resolve_intervals(settings), settings.training
    shares = trunk_shares(intervals, training)
    steps = num_trunk_steps(intervals, training)
    work = sum(shares[i.index] * step_flops(i, extent, settings) for i in intervals)
    return (
        Part("train", None, steps, work / steps, "Training the trunk"),
        *(
            _denoising(
                i, extent, settings, f"Filling roughly through interval {i.index + 1} of {len(intervals)}"
            )
            for i in rough_intervals(intervals, training)
        ),
    )


def expert_parts(extent: Extent, settings: Settings) -> tuple[Part, ...]:
    """The training of each interval."""
    intervals = resolve_intervals(settings)
    return tuple(_training(i, extent, settings, len(intervals)) for i in intervals)


def sampling_parts(extent: Extent, settings: Settings) -> tuple[Part, ...]:
    """The reverse diffusion through each interval, and last the detail that is taken from the plate."""
    intervals = resolve_intervals(settings)
    frames = detail_frames(extent, settings)
    flops = detail_flops(extent, settings) / max(1, frames)
    return (
        *(
            _denoising(i, extent, settings, f"Denoising interval {i.index + 1} of {len(intervals)}")
            for i in intervals
        ),
        Part("denoise", None, frames, flops, DETAIL_MESSAGE),
    )


def task_work(extent: Extent, settings: Settings) -> dict[str, float]:
    """Operations of every task of parallel mode, by name, in the order in which one process does them."""
    experts = expert_parts(extent, settings)
    return {
        TRUNK: sum(part.work for part in trunk_parts(extent, settings)),
        **{expert_task(k): part.work for k, part in enumerate(experts)},
        SAMPLE: sum(part.work for part in sampling_parts(extent, settings)),
    }


class WorkMeter:
    """Turns finished steps into ``Progress`` with the share of work done and the time left.

    Args:
        parts: All of the work, in order.
        num_intervals: How many intervals the run has.
        on_progress: Gets the reports.
    """

    def __init__(self, parts: Sequence[Part], num_intervals: int, on_progress: OnProgress) -> None:
        self._parts = tuple(parts)
        self._num_intervals = num_intervals
        self._total = sum(part.work for part in parts)
        self._on_progress = on_progress
        self._start: tuple[float, float] | None = None

    def done(self, index: int, steps: int, loss: float | None = None) -> None:
        """Report that all parts before ``index`` and ``steps`` steps of that part are done."""
        part = self._parts[index]
        work = sum(before.work for before in self._parts[:index]) + steps * part.flops
        fraction = min(1.0, work / self._total)
        self._on_progress(
            Progress(
                part.stage,
                fraction,
                interval=part.interval,
                num_intervals=self._num_intervals,
                step=steps,
                num_steps=part.steps,
                loss=loss,
                time_left_s=self._time_left_s(fraction),
                message=part.message,
            )
        )

    def _time_left_s(self, fraction: float) -> float | None:
        now = time.monotonic()
        if self._start is None:
            self._start = (now, fraction)
        since, first = self._start
        speed = (fraction - first) / (now - since) if now > since else 0.0
        return (1.0 - fraction) / speed if speed > 0 else None
