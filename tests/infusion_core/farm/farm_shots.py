"""Tiny shots on disk, a list of them, and the command line for a process."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from infusion_core.job.losses import read_losses

FRAMES, HEIGHT, WIDTH, FIRST_FRAME = 4, 24, 24, 1001

TINY = """
[shot]
context = 8
follow_camera = false
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
    """Paths of one shot; its list says ``frames`` where only some of the plate's are filled."""

    name: str
    folder: Path
    plate: str
    matte: str
    frames: str = ""

    @property
    def job(self) -> Path:
        return self.folder / "clean.infusion"

    @property
    def output(self) -> str:
        return str(self.folder / "clean.%04d.exr")

    def outputs(self) -> dict[int, Path]:
        return {int(path.name.split(".")[1]): path for path in sorted(self.folder.glob("clean.*.exr"))}

    def pixels(self) -> np.ndarray:
        return np.stack([read_exr(path) for path in self.outputs().values()])

    def forget(self) -> None:
        """Remove the job and what it has made."""
        shutil.rmtree(self.job)
        for path in self.outputs().values():
            path.unlink()

    @property
    def entry(self) -> str:
        """Its lines in a shot list."""
        keys = {key: getattr(self, key) for key in ("name", "plate", "matte", "output", "frames")}
        return "\n".join(["[[shots]]", *(f'{key} = "{value}"' for key, value in keys.items() if value)])


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
    return TinyShot(name, folder, *(str(folder / f"{part}.%04d.exr") for part in ("plate", "matte")))


def real_shot(root: Path, clips: Path) -> TinyShot:
    """Six frames of real foliage, 160 x 120, with a hole that moves; the files are used as they are."""
    folder = root / "trees"
    folder.mkdir()
    clip = clips / "waving_trees"
    return TinyShot("trees", folder, f"{clip}/frames/%05d.png", f"{clip}/mask_moving/%05d.png", "20-25")


@dataclass(frozen=True)
class ListOnDisk:
    """A shot list and its shots."""

    path: Path
    shots: tuple[TinyShot, ...]


def write_list(folder: Path, shots: Sequence[TinyShot], steps: int, mode: str = "sequential") -> ListOnDisk:
    """Write a list of shots; training takes ``steps`` steps an interval."""
    (folder / "tiny.toml").write_text(TINY.format(steps=steps))
    path = folder / "shots.toml"
    entries = "\n".join(shot.entry for shot in shots)
    defaults = f'config = "tiny.toml"\nset = "training.mode={mode}"'
    path.write_text(f"[defaults]\n{defaults}\n{entries}\n")
    return ListOnDisk(path, tuple(shots))


def command_line(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "infusion_core.cli", *words]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", **more}


def wait_for(condition: Callable[[], bool], timeout_s: float = 150.0) -> None:
    """Wait until a condition holds."""
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def wait_for_training(shot: TinyShot, steps: int) -> None:
    """Wait until the shot's job has trained more than so many steps."""
    wait_for(lambda: len(read_losses(shot.job / "losses.jsonl")) > steps)
