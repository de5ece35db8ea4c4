"""How long the trunk of parallel mode should be: ``python -m benchmarks.trunk``.

Trains models of all intervals in sequential mode and from trunks of several lengths, and measures each model
by itself: the truth is noised in the real hole and predicted, as in ``benchmarks.levers``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from benchmarks.clips import DEFAULT_FOLDER, BenchClip, load_clip
from benchmarks.levers import error_in_hole
from benchmarks.scaled_truth import scaled_truth
from infusion_core import resolve
from infusion_core.arrays import shot_from_arrays
from infusion_core.engine.learner_state import start_from
from infusion_core.engine.parallel import train_expert, train_trunk
from infusion_core.engine.run import run
from infusion_core.engine.work import begin, new_learner
from infusion_core.settings import Settings

Weights = Mapping[str, np.ndarray]
ROWS = ((0, 40), (40, 36), (200, 20), (120, 40), (200, 40), (80, 80))  # trunk, each interval


def mean_error(clip: BenchClip, settings: Settings, models: list[Weights]) -> float:
    """Error in the real hole over all intervals, each with its own model."""
    work = begin(shot_from_arrays(clip.plate, clip.hole, settings, "display"), settings)
    learner, errors = new_learner(work), []
    for interval, weights in zip(work.intervals, models, strict=True):
        known, truth = work.clip(interval), torch.from_numpy(scaled_truth(clip, work, interval.scale))
        start_from(learner, weights)
        errors += [error_in_hole(learner, known, truth, t, work.schedule) for t in interval.times[::3]]
    return float(np.mean(errors))


def in_turn(clip: BenchClip, settings: Settings) -> list[Weights]:
    """The models of sequential mode."""
    models: list[Weights] = []
    shot = shot_from_arrays(clip.plate, clip.hole, settings, "display")
    run(shot, settings, on_interval=lambda result: models.append(result.weights))
    return models


def side_by_side(clip: BenchClip, settings: Settings, count: int) -> tuple[list[Weights], list[Weights]]:
    """The trunk in place of every model, and the experts."""
    shot = shot_from_arrays(clip.plate, clip.hole, settings, "display")
    trunk = train_trunk(shot, settings)
    return [trunk.weights] * count, [train_expert(shot, settings, k, trunk) for k in range(count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--clip", default="fire_pot")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--frames", type=int, default=16)
    options = parser.parse_args()
    torch.set_num_threads(1)
    clip = load_clip(options.clips, options.clip, "static", options.width, options.frames)
    print("| trunk | each of 10 intervals | all steps | one after the other | trunk alone | experts |")
    print("|--:|--:|--:|--:|--:|--:|")
    for trunk, steps in ROWS:
        each = ["training.batch=2", f"stages.training_steps={steps}", "training.restart=false"]
        common = ["run.device=cpu", "run.threads=1", *each]
        if not trunk:
            settings = resolve("standard", assignments=common)
            error = mean_error(clip, settings, in_turn(clip, settings))
            print(f"| sequential | {steps} | {10 * steps} | {10 * steps} | – | {error:.3f} |", flush=True)
            continue
        settings = resolve(
            "standard", assignments=[*common, "training.mode=parallel", f"training.trunk_steps={trunk}"]
        )
        alone, experts = (mean_error(clip, settings, m) for m in side_by_side(clip, settings, 10))
        line = f"| {trunk} | {steps} | {trunk + 10 * steps} | {trunk + steps} | {alone:.3f} | {experts:.3f} |"
        print(line, flush=True)


if __name__ == "__main__":
    main()
