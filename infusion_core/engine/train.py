"""Training one interval's model on the shot (paper section 4.2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor, nn

from infusion_core.clip import Clip
from infusion_core.engine.examples import Examples, Source, choose_source, draw_examples, training_source
from infusion_core.engine.model import FactoredUNet, Network
from infusion_core.engine.muon import Muon
from infusion_core.intervals import Interval
from infusion_core.noise import with_held
from infusion_core.progress import ShouldStop, never_stop, raise_if_stopped
from infusion_core.schedule import Schedule
from infusion_core.settings import TrainingSettings

FINAL_RATE = 0.01
MAX_GRADIENT_NORM = 1.0


@dataclass
class Learner:
    """A network in training: its weights, their moving average and the optimiser's state."""

    network: Network
    average: dict[str, Tensor]
    optimiser: Muon | torch.optim.Adam

    def sampling_weights(self) -> dict[str, Tensor]:
        """The weights that the reverse diffusion uses: the moving average where there is one."""
        return self.average or dict(self.network.named_parameters())


def hidden_weights(network: Network) -> list[nn.Parameter]:
    """The kernels of all convolutions but the first and the last."""
    outer = ("head", "tail")
    return [
        weight
        for name, weight in network.named_parameters()
        if weight.ndim > 2 and not name.startswith(outer)
    ]


def make_learner(network: Network, settings: TrainingSettings) -> Learner:
    """A learner for ``network`` as it stands."""
    optimiser: Muon | torch.optim.Adam
    if settings.optimiser == "muon":
        optimiser = Muon(network.parameters(), hidden_weights(network), settings.learning_rate)
    else:
        optimiser = torch.optim.Adam(network.parameters(), settings.learning_rate)
    average = {}
    if settings.ema > 0:
        average = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    return Learner(network, average, optimiser)


def learning_rate(step: int, num_steps: int, settings: TrainingSettings) -> float:
    """Learning rate at ``step`` of ``num_steps``: constant, or linear warm-up and cosine decay."""
    if settings.decay == "constant":
        return settings.learning_rate
    warmup = settings.warmup * num_steps
    if step < warmup:
        return settings.learning_rate * (step + 1) / (warmup + 1)
    progress = (step - warmup) / max(1.0, num_steps - warmup)
    share = FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * progress))
    return settings.learning_rate * share


@dataclass(frozen=True)
class StepRandomness:
    """Randomness of one training step; depends on nothing that came before, so a resume repeats it.

    Attributes:
        choices: For what is small and chosen on the CPU: crops, holes, noise levels.
        noise: For what fills tensors, on their device.
    """

    choices: np.random.Generator
    noise: Generator


def step_randomness(seed: int, stream: int, step: int, device: torch.device) -> StepRandomness:
    """That of step ``step`` of a stream, which is an interval's index in a run."""
    choices, noise = np.random.SeedSequence([seed, stream, step]).spawn(2)
    state = int(noise.generate_state(1, np.uint64)[0] >> np.uint64(1))
    return StepRandomness(np.random.default_rng(choices), Generator(device).manual_seed(state))


def draw_noise_levels(interval: Interval, count: int, random: np.random.Generator) -> Tensor:
    """Noise levels to train on, (N,): uniform over those at which the sampler calls the network.

    Where it calls it at every level, as in the paper, t = 0 is trained as well.
    """
    times = interval.times
    if len(times) >= interval.t_high - interval.t_low:
        times = tuple(range(interval.t_low, interval.t_high + 1))
    return torch.from_numpy(random.choice(times, count))


def draw_noise(shape: Sequence[int], held_share: float, generator: Generator) -> Tensor:
    """Noise of examples, (N, C, F, H, W), on the generator's device; see ``noise.with_held``."""
    noise = torch.randn(shape, generator=generator, device=generator.device)
    if held_share == 0.0:
        return noise
    n, c, _, h, w = shape
    held = torch.randn((n, c, 1, h, w), generator=generator, device=generator.device)
    mixed: Tensor = with_held(noise, held, held_share)
    return mixed


def training_loss(
    network: Network, examples: Examples, t: Tensor, noise: Tensor, schedule: Schedule, loss: str
) -> Tensor:
    """Weighted mean squared error of x0_hat, divided by the variance that the network must explain."""
    alpha_bar = torch.as_tensor(schedule.alpha_bar[t.numpy()], dtype=torch.float32, device=noise.device)
    level = alpha_bar[:, None, None, None, None]
    noisy = level.sqrt() * examples.clean + (1 - level).sqrt() * noise
    x0_hat = network(
        noisy, examples.masked_plate, examples.hole, examples.mean, examples.share, t.to(noise.device)
    )
    error = (x0_hat.float() - examples.clean) ** 2 * examples.weight
    if isinstance(network, FactoredUNet):
        error = error / network.scales(t.to(noise.device))[2] ** 2
    voxels = examples.weight.numel() if loss == "known" else examples.weight.sum().clamp(min=1.0)
    return error.sum() / (3 * voxels)


