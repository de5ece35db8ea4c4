"""Gaussian noise that depends only on seed, draw and frame. NumPy only.

PyTorch and ONNX Runtime, windows and tiles, one process and many all see the same noise, because
every frame's noise has its own counter-based stream.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

_THREADS = 8  # a GPU waits for the noise of every step


def frame_noise(seed: int, draw: int, frame: int, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal noise of one frame, float32.

    Args:
        seed: The take's seed.
        draw: Number of the draw within the run; each reverse step has its own.
        frame: Index of the frame within the shot.
        shape: Shape of the noise, e.g. (3, H, W).
    """
    stream = np.random.Philox(key=np.array([seed, (draw << 32) | frame], dtype=np.uint64))
    return np.random.Generator(stream).standard_normal(shape, dtype=np.float32)


def clip_noise(seed: int, draw: int, frames: Iterable[int], shape: tuple[int, int, int]) -> np.ndarray:
    """Noise of several frames as (1, C, F, H, W) float32; ``shape`` is (C, H, W)."""
    with ThreadPoolExecutor(_THREADS) as pool:  # NumPy draws without holding Python's lock
        each = pool.map(lambda frame: frame_noise(seed, draw, frame, shape), frames)
        return np.stack(list(each), axis=1)[None]


def stage_draw(stage: int, draw: int) -> int:
    """Number of a draw that is unique over all stages; ``draw`` is the noise level reached."""
    return (stage << 20) | draw
