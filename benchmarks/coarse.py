"""Measure levers on the coarsest stage alone: ``python -m benchmarks.coarse``.

What is laid out wrongly at the coarsest scale stays wrong, and its stage takes a minute. Each lever trains
and denoises that stage; the fill is measured there against the truth at that scale.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.clips import DEFAULT_FOLDER, BenchClip, load_clip
from benchmarks.scaled_truth import scaled_truth
from infusion_core import load_preset
from infusion_core.arrays import shot_from_arrays
from infusion_core.clip import Clip, frames_last
from infusion_core.engine.checkpoint import State
from infusion_core.engine.phases import UNWATCHED, denoise, nothing_filled, open_bench, start_stage, train
from infusion_core.engine.work import Work, begin, learner_after, new_learner
from infusion_core.meter import sequential_parts
from infusion_core.metrics import measure
from infusion_core.settings import Settings, apply_assignments

LEVERS: dict[str, list[str]] = {
    "standard": [],
    "random weights": ["training.prior=false"],
    "warm start of the first interval alone": ["training.restart=false"],
    "no views": ["training.views=0"],
    "no views, 500 steps": ["training.views=0", "stages.0.training_steps=500"],
    "no views, 125 steps": ["training.views=0", "stages.0.training_steps=125"],
    "no views, two levels": ["training.views=0", "network.levels=2"],
    "blobs only as training holes": ["training.holes=blobs"],
    "eta 0.5, no gain": ["sampling.eta=0.5", "sampling.noise_gain=1.0"],
}
SHOTS = (("fire_pot", "static"), ("waving_trees", "static"), ("flag", "static"))
COLUMNS = ("score", "psnr_db", "sharpness_ratio", "dynamics_ratio", "spectrum_db", "sliced_wasserstein")


def first_stage(clip: BenchClip, settings: Settings) -> tuple[Work, torch.Tensor, Clip]:
    """Run the first stage on a clip; its x0_hat and the clip at its scale."""
    shot = shot_from_arrays(clip.plate, clip.hole, settings, "display")
    work = begin(shot, settings)
    learner = new_learner(work)
    bench = open_bench(work, UNWATCHED, sequential_parts(work.shot.extent, work.settings))
    fill = nothing_filled()
    scaled = work.clip(work.intervals[0])
    for interval in (one for one in work.intervals if one.stage == 0):
        if work.starts_stage(interval):
            fill = start_stage(work, interval, scaled, fill)
        learner = learner_after(work, learner)
        part = 2 * interval.index
        train(bench, part, learner, interval, scaled, fill.x0_hat, 0, _no_state)
        weights = learner.sampling_weights()
        fill = denoise(bench, part + 1, learner.network, weights, interval, scaled, fill, 0, _no_state)
    return work, fill.x0_hat, scaled


def _no_state(*_: object) -> State:
    """What is kept at a checkpoint: nothing, for nothing stops these runs."""
    return State(0, "start", 0, {})


def measured(clip: BenchClip, settings: Settings) -> dict[str, float | None]:
    """Metrics of the first stage's fill against the truth at its scale."""
    work, x0_hat, scaled = first_stage(clip, settings)
    truth = scaled_truth(clip, work, work.intervals[0].scale)
    filled, right = (
        np.clip(work.shot.colour.decode(frames_last(plate, work.basis)), 0, 1).astype(np.float32)
        for plate in (x0_hat.numpy(), truth)
    )
    hole = scaled.known[0, 0].numpy() == 0
    filled = np.where(hole[..., None], filled, right)
    return measure(filled, right, hole, np.random.default_rng(0), copying=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--frames", type=int, default=36)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=list(LEVERS), choices=list(LEVERS), metavar="LEVER")
    options = parser.parse_args()
    print(f"| lever | shot | {' | '.join(COLUMNS)} | CPU s |\n|---|---|{'--:|' * (len(COLUMNS) + 1)}")
    for name in options.only:
        fixed = [f"run.threads={options.threads}", "sampling.precision=training", "sampling.layouts=1"]
        settings = apply_assignments(load_preset("standard"), [*fixed, *LEVERS[name]])
        for folder, hole in SHOTS:
            clip = load_clip(options.clips, folder, hole, options.width, options.frames)
            start = time.process_time()
            metrics = measured(clip, settings)
            values = " | ".join("" if metrics[key] is None else f"{metrics[key]:.2f}" for key in COLUMNS)
            seconds = time.process_time() - start
            print(f"| {name} | {folder} {hole} | {values} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
