"""Gaussian noise that depends only on seed, draw and frame. NumPy only.

PyTorch and ONNX Runtime, windows and tiles, one process and many all see the same noise, because
every frame's noise has its own counter-based stream.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from infusion_core.cores import usable_cores

_THREADS = 8  # a GPU waits for the noise of every step
_ENOUGH_FOR_A_THREAD = 2**18  # values; starting one takes as long as drawing a few thousand
_HELD_FRAME = 2**32 - 1  # the number, above that of any frame, under which the noise of all frames is drawn


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


def with_held(own: Any, held: Any, share: float) -> Any:
    """Standard normal noise of which a share is the same in all frames; any array type.

    A network sees a few frames at a time. Where nothing known tells it what stands in the hole, noise of
    its own in every frame has it put something else there every few frames; noise that is held has it put
    the same (compare the mixed noise of Ge et al. 2023, "Preserve Your Own Correlation").

    Args:
        own: Standard normal noise of each frame, (N, C, F, H, W).
        held: That of all frames, (N, C, 1, H, W).
        share: Of the variance, 0 to 1.
    """
    return math.sqrt(1.0 - share) * own + math.sqrt(share) * held


def clip_noise(
    seed: int,
    draws: Sequence[int],
    frames: Sequence[int],
    shape: tuple[int, int, int],
    held_share: float = 0.0,
) -> np.ndarray:
    """Noise of several frames for each of several draws, (draws, C, F, H, W) float32.

    Args:
        shape: (C, H, W).
        held_share: See ``with_held``.
    """
    channels, *size = shape
    result = np.empty((len(draws), channels, len(frames), *size), np.float32)
    places = list(itertools.product(range(len(draws)), range(len(frames))))

    def draw_some(some: Sequence[tuple[int, int]]) -> None:
        for i, j in some:
            result[i, :, j] = frame_noise(seed, draws[i], frames[j], shape)

    threads = min(_THREADS, usable_cores(), math.ceil(result.size / _ENOUGH_FOR_A_THREAD))
    with ThreadPoolExecutor(threads) as pool:  # NumPy draws without holding Python's lock
        list(pool.map(draw_some, [places[i::threads] for i in range(threads)]))
    if held_share == 0.0:
        return result
    held = np.stack([frame_noise(seed, draw, _HELD_FRAME, shape) for draw in draws])
    mixed: np.ndarray = with_held(result, held[:, :, None], held_share)
    return mixed


def stage_draw(stage: int, draw: int, layout: int = 0) -> int:
    """Number of a draw that is unique over all stages and layouts; ``draw`` is the noise level reached."""
    return (layout << 26) | (stage << 20) | draw


def stage_noise(
    seed: int,
    stage: int,
    draw: int,
    size: tuple[int, int, int],
    held_share: float,
    layouts: Sequence[int] = (0,),
) -> np.ndarray:
    """Noise of a clip of that size (frames, rows, columns) for one draw of a stage, (layouts, 3, F, H, W)."""
    frames, height, width = size
    draws = [stage_draw(stage, draw, layout) for layout in layouts]
    return clip_noise(seed, draws, range(frames), (3, height, width), held_share)
