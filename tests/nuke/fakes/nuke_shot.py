"""A small shot for the stand-in host: a noisy plate with overscan, a square matte that moves."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fake_nuke.host import Host
from fake_nuke.picture import Picture, write_exr

FRAMES = range(1001, 1007)
DATA, DISPLAY = (-4, -2, 56, 44), (0, 0, 48, 40)
RGBA = ("rgba.red", "rgba.green", "rgba.blue", "rgba.alpha")
TINY = """
stages = [{"intervals": 2, "training_steps": 3, "sampling_steps": 2}]
network.channels = 8
network.levels = 1
training.window = 3
training.crop = 16
"""
ENDLESS = TINY.replace('"training_steps": 3', '"training_steps": 100000')


def noise(seed: int, channels: tuple[str, ...] = RGBA) -> Picture:
    """Bright grain with values above 1 and below 0, exact in half floats."""
    pixels = np.random.default_rng(seed).normal(0.8, 0.7, (DATA[3], DATA[2], len(channels)))
    return Picture(channels, pixels.astype(np.float16).astype(np.float32), DATA, DISPLAY)


def matte_picture(frame: int) -> Picture:
    """A square that moves, in alpha; data window as the plate's."""
    pixels = np.zeros((DATA[3], DATA[2], 4), np.float32)
    left = 14 + frame % 5
    pixels[12:24, left : left + 10, 3] = 1.0
    return Picture(RGBA, pixels, DATA, DISPLAY)


def write_clip(folder: Path, name: str, picture: Callable[[int], Picture], frames: range = FRAMES) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for frame in frames:
        write_exr(folder / f"{name}.{frame:04d}.exr", picture(frame), "16 bit half")
    return (folder / f"{name}.%04d.exr").as_posix()


def make_read(host: Host, file: str, frames: range = FRAMES) -> Any:
    read = host.nodes.Read(file=file, first=frames[0], last=frames[-1], raw=True)
    read["origfirst"].setValue(frames[0])
    read["origlast"].setValue(frames[-1])
    return read


def make_node(host: Host, plate: Any, matte: Any, settings: str = TINY) -> Any:
    """An Infusion node with tiny settings on ``plate`` and ``matte``."""
    from infusion_nuke import node

    group = node.create()
    group.setInput(0, plate)
    group.setInput(1, matte)
    group["python"].setValue(sys.executable)
    group["more_settings"].setValue(settings)
    group["run_device"].setValue("cpu")
    group["run_threads"].setValue(1)
    group["run_precision"].setValue("float32")
    return group


def pump_until(host: Host, done: Callable[[], bool], timeout_s: float = 150.0) -> None:
    """Run the host's main loop until ``done``."""
    end = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < end, "waited in vain"
        host.pump()
        time.sleep(0.02)
    host.pump()
