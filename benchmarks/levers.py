"""Measure one training lever at a time: ``python -m benchmarks.levers``.

One interval is trained for a few steps from scratch with each lever changed alone. Printed are the loss at
the end of training and, what counts, the error in the real hole: the truth is noised there, the network
predicts it, and its error is divided by the variance of what it had to explain (0 perfect, 1 nothing
learned). The levers run one after the other in one process, on the same noise.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.clips import DEFAULT_FOLDER, BenchClip, load_clip
from infusion_core import load_preset
from infusion_core.arrays import shot_from_arrays
from infusion_core.basis import shot_basis
from infusion_core.clip import Clip, clip_from_shot, scaled_clip
from infusion_core.denoisers import make_denoiser
from infusion_core.engine.device import choose_precision, set_threads
from infusion_core.engine.model import make_network
from infusion_core.engine.train import Learner, make_learner, train_interval
from infusion_core.engine.work import store_channels_last
from infusion_core.intervals import Interval, sampling_times
from infusion_core.sample import add_noise
from infusion_core.schedule import Schedule, make_schedule
from infusion_core.settings import Settings, apply_assignments

LEVERS: dict[str, list[str]] = {
    "standard": [],
    "Adam at 2e-3 instead of Muon": ["training.optimiser=adam", "training.learning_rate=0.002"],
    "Muon at 0.01": ["training.learning_rate=0.01"],
    "Muon at 0.04": ["training.learning_rate=0.04"],
    "RGB instead of the shot's colours": ["network.basis=rgb"],
    "wider where coarser (growth 2)": ["network.growth=2.0"],
    "blobs only as training holes": ["training.holes=blobs"],
    "loss over all known pixels": ["training.loss=known"],
    "one crop of 64 instead of four of 32": ["training.batch=1", "training.crop=64"],
    "whole shot as window": ["training.window=1000", "training.batch=1"],
}


def scaled_clips(clip: BenchClip, settings: Settings, scale: float) -> tuple[Clip, Clip]:
    """What is known of the shot and the whole truth, at one scale, in the shot's colours."""
    shot = shot_from_arrays(clip.truth, clip.hole, settings, "display")
    basis = shot_basis(shot, settings)
    box = shot.box
    truth = shot.colour.encode(clip.truth[:, box.y0 : box.y1, box.x0 : box.x1])
    values = np.ascontiguousarray(basis.encode(truth).transpose(3, 0, 1, 2)[None])
    known, whole = (
        scaled_clip(full, scale)
        for full in (clip_from_shot(shot, basis), Clip(values, np.ones_like(values[:, :1])))
    )
    tensors = [Clip(torch.from_numpy(c.plate), torch.from_numpy(c.known)) for c in (known, whole)]
    return tensors[0], tensors[1]


def error_in_hole(learner: Learner, clip: Clip, truth: Clip, t: int, schedule: Schedule) -> float:
    """Mean squared error of x0_hat in the real hole over the variance to explain, at noise level t."""
    weights, network = learner.sampling_weights(), learner.network.eval()

    def call(*inputs: torch.Tensor | int) -> torch.Tensor:
        *clips, level = inputs
        return torch.func.functional_call(network, weights, (*clips, torch.tensor([level])))

    denoise = make_denoiser(
        call, clip, network.multiple, window=0, tile=0, moving_grid=False, as_array=torch.from_numpy
    )
    noise = torch.randn(truth.plate.shape, generator=torch.Generator().manual_seed(0))
    alpha_bar = float(schedule.alpha_bar[t])
    with torch.no_grad():
        x0_hat = denoise(add_noise(truth.plate, noise, alpha_bar), t)
    hole = (1 - clip.known).expand_as(x0_hat) > 0
    snr = alpha_bar / (1 - alpha_bar)
    return float(((x0_hat - truth.plate) ** 2)[hole].mean()) * (snr + 4.0)  # 1/c_out^2, data deviation 0.5


def measure(
    clip: BenchClip, settings: Settings, scale: float, t_high: int, t_low: int, steps: int
) -> tuple[float, float, float]:
    """Loss at the end of training, error in the real hole, and seconds of training."""
    set_threads(settings.run.threads)
    schedule = make_schedule(settings.diffusion)
    known, truth = scaled_clips(clip, settings, scale)
    torch.manual_seed(0)
    network = make_network(settings.network, schedule)
    store_channels_last(network)
    learner = make_learner(network, settings.training)
    times = sampling_times(t_high, t_low - 1, 6, schedule)
    interval = Interval(0, 0, scale, t_high, t_low, steps, times, -1)
    losses: list[float] = []
    start = time.monotonic()
    train_interval(
        learner,
        known,
        torch.zeros_like(known.plate),
        interval,
        schedule,
        settings.training,
        seed=0,
        precision=choose_precision(settings.run, torch.device("cpu"), settings.training.window),
        on_step=lambda _, loss: losses.append(loss),
    )
    seconds = time.monotonic() - start
    errors = [error_in_hole(learner, known, truth, t, schedule) for t in times[::2]]
    return float(np.mean(losses[-steps // 5 :])), float(np.mean(errors)), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--clip", default="fire_pot")
    parser.add_argument("--hole", default="static", choices=("static", "moving"))
    parser.add_argument("--width", type=int, default=112)
    parser.add_argument("--frames", type=int, default=36)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--t-high", type=int, default=200)
    parser.add_argument("--t-low", type=int, default=60)
    parser.add_argument("--steps", type=int, default=150)
    options = parser.parse_args()
    clip = load_clip(options.clips, options.clip, options.hole, width=options.width, frames=options.frames)
    print("| lever | loss in training | error in the hole | seconds |\n|---|--:|--:|--:|")
    for name, assignments in LEVERS.items():
        settings = apply_assignments(load_preset("standard"), assignments)
        loss, error, seconds = measure(
            clip, settings, options.scale, options.t_high, options.t_low, options.steps
        )
        print(f"| {name} | {loss:.3f} | {error:.3f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