def gradient_limit(settings: TrainingSettings) -> float:
    """Norm that a step's gradient is cut to; the paper does not cut it."""
    return math.inf if settings.decay == "constant" else MAX_GRADIENT_NORM


def update_average(learner: Learner, decay: float, step: int) -> None:
    """Move the average towards the weights, faster in an interval's first steps."""
    decay = min(decay, (step + 1) / (step + 10))
    weights = dict(learner.network.named_parameters())
    averages = [learner.average[name] for name in weights]
    with torch.no_grad():
        torch._foreach_lerp_(averages, list(weights.values()), 1.0 - decay)


def train_step(
    learner: Learner,
    sources: Sequence[Source],
    interval: Interval,
    schedule: Schedule,
    settings: TrainingSettings,
    *,
    seed: int,
    stream: int,
    step: int,
    num_steps: int,
    precision: torch.dtype = torch.float32,
) -> float:
    """Take step ``step`` of ``num_steps`` on one interval's noise levels; return its loss.

    Args:
        sources: What examples are cut from: the shot, then its views.
        stream: All randomness depends on ``seed``, ``stream`` and ``step`` alone.
        precision: Arithmetic of the network; the weights stay float32.
    """
    device, network = sources[0].clip.plate.device, learner.network
    random = step_randomness(seed, stream, step, device)
    source = choose_source(sources, random.choices)
    double_speed = settings.double_speed if interval.stage > 0 else 0.0
    examples = draw_examples(source, settings, network.multiple, random.choices, double_speed)
    t = draw_noise_levels(interval, settings.batch, random.choices)
    noise = draw_noise(examples.clean.shape, schedule.held_noise, random.noise)
    rate = learning_rate(step, num_steps, settings)
    return descend(learner, examples, t, noise, schedule, settings, rate=rate, step=step, precision=precision)


def descend(
    learner: Learner,
    examples: Examples,
    t: Tensor,
    noise: Tensor,
    schedule: Schedule,
    settings: TrainingSettings,
    *,
    rate: float,
    step: int,
    precision: torch.dtype = torch.float32,
) -> float:
    """Take one step down the loss of a batch of examples; return the loss before it.

    Args:
        t: Noise level of each example, (N,), on the CPU.
        noise: Standard normal, the examples' size.
        rate: The learning rate.
        step: How many steps the moving average has seen.
    """
    network = learner.network
    for group in learner.optimiser.param_groups:
        group["lr"] = rate
    with torch.autocast(noise.device.type, precision, enabled=precision != torch.float32):
        loss = training_loss(network, examples, t, noise, schedule, settings.loss)
    learner.optimiser.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(network.parameters(), gradient_limit(settings))
    value, length = torch.stack([loss.detach(), norm]).cpu().tolist()  # here alone a step waits for a GPU
    if math.isfinite(length):  # one overflow must not spoil the weights for good
        learner.optimiser.step()
        if learner.average:
            update_average(learner, settings.ema, step)
    return float(value)


def train_interval(
    learner: Learner,
    clip: Clip,
    fill: Tensor,
    interval: Interval,
    schedule: Schedule,
    settings: TrainingSettings,
    *,
    seed: int,
    views: Sequence[Source] = (),
    precision: torch.dtype = torch.float32,
    first_step: int = 0,
    on_step: Callable[[int, float], None],
    should_stop: ShouldStop = never_stop,
) -> None:
    """Train the learner on one interval's noise levels, from ``first_step`` on.

    Args:
        fill: Current guess of the hole's content, (1, 3, F, H, W).
        views: Views of the shot to learn from besides.
        precision: Arithmetic of the network; the weights stay float32.
        on_step: Called after each step with its index and its loss.

    Raises:
        Cancelled: ``should_stop`` returned true.
    """
    learner.network.train()
    sources = (training_source(clip, fill), *views)
    for step in range(first_step, interval.training_steps):
        raise_if_stopped(should_stop)
        loss = train_step(
            learner,
            sources,
            interval,
            schedule,
            settings,
            seed=seed,
            stream=interval.index,
            step=step,
            num_steps=interval.training_steps,
            precision=precision,
        )
        on_step(step, loss)
