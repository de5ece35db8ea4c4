"""The loop of the paper: train an interval's model, denoise through the interval, go on to the next."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from infusion_core.basis import ColourBasis, shot_basis
from infusion_core.clip import Clip, clip_from_shot, filled, frames_last, scaled_clip
from infusion_core.denoisers import make_denoiser
from infusion_core.engine.checkpoint import State
from infusion_core.engine.device import choose_device, choose_precision, set_threads
from infusion_core.engine.model import make_network
from infusion_core.engine.train import Learner, make_learner, step_generator, train_interval
from infusion_core.errors import Cancelled
from infusion_core.estimate import WorkMeter, tile_size
from infusion_core.intervals import Interval, resolve_intervals
from infusion_core.noise import clip_noise, stage_draw
from infusion_core.progress import OnProgress, ShouldStop, ignore_progress, never_stop
from infusion_core.sample import Denoiser, denoise_interval, stage_start
from infusion_core.schedule import Schedule, make_schedule
from infusion_core.settings import Settings

CHECKPOINT_SECONDS = 45.0

if TYPE_CHECKING:
    from infusion_core.shot import Shot


@dataclass(frozen=True)
class IntervalResult:
    """What an interval leaves behind.

    Attributes:
        index: The interval.
        weights: Its model, name to array; enough to render the interval again.
        x0_hat: The shot as this interval sees it, (F, h, w, 3) model range, at the interval's scale.
    """

    index: int
    weights: dict[str, np.ndarray]
    x0_hat: np.ndarray


OnLoss = Callable[[int, int, float], None]


@dataclass
class Run:
    """All that the loop works with."""

    shot: Shot
    settings: Settings
    device: torch.device
    precision: torch.dtype
    schedule: Schedule
    intervals: tuple[Interval, ...]
    full_clip: Clip
    basis: ColourBasis
    learner: Learner
    meter: WorkMeter
    should_stop: ShouldStop
    on_checkpoint: Callable[[State], None]
    on_loss: OnLoss
    last_checkpoint: float

    def tensor(self, array: np.ndarray) -> Tensor:
        """A NumPy array as a tensor on the run's device."""
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def noise(self, interval: Interval, draw: int, size: tuple[int, int, int]) -> Tensor:
        """The take's noise for one draw at an interval's size."""
        frames, height, width = size
        draw = stage_draw(interval.stage, draw)
        return self.tensor(clip_noise(self.settings.run.seed, draw, range(frames), (3, height, width)))


def copied(tensor: Tensor) -> np.ndarray:
    """A tensor as an array of its own, which later training does not change."""
    return tensor.detach().cpu().contiguous().clone().numpy()


def store_channels_last(network: torch.nn.Module) -> None:
    """Store the weights with channels last, for which the convolution kernels are much faster."""
    network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]


def _prepare(
    shot: Shot,
    settings: Settings,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    on_checkpoint: Callable[[State], None],
    on_loss: OnLoss,
) -> Run:
    set_threads(settings.run.threads)
    device = choose_device(settings.run.device)
    schedule = make_schedule(settings.diffusion)
    intervals = resolve_intervals(settings)
    torch.manual_seed(step_generator(settings.run.seed, len(intervals), 0).initial_seed())
    network = make_network(settings.network, schedule).to(device)
    store_channels_last(network)
    basis = shot_basis(shot, settings)
    clip = clip_from_shot(shot, basis)
    return Run(
        shot=shot,
        settings=settings,
        device=device,
        precision=choose_precision(settings.run, device, min(settings.training.window, len(shot.plate))),
        schedule=schedule,
        intervals=intervals,
        full_clip=clip,
        basis=basis,
        learner=make_learner(network, settings.training),
        meter=WorkMeter(clip.size, settings, on_progress),
        should_stop=should_stop,
        on_checkpoint=on_checkpoint,
        on_loss=on_loss,
        last_checkpoint=time.monotonic(),
    )


def _state(run: Run, interval: int, phase: str, step: int, noisy: Tensor, x0_hat: Tensor) -> State:
    tensors: dict[str, Tensor] = {f"weight/{k}": v for k, v in run.learner.network.named_parameters()}
    tensors |= {f"average/{k}": v for k, v in run.learner.average.items()}
    names = [name for name, _ in run.learner.network.named_parameters()]
    for i, moments in run.learner.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{key}/{names[i]}": value for key, value in moments.items()}
    tensors |= {"noisy": noisy, "x0_hat": x0_hat}
    arrays = {k: copied(v) for k, v in tensors.items()}
    return State(interval, phase, step, arrays)  # type: ignore[arg-type]


def _restore_learner(run: Run, state: State) -> None:
    parameters = dict(run.learner.network.named_parameters())
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(run.tensor(state.tensors[f"weight/{name}"]))
            if run.learner.average:
                run.learner.average[name].copy_(run.tensor(state.tensors[f"average/{name}"]))
    moments: dict[int, dict[str, Tensor]] = {}
    for i, name in enumerate(parameters):
        for key in ("step", "exp_avg", "exp_avg_sq"):
            if f"optimiser/{key}/{name}" in state.tensors:
                value = torch.from_numpy(state.tensors[f"optimiser/{key}/{name}"])
                moments.setdefault(i, {})[key] = value
    described = run.learner.optimiser.state_dict()
    run.learner.optimiser.load_state_dict({**described, "state": moments})


def _checkpoint(
    run: Run, interval: int, phase: str, step: int, noisy: Tensor, x0_hat: Tensor, force: bool = False
) -> None:
    if force or time.monotonic() - run.last_checkpoint > CHECKPOINT_SECONDS:
        run.on_checkpoint(_state(run, interval, phase, step, noisy, x0_hat))
        run.last_checkpoint = time.monotonic()


