"""Train the warm start: ``python -m infusion_core.engine.prior_training [OUT]``.

One network of the preset ``standard`` learns all noise levels on procedural clips that are made as it goes.
It takes about an hour of one CPU core and prints its loss; the same seed makes the same textures.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator

from infusion_core.array_files import save_arrays
from infusion_core.clip import all_unknown_filled
from infusion_core.engine.examples import Source, draw_from_each, training_source
from infusion_core.engine.model import make_network
from infusion_core.engine.train import Learner, descend, learning_rate, make_learner, step_randomness
from infusion_core.engine.work import store_channels_last
from infusion_core.intervals import sampling_times
from infusion_core.prior.textures import procedural_clip
from infusion_core.prior.weights import prior_file
from infusion_core.schedule import make_schedule
from infusion_core.settings import Settings, load_preset

STEPS = 12_000
CLIPS = 100  # learned from at any time
STEPS_TO_A_NEW_CLIP = 4
FRAMES, SMALLEST, LARGEST = 24, 32, 52
LOWEST_LEVEL, LEVELS = 3, 200
REPORT = 200


def procedural_source(generator: Generator) -> Source:
    """A random procedural clip to draw examples from."""
    rows, columns = (int(side) for side in generator.integers(SMALLEST, LARGEST, 2))
    plate = torch.from_numpy(procedural_clip(generator, (FRAMES, rows, columns)))[None]
    return training_source(all_unknown_filled(plate, torch.ones_like(plate[:, :1])), torch.zeros_like(plate))


def train_prior(settings: Settings, steps: int, precision: torch.dtype) -> Learner:
    """A network trained for ``steps`` on procedural clips, over all noise levels alike in log-SNR."""
    training, schedule = settings.training, make_schedule(settings.diffusion)
    levels = sampling_times(settings.diffusion.num_steps - 1, LOWEST_LEVEL, LEVELS, schedule)
    torch.manual_seed(settings.run.seed)
    network = make_network(settings.network, schedule)
    store_channels_last(network)
    learner = make_learner(network, training)
    losses: list[float] = []
    for step, sources in zip(range(steps), _batches(settings.run.seed, training.batch), strict=False):
        random = step_randomness(settings.run.seed, 0, step, torch.device("cpu"))
        examples = draw_from_each(sources, training, network.multiple, random.choices)
        t = torch.from_numpy(random.choices.choice(levels, training.batch))
        noise = torch.randn(examples.clean.shape, generator=random.noise)
        rate = learning_rate(step, steps, training)
        loss = descend(
            learner, examples, t, noise, schedule, training, rate=rate, step=step, precision=precision
        )
        losses.append(loss)
        if (step + 1) % REPORT == 0:
            print(f"step {step + 1} of {steps}: loss {np.mean(losses[-REPORT:]):.4f}", flush=True)
    return learner


def _batches(seed: int, size: int) -> Iterator[list[Source]]:
    """Clips for one step after the other, from a pool in which one is replaced now and then."""
    chooser = np.random.default_rng(seed)
    pool = [procedural_source(chooser) for _ in range(CLIPS)]
    for step in itertools.count():
        if step % STEPS_TO_A_NEW_CLIP == 0:
            pool[chooser.integers(CLIPS)] = procedural_source(chooser)
        yield [pool[i] for i in chooser.integers(CLIPS, size=size)]


def save_prior(learner: Learner, out: Path) -> None:
    """Write what sampling would use, in half precision: a start needs no more."""
    weights = learner.sampling_weights()
    save_arrays(out, {name: weight.detach().numpy().astype(np.float16) for name, weight in weights.items()})


def main() -> None:
    settings = load_preset("standard")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=Path(str(prior_file(settings.network))))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    save_prior(train_prior(settings, options.steps, torch.bfloat16), options.out)


if __name__ == "__main__":
    main()
