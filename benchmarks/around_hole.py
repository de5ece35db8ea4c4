"""What it saves to look at the hole and not at the region alone: ``python -m benchmarks.around_hole``.

The first table counts operations of ``standard`` for made holes in large plates: with the stages that the
size of the region alone asks for and every call on all of it, and as it is (``octaves.py``, ``tiles.py``).
The second denoises one made clip whole and around its hole, on the CPU, and compares what is in the hole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click
import numpy as np
import torch

from infusion_core import load_preset
from infusion_core.box import Box
from infusion_core.clip import all_unknown_filled
from infusion_core.denoisers import make_denoiser
from infusion_core.engine.model import make_network
from infusion_core.estimate import estimate
from infusion_core.extent import Extent, extent_of
from infusion_core.matte import bounding_box
from infusion_core.network_size import reach
from infusion_core.octaves import with_octaves
from infusion_core.region import find_region
from infusion_core.schedule import make_schedule
from infusion_core.settings import Settings, override
from infusion_core.tiles import BLOCK, cut

FRAMES, HEIGHT, WIDTH = 100, 1080, 1920
MEMORY_GIB = 1000.0  # no more parts than pay


def _frames() -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    for frame in range(FRAMES):
        yield frame, np.zeros((HEIGHT, WIDTH), bool), y, x


def _standing() -> Iterator[np.ndarray]:
    for _, hole, y, x in _frames():
        yield hole | ((abs(y - 500) < 100) & (abs(x - 900) < 100))


def _walking() -> Iterator[np.ndarray]:
    for frame, hole, y, x in _frames():
        yield hole | (((y - 600) / 120) ** 2 + ((x - 300 - 12 * frame) / 40) ** 2 < 1)


def _wire() -> Iterator[np.ndarray]:
    for frame, hole, y, x in _frames():
        middle = 900 + 40 * np.sin(frame / 15) + 0.2 * y
        yield hole | ((abs(x - middle) < 6) & (y < 700))


def _fire() -> Iterator[np.ndarray]:
    for _, hole, y, x in _frames():
        yield hole | ((abs(y - 600) < 250) & (abs(x - 1000) < 350))


HOLES: dict[str, Callable[[], Iterator[np.ndarray]]] = {
    "200×200, standing": _standing,
    "80×240, walking 1200 pixels": _walking,
    "a wire 12 thick, 700 long": _wire,
    "700×500, standing": _fire,
}


@dataclass(frozen=True)
class Cost:
    """Stages, and operations of training and sampling."""

    stages: int
    training: float
    sampling: float


def _cost(extent: Extent, settings: Settings) -> Cost:
    settings = with_octaves(settings, extent)
    expected = estimate(extent, settings)
    return Cost(len(settings.stages), expected.training_flops, expected.sampling_flops)


def costs(hole: Iterator[np.ndarray]) -> tuple[tuple[int, int, int], Cost, Cost]:
    """The region of a hole, and what it costs to go by the region alone and by the hole."""
    settings = override(load_preset("standard"), {"run": {"memory": MEMORY_GIB}})
    frames = np.stack(list(hole))
    box = find_region(map(bounding_box, frames), Box(0, 0, WIDTH, HEIGHT), -1)
    inside = frames[(slice(None), *box.slices_in(Box(0, 0, WIDTH, HEIGHT)))]
    extent = extent_of(inside)
    everywhere = Extent(extent.size, min(extent.size[1:]), np.ones_like(extent.occupied))
    return extent.size, _cost(everywhere, settings), _cost(extent, settings)


def compare(size: tuple[int, int, int], side: int) -> tuple[float, float, float]:
    """Seconds of a call whole and around a hole in the middle, and the largest difference in the hole."""
    settings = load_preset("standard")
    torch.manual_seed(0)
    network = make_network(settings.network, make_schedule(settings.diffusion)).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.normal_(0, 1 / max(1, weight[0].numel()) ** 0.5)
    hole = np.zeros(size, bool)
    top, left = ((whole - side) // 2 for whole in size[1:])
    hole[:, top : top + side, left : left + side] = True
    known = torch.from_numpy((~hole)[None, None].astype(np.float32))
    clip = all_unknown_filled(torch.rand(1, 3, *size) * known, known)
    noisy, took, made = torch.randn(1, 3, *size), [], []
    for needed in (np.ones(size, bool), hole):
        tiles = cut(needed, reach(settings.network), BLOCK, np.inf)
        denoise = make_denoiser(
            lambda *inputs: network(*inputs[:-1], torch.tensor([inputs[-1]])),
            clip,
            network.multiple,
            tiles,
            moving_grid=True,
            zeros=torch.zeros,
        )
        start = time.perf_counter()
        with torch.no_grad():
            made.append(denoise(noisy, 300))
        took.append(time.perf_counter() - start)
    difference = (made[1] - made[0]).abs()[torch.from_numpy(np.broadcast_to(hole, made[0].shape).copy())]
    return took[0], took[1], float(difference.max())


@click.command()
def main() -> None:
    """Print both tables."""
    click.echo("| hole in 1920×1080, 100 frames | region | stages | TFLOP training | TFLOP sampling |")
    click.echo("|---|---|--:|--:|--:|")
    for name, hole in HOLES.items():
        (_, rows, columns), before, now = costs(hole())
        click.echo(
            f"| {name} | {columns}×{rows} | {before.stages} → {now.stages} "
            f"| {before.training / 1e12:.0f} → {now.training / 1e12:.0f} "
            f"| {before.sampling / 1e12:.0f} → {now.sampling / 1e12:.0f} |"
        )
    (frames, rows, columns), side = (24, 300, 300), 100
    whole, around, difference = compare((frames, rows, columns), side)
    click.echo(f"\nOne call on {columns}×{rows}, {frames} frames, with a hole of {side}×{side}:")
    click.echo(f"whole {whole:.2f} s, around the hole {around:.2f} s, {whole / around:.1f} times as fast;")
    click.echo(f"largest difference in the hole {difference:.1e}.")


if __name__ == "__main__":
    main()
