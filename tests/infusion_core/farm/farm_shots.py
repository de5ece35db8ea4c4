"""Tiny shots on disk, a list of them, and the command line for a process."""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

FRAMES, HEIGHT, WIDTH, FIRST_FRAME = 4, 24, 24, 1001

TINY = """
[shot]
context = 8
[run]
device = "cpu"
threads = 1
precision = "float32"
[network]
kind = "paper"
channels = 4
levels = 1
[training]
window = 4
crop = 16
[[stages]]
scale = 0.5
t_low = 500
intervals = 1
training_steps = {steps}
sampling_steps = 2
[[stages]]
t_high = 600
intervals = 2
training_steps = {steps}
sampling_steps = 2
"""
INTERVALS = 3


def read_exr(path: str | Path) -> np.ndarray:
    return np.asarray(oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT))


def write_exr(path: Path, pixels: np.ndarray, channels: tuple[str, ...]) -> None:
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], oiio.HALF)
    spec.channelnames = channels
    buffer = oiio.ImageBuf(spec)
    buffer.set_pixels(spec.roi, np.ascontiguousarray(pixels, np.float32))
    assert buffer.write(str(path)), buffer.geterror()


@dataclass(frozen=True)
class TinyShot:
    """Paths of one shot."""

    name: str
    folder: Path

    @property
    def job(self) -> Path:
        return self.folder / "clean.infusion"

    def outputs(self) -> dict[int, Path]:
        return {int(path.name.split(".")[1]): path for path in sorted(self.folder.glob("clean.*.exr"))}

    def pixels(self) -> np.ndarray:
        return np.stack([read_exr(path) for path in self.outputs().values()])

    @property
    def entry(self) -> str:
        """Its lines in a shot list."""
        keys = {key: f"{self.name}/{file}.%04d.exr" for key, file in
                (("plate", "plate"), ("matte", "matte"), ("output", "clean"))}  # fmt: skip
        lines = [f'name = "{self.name}"', *(f'{key} = "{value}"' for key, value in keys.items())]
        return "\n".join(["[[shots]]", *lines])


def make_shot(root: Path, name: str, phase: float = 0.0) -> TinyShot:
    """Write a shot of drifting waves with a square hole that moves."""
    folder = root / name
    folder.mkdir()
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    for i in range(FRAMES):
        wave = 1.5 + np.sin(x / 3 + i + phase) + 0.4 * np.cos(y / 2 - i / 2)
        matte = np.zeros((HEIGHT, WIDTH, 1))
        matte[8:15, 6 + i : 13 + i] = 1.0
        plate = np.stack([wave, 0.5 * wave, 0.1 * wave], axis=-1)
        write_exr(folder / f"plate.{FIRST_FRAME + i}.exr", plate, ("R", "G", "B"))
        write_exr(folder / f"matte.{FIRST_FRAME + i}.exr", matte, ("A",))
    return TinyShot(name, folder)


@dataclass(frozen=True)
class ListOnDisk:
    """A shot list and its shots."""

    path: Path
    shots: tuple[TinyShot, ...]


def command_line(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "infusion_core.cli", *words]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", **more}


def wait_for_training(shot: TinyShot, steps: int, timeout_s: float = 150.0) -> None:
    """Wait until the shot's job has trained more than so many steps."""
    losses = shot.job / "losses.jsonl"
    until = time.monotonic() + timeout_s
    while not (losses.exists() and losses.read_text().count("\n") > steps):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)
