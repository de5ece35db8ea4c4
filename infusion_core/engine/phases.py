"""The two things that runs do in turn, training and denoising, told of and stopped step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import partial

import numpy as np
import torch
from torch import Tensor

from infusion_core.clip import Clip
from infusion_core.cores import threads_for
from infusion_core.denoisers import shot_denoiser
from infusion_core.engine.checkpoint import State
from infusion_core.engine.learner_state import shared
from infusion_core.engine.model import Network
from infusion_core.engine.train import Learner, train_interval
from infusion_core.engine.work import Work
from infusion_core.errors import Cancelled
from infusion_core.estimate import voxels_at_once
from infusion_core.exemplars import finished
from infusion_core.guide import guided_where_asked
from infusion_core.intervals import Interval
from infusion_core.meter import Part, WorkMeter
from infusion_core.progress import OnProgress, ShouldStop, ignore_progress, never_stop
from infusion_core.sample import Denoiser, denoise_interval

CHECKPOINT_SECONDS = 45.0


@dataclass(frozen=True)
class Watch:
    """Who is told of the work, and who may stop it.

    Attributes:
        on_progress: Told after every step where the work stands.
        should_stop: Polled between steps.
        on_checkpoint: Given the state at least once a minute and before stopping.
        on_loss: Given each training step and its loss.
    """

    on_progress: OnProgress = ignore_progress
    should_stop: ShouldStop = never_stop
    on_checkpoint: Callable[[State], None] = lambda _: None
    on_loss: Callable[[int, float], None] = lambda *_: None


UNWATCHED = Watch()


@dataclass(frozen=True)
class Fill:
    """How far the hole is filled; tensors are empty as long as there is nothing to say.

    Attributes:
        noisy: The clip at the noise level reached, in its focus, (layouts, 3, F, h, w).
        x0_hat: The last guess of the clean clip, (layouts, 3, F, H, W).
        coarser: The guess that the stage before ended with, where finer stages are held to it.
    """

    noisy: Tensor
    x0_hat: Tensor
    coarser: Tensor

    def arrays(self) -> dict[str, np.ndarray]:
        """As states keep it."""
        return {name: shared(getattr(self, name)) for name in _FILL_NAMES}


_FILL_NAMES = tuple(one.name for one in fields(Fill))


def nothing_filled() -> Fill:
    """The fill that a run begins with."""
    return Fill(torch.empty(0), torch.empty(0), torch.empty(0))


def fill_of(work: Work, state: State) -> Fill:
    """The fill that a state kept."""
    return Fill(*(work.tensor(state.tensors[name]) for name in _FILL_NAMES))


def start_stage(work: Work, interval: Interval, clip: Clip, fill: Fill) -> Fill:
    """The fill that a stage starts from, given what the stage before ended with.

    Args:
        interval: The stage's first.
        clip: The shot at its scale.
    """
    noisy, x0_hat = work.stage_start(interval, clip, fill.x0_hat)
    holds = work.settings.sampling.holds
    return Fill(noisy, x0_hat, fill.x0_hat if holds else fill.coarser)


@dataclass
class Bench:
    """A task at work.

    Attributes:
        work: What it works with.
        watch: Whom it tells.
        meter: Its parts of work and how far they are done.
    """

    work: Work
    watch: Watch
    meter: WorkMeter
    _last_checkpoint: float = field(default_factory=time.monotonic)

    def checkpoint(self, state: State) -> None:
        """Give out a state."""
        self.watch.on_checkpoint(state)
        self._last_checkpoint = time.monotonic()

    @contextmanager
    def checkpointing(self, state: Callable[[], State]) -> Iterator[Callable[[], None]]:
        """Yield what to call after each step: it gives out the state when one is due, as a stop does."""

        def after_step() -> None:
            if time.monotonic() - self._last_checkpoint > CHECKPOINT_SECONDS:
                self.checkpoint(state())

        try:
            yield after_step
        except Cancelled:
            self.checkpoint(state())
            raise


def open_bench(work: Work, watch: Watch, parts: Sequence[Part]) -> Bench:
    """A task with these parts of work."""
    return Bench(work, watch, WorkMeter(parts, len(work.intervals), watch.on_progress))


def train(
    bench: Bench,
    part: int,
    learner: Learner,
    interval: Interval,
    clip: Clip,
    fill: Tensor,
    first_step: int,
    state: Callable[[int], State],
) -> None:
    """Train the learner on one interval, from ``first_step`` on.

    Args:
        part: Index of this work in the meter.
        fill: Content of the hole as far as it is known, (layouts, 3, F, H, W); the first is learned with.
        state: The state once that many steps are done.

    Raises:
        Cancelled: the watch wants to stop; the state was given out.
    """
    work, done, fill = bench.work, first_step, fill[:1]
    if work.settings.training.fill == "zero":
        fill = torch.zeros_like(fill)
    with bench.checkpointing(lambda: state(done)) as after_step:

        def on_step(step: int, loss: float) -> None:
            nonlocal done
            done = step + 1
            bench.watch.on_loss(step, loss)
            bench.meter.done(part, done, loss)
            after_step()

        train_interval(
            learner,
            clip,
            fill,
            interval,
            work.schedule,
            work.settings.training,
            seed=work.settings.run.seed,
            views=work.views(interval),
            precision=work.precision,
            first_step=first_step,
            on_step=on_step,
            should_stop=bench.watch.should_stop,
        )


def _denoiser(work: Work, network: Network, weights: Mapping[str, Tensor], clip: Clip) -> Denoiser:
    most = voxels_at_once(work.shot.extent, work.settings)
    rounded = work.settings.sampling.precision == "training" and work.precision != torch.float32

    def predicted(noisy: Tensor, still: Sequence[Tensor], t: int) -> Tensor:
        level = torch.full((len(noisy),), t, device=work.device)
        inputs = (noisy, *(one.expand(len(noisy), -1, -1, -1, -1) for one in still), level)
        with torch.autocast(work.device.type, work.precision, enabled=rounded):
            return torch.func.functional_call(network, dict(weights), inputs).float()

    def call(noisy: Tensor, plate: Tensor, hole: Tensor, mean: Tensor, share: Tensor, t: int) -> Tensor:
        at_once = max(1, most // noisy[0, 0].numel())
        return torch.cat([predicted(part, (plate, hole, mean, share), t) for part in noisy.split(at_once)])

    zeros = partial(torch.zeros, device=work.device)
    return shot_denoiser(call, clip, clip.known.cpu().numpy(), network.multiple, work.settings, zeros)


def denoise(
    bench: Bench,
    part: int,
    network: Network,
    weights: Mapping[str, Tensor],
    interval: Interval,
    clip: Clip,
    fill: Fill,
    first_step: int,
    state: Callable[[int, Fill], State],
) -> Fill:
    """Run the reverse diffusion through one interval, from its call ``first_step`` on.

    Args:
        part: Index of this work in the meter.
        network, weights: The interval's model.
        fill: At the interval's highest noise level, or where an interrupted run stood.
        state: The state once that many calls are done, with the fill.

    Returns:
        The fill at the next interval's level.

    Raises:
        Cancelled: the watch wants to stop; the state was given out.
    """
    work, done, focus = bench.work, first_step, bench.work.focus(clip)
    seen, latest = focus.clip(clip), (fill.noisy, focus.of(fill.x0_hat))
    network.eval()
    denoiser = guided_where_asked(
        _denoiser(work, network, weights, seen),
        fill.coarser,
        work.full_clip,
        interval,
        work.settings,
        clip,
        focus,
        work.tensor,
    )

    def reached() -> Fill:
        return Fill(latest[0], focus.put(latest[1], clip.plate), fill.coarser)

    with torch.no_grad(), bench.checkpointing(lambda: state(done, reached())) as after_step:

        def on_step(step: int, noisy: Tensor, x0_hat: Tensor) -> None:
            nonlocal done, latest
            done, latest = step + 1, (noisy, x0_hat)
            bench.meter.done(part, done)
            after_step()

        denoise_interval(
            interval,
            work.schedule,
            denoiser,
            fill.noisy,
            seen.plate,
            seen.known,
            lambda level: work.noise(interval, level, seen.size),
            eta=work.settings.sampling.eta,
            noise_gain=work.noise_gain,
            first_step=first_step,
            on_step=on_step,
            should_stop=bench.watch.should_stop,
        )
    return reached()


def finish(bench: Bench, part: int, fill: Fill) -> np.ndarray:
    """The fill at full resolution, (1, 3, F, H, W), once the last stage is denoised.

    Args:
        part: Index of this work in the meter.

    Raises:
        Cancelled: the watch wants to stop.
    """
    work = bench.work
    return finished(
        shared(fill.x0_hat),
        work.intervals[-1].scale,
        work.full_clip,
        work.settings.run.seed,
        is_calm=work.settings.sampling.holds,
        is_steady=work.settings.sampling.steady,
        threads=threads_for(work.settings.run.threads),
        on_frame=lambda done: bench.meter.done(part, done),
        should_stop=bench.watch.should_stop,
    )
