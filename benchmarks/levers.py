"""Measure one training lever at a time: ``python -m benchmarks.levers``.

One interval is trained for a few steps, none before it, with each lever changed alone. Printed are the loss
at the end of training and the error in the real hole: the truth is noised there, the network predicts it, and
its error is divided by the variance of what it had to explain (0 perfect, 1 nothing learned). Networks
differ by several per cent: train two or more of each. A lower error is no better fill by itself; whole runs
decide (docs/experiments.md).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.clips import DEFAULT_FOLDER, BenchClip, load_clip
from benchmarks.scaled_truth import scaled_truth
from infusion_core import load_preset
from infusion_core.arrays import shot_from_arrays
from infusion_core.clip import Clip
from infusion_core.denoisers import make_denoiser
from infusion_core.engine.train import Learner, draw_noise, train_interval
from infusion_core.engine.work import begin, new_learner
from infusion_core.intervals import Interval, sampling_times
from infusion_core.sample import add_noise
from infusion_core.schedule import Schedule
from infusion_core.settings import Settings, apply_assignments
from infusion_core.tiles import cut

LEVERS: dict[str, list[str]] = {
    "standard": [],
    "random weights": ["training.prior=false"],
    "Adam at 2e-3 instead of Muon": ["training.optimiser=adam", "training.learning_rate=0.002"],
    "Muon at 0.01": ["training.learning_rate=0.01"],
    "Muon at 0.04": ["training.learning_rate=0.04"],
    "RGB instead of the shot's colours": ["network.basis=rgb"],
    "wider where coarser (growth 2)": ["network.growth=2.0"],
    "blobs only as training holes": ["training.holes=blobs"],
    "loss over all known pixels": ["training.loss=known"],
    "no views": ["training.views=0"],
    "half the views": ["training.views=12"],
    "batch of 8": ["training.batch=8"],
    "one crop of 64 instead of four of 32": ["training.batch=1", "training.crop=64"],
    "whole shot as window": ["training.window=1000", "training.batch=1"],
}


def error_in_hole(learner: Learner, clip: Clip, truth: Tensor, t: int, schedule: Schedule) -> float:
    """Mean squared error of x0_hat in the real hole over the variance to explain, at noise level t."""
    weights, network = learner.sampling_weights(), learner.network.eval()

    def call(*inputs: torch.Tensor | int) -> torch.Tensor:
        *clips, level = inputs
        return torch.func.functional_call(network, weights, (*clips, torch.tensor([level])))

    whole = cut(np.ones(clip.size, bool), (0, 0), network.multiple, np.inf)
    denoise = make_denoiser(call, clip, network.multiple, whole, moving_grid=False, zeros=torch.zeros)
    noise = draw_noise(truth.shape, schedule.held_noise, torch.Generator().manual_seed(0))
    alpha_bar = float(schedule.alpha_bar[t])
    with torch.no_grad():
        x0_hat = denoise(add_noise(truth, noise, alpha_bar), t)
    hole = (1 - clip.known).expand_as(x0_hat) > 0
    snr = alpha_bar / (1 - alpha_bar)
    return float(((x0_hat - truth) ** 2)[hole].mean()) * (snr + 4.0)  # 1/c_out^2, data deviation 0.5


def measure(
    clip: BenchClip, settings: Settings, scale: float, t_high: int, t_low: int, steps: int
) -> tuple[float, float]:
    """Loss at the end of training, and error in the real hole, of one network."""
    work = begin(shot_from_arrays(clip.plate, clip.hole, settings, "display"), settings)
    times = sampling_times(t_high, t_low - 1, 6, work.schedule)
    interval = Interval(0, 0, scale, t_high, t_low, steps, times, -1)
    learner, known = new_learner(work), work.clip(interval)
    losses: list[float] = []
    train_interval(
        learner,
        known,
        torch.zeros_like(known.plate),
        interval,
        work.schedule,
        settings.training,
        seed=settings.run.seed,
        views=work.views(interval),
        precision=work.precision,
        on_step=lambda _, loss: losses.append(loss),
    )
    truth = torch.from_numpy(scaled_truth(clip, work, scale))
    errors = [error_in_hole(learner, known, truth, t, work.schedule) for t in times[::2]]
    return float(np.mean(losses[-steps // 5 :])), float(np.mean(errors))


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
    parser.add_argument("--networks", type=int, default=1, help="networks trained with each lever")
    parser.add_argument("--only", nargs="*", default=list(LEVERS), choices=list(LEVERS), metavar="LEVER")
    options = parser.parse_args()
    clip = load_clip(options.clips, options.clip, options.hole, width=options.width, frames=options.frames)
    print("| lever | loss in training | error in the hole | from | to | CPU s |\n|---|--:|--:|--:|--:|--:|")
    for name in options.only:
        start = time.process_time()
        results = []
        for seed in range(options.networks):
            settings = apply_assignments(load_preset("standard"), [*LEVERS[name], f"run.seed={seed}"])
            results.append(
                measure(clip, settings, options.scale, options.t_high, options.t_low, options.steps)
            )
        losses, errors = np.array(results).T
        values = losses.mean(), errors.mean(), errors.min(), errors.max()
        seconds = time.process_time() - start
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
