"""A small shot for the stand-in composition: an opaque noisy plate and a square matte."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from infusion_plugin import lock

FRAMES = range(1001, 1007)
SIZE = 24
TINY = """
stages = [{"intervals": 2, "training_steps": 3, "sampling_steps": 2}]
network.channels = 8
network.levels = 1
training.window = 3
training.crop = 16
run.device = cpu
run.threads = 1
"""
LONGER = TINY.replace('"training_steps": 3', '"training_steps": 150')
ENDLESS = TINY.replace('"training_steps": 3', '"training_steps": 100000')


def plate_at(frame: int) -> np.ndarray:
    """Bright grain with values above 1 and below 0, opaque."""
    pixels = np.random.default_rng(frame).normal(0.8, 0.7, (SIZE, SIZE, 4)).astype(np.float32)
    pixels[..., 3] = 1.0
    return pixels


def matte_at(frame: int) -> np.ndarray:
    """A square in alpha."""
    pixels = np.zeros((SIZE, SIZE, 4), np.float32)
    pixels[8:16, 9:17, 3] = 1.0
    return pixels


HOLE = matte_at(0)[..., 3] > 0


def answers(**given: Any) -> dict[str, Any]:
    """What the artist types: tiny settings, two frames with a handle each."""
    return {"shot_frames": "1002-1003", "shot_handles": 1, "more_settings": TINY, **given}


def job_folder(comp: Any) -> Path:
    """The job that the composition remembers."""
    from infusion_resolve import memory

    return Path(memory.recall(comp)["job"])


def wait_for(done: Callable[[], bool], timeout_s: float = 60.0) -> None:
    end = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def is_training(folder: Path) -> bool:
    losses = folder / "losses.jsonl"
    return losses.exists() and bool(losses.read_text())


def pid_of(folder: Path) -> int:
    held = lock.read_lock(folder)
    assert held is not None
    return held.pid
