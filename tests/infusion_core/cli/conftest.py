"""A small shot on disk, settings that train in a moment, and the command line as a real process."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from infusion_core.cli import main

FRAMES, HEIGHT, WIDTH, FIRST_FRAME = 5, 24, 32, 1001

TINY = """
preset = "paper"

[shot]
context = 8

[run]
device = "cpu"
threads = 1
precision = "float32"

[network]
kind = "paper"
channels = 6
levels = 1

[training]
learning_rate = 2e-3
window = 4
crop = 16

[[stages]]
scale = 1.0
intervals = 2
training_steps = {steps}
sampling_steps = 3
"""


@dataclass(frozen=True)
class ShotOnDisk:
    """Sequences of the fixture shot and a settings file for it."""

    folder: Path
    plate: str
    matte: str
    output: str
    config: Path

    @property
    def job(self) -> Path:
        return self.folder / "clean.infusion"

    @property
    def words(self) -> list[str]:
        """Arguments of ``infusion inpaint`` for this shot."""
        return ["inpaint", self.plate, self.matte, self.output, "--config", str(self.config)]

    def pixels(self, output: str | None = None) -> np.ndarray:
        """All channels of a written sequence, (F, H, W, C)."""
        pattern = output or self.output
        return np.stack([read_exr(pattern % (FIRST_FRAME + i)) for i in range(FRAMES)])


def read_exr(path: str) -> np.ndarray:
    return np.asarray(oiio.ImageBuf(path).get_pixels(oiio.FLOAT))


def write_exr(path: Path, pixels: np.ndarray, channels: tuple[str, ...]) -> None:
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], oiio.HALF)
    spec.channelnames = channels
    buffer = oiio.ImageBuf(spec)
    buffer.set_pixels(spec.roi, np.ascontiguousarray(pixels, np.float32))
    assert buffer.write(str(path)), buffer.geterror()


def make_shot(folder: Path, *, steps: int = 3) -> ShotOnDisk:
    """Write a shot of drifting waves, brighter than 1, with a square hole that moves."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    for i in range(FRAMES):
        wave = 1.5 + np.sin(x / 3 + i) + 0.4 * np.cos(y / 2 - i / 2)
        plate = np.stack([wave, 0.5 * wave, 0.1 * wave, np.full_like(wave, 7.0 + i)], axis=-1)
        matte = np.zeros((HEIGHT, WIDTH, 1))
        matte[8:16, 10 + i : 18 + i] = 1.0
        write_exr(folder / f"plate.{FIRST_FRAME + i}.exr", plate, ("R", "G", "B", "Z"))
        write_exr(folder / f"matte.{FIRST_FRAME + i}.exr", matte, ("A",))
    config = folder / "tiny.toml"
    config.write_text(TINY.format(steps=steps))
    names = (str(folder / f"{name}.%04d.exr") for name in ("plate", "matte", "clean"))
    return ShotOnDisk(folder, *names, config)


@pytest.fixture
def shot(tmp_path: Path) -> ShotOnDisk:
    """The small shot, trained in three steps an interval."""
    return make_shot(tmp_path)


@pytest.fixture
def longer_shot(tmp_path: Path) -> ShotOnDisk:
    """The small shot, trained for long enough to be interrupted."""
    return make_shot(tmp_path, steps=100)


def command_line(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "infusion_core.cli", *words]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


Infusion = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def infusion() -> Infusion:
    """Run ``infusion`` as a process, to its end."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command_line(*words), capture_output=True, text=True, env=environment(), timeout=200, check=False
        )

    return run


@pytest.fixture
def infusion_without_torch() -> Infusion:
    """Run ``infusion`` as a process in which PyTorch cannot be imported."""
    code = (
        "import sys; sys.modules['torch'] = None;"
        "from infusion_core.cli import main; sys.exit(main(sys.argv[1:]))"
    )

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-c", code, *words]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment(), timeout=200, check=False
        )

    return run


@pytest.fixture
def infusion_signalled() -> Infusion:
    """Run ``infusion`` as a process and send it a signal once ``reached()`` is true."""

    def run(
        words: list[str], reached: Callable[[], bool], signal_number: int
    ) -> subprocess.CompletedProcess[str]:
        process = subprocess.Popen(
            command_line(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        deadline = time.monotonic() + 200
        while not reached() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process.poll() is None, process.communicate()
        process.send_signal(signal_number)
        sent = time.monotonic()
        out, err = process.communicate(timeout=200)
        assert time.monotonic() - sent < 30
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    return run


@pytest.fixture
def infusion_here(capsys: pytest.CaptureFixture[str]) -> Infusion:
    """Run ``infusion`` in this process: quicker, for what ends before training."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        status = main(list(words))
        captured = capsys.readouterr()
        return subprocess.CompletedProcess(words, status, captured.out, captured.err)

    return run