def _train(run: Run, interval: Interval, clip: Clip, noisy: Tensor, x0_hat: Tensor, first_step: int) -> None:
    done = first_step

    def on_step(step: int, loss: float) -> None:
        nonlocal done
        done = step + 1
        run.on_loss(interval.index, step, loss)
        run.meter.trained(interval, done, loss)
        _checkpoint(run, interval.index, "train", done, noisy, x0_hat)

    fill = x0_hat if run.settings.training.fill == "current" else torch.zeros_like(x0_hat)
    try:
        train_interval(
            run.learner,
            clip,
            fill,
            interval,
            run.schedule,
            run.settings.training,
            seed=run.settings.run.seed,
            precision=run.precision,
            first_step=first_step,
            on_step=on_step,
            should_stop=run.should_stop,
        )
    except Cancelled:
        _checkpoint(run, interval.index, "train", done, noisy, x0_hat, force=True)
        raise


def _denoiser(run: Run, clip: Clip) -> Denoiser:
    network, weights = run.learner.network.eval(), run.learner.sampling_weights()
    window, tile = tile_size(clip.size, run.settings)
    rounded = run.settings.sampling.precision == "training" and run.precision != torch.float32

    def call(noisy: Tensor, plate: Tensor, hole: Tensor, mean: Tensor, share: Tensor, t: int) -> Tensor:
        inputs = (noisy, plate, hole, mean, share, torch.tensor([t], device=run.device))
        with torch.autocast(run.device.type, run.precision, enabled=rounded):
            return torch.func.functional_call(network, weights, inputs).float()

    return make_denoiser(call, clip, network.multiple, window=window, tile=tile, as_array=run.tensor)


def _denoise(
    run: Run, interval: Interval, clip: Clip, noisy: Tensor, x0_hat: Tensor, first_step: int
) -> tuple[Tensor, Tensor]:
    done, latest = first_step, (noisy, x0_hat)

    def on_step(step: int, noisy: Tensor, x0_hat: Tensor) -> None:
        nonlocal done, latest
        done, latest = step + 1, (noisy, x0_hat)
        run.meter.denoised(interval, done)
        _checkpoint(run, interval.index, "denoise", done, *latest)

    try:
        with torch.no_grad():
            denoise_interval(
                interval,
                run.schedule,
                _denoiser(run, clip),
                noisy,
                clip.plate,
                clip.known,
                lambda level: run.noise(interval, level, clip.size),
                eta=run.settings.sampling.eta,
                noise_gain=run.settings.sampling.noise_gain,
                first_step=first_step,
                on_step=on_step,
                should_stop=run.should_stop,
            )
    except Cancelled:
        _checkpoint(run, interval.index, "denoise", done, *latest, force=True)
        raise
    return latest


def _result(run: Run, interval: Interval, x0_hat: Tensor) -> IntervalResult:
    weights = {k: copied(v) for k, v in run.learner.sampling_weights().items()}
    return IntervalResult(interval.index, weights, frames_last(x0_hat.cpu().numpy(), run.basis))


def run(
    shot: Shot,
    settings: Settings,
    *,
    state: State | None = None,
    on_progress: OnProgress = ignore_progress,
    should_stop: ShouldStop = never_stop,
    on_checkpoint: Callable[[State], None] = lambda _: None,
    on_loss: OnLoss = lambda *_: None,
    on_interval: Callable[[IntervalResult], None] = lambda _: None,
) -> np.ndarray:
    """Fill the hole of a shot by internal diffusion (paper, algorithm of section 4.2).

    Args:
        shot: Plate in model range with what is known of it.
        settings: Resolved settings.
        state: Where an interrupted run of the same shot and settings stood.
        on_progress: Told after every step where the work stands.
        should_stop: Polled between steps.
        on_checkpoint: Given the state at least once a minute, after every phase and before stopping.
        on_loss: Given interval, step and training loss.
        on_interval: Given each interval's model and x0_hat once it is denoised.

    Returns:
        The filled shot (F, H, W, 3) float32 in model range; known pixels are the plate's.

    Raises:
        Cancelled: ``should_stop`` returned true; the last state went to ``on_checkpoint``.
    """
    loop = _prepare(shot, settings, on_progress, should_stop, on_checkpoint, on_loss)
    first, phase, step = 0, "start", 0
    noisy, x0_hat = torch.empty(0), torch.empty(0)
    if state is not None:
        _restore_learner(loop, state)
        first, phase, step = state.interval, state.phase, state.step
        noisy, x0_hat = loop.tensor(state.tensors["noisy"]), loop.tensor(state.tensors["x0_hat"])
    for interval in loop.intervals[first:]:
        if phase == "done":
            break
        scaled = scaled_clip(loop.full_clip, interval.scale)
        clip = Clip(loop.tensor(scaled.plate), loop.tensor(scaled.known))
        if phase == "start" and (interval.index == 0 or loop.intervals[interval.index - 1].ends_stage):
            coarser = None if interval.index == 0 else x0_hat.cpu().numpy()
            noise = loop.noise(interval, loop.schedule.num_steps, clip.size)
            highest = loop.schedule.alpha_bar[interval.t_high]
            noisy, x0_hat = stage_start(coarser, clip, noise, highest, loop.tensor)
        if phase in ("start", "train"):
            _train(loop, interval, clip, noisy, x0_hat, step)
            step = 0
        noisy, x0_hat = _denoise(loop, interval, clip, noisy, x0_hat, step)
        on_interval(_result(loop, interval, x0_hat))
        last = interval is loop.intervals[-1]
        phase, step = "done" if last else "start", 0
        following = interval.index if last else interval.index + 1
        _checkpoint(loop, following, phase, step, noisy, x0_hat, force=True)
    return filled(shot, x0_hat.cpu().numpy(), loop.basis)
