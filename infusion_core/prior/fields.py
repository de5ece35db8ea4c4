"""Random fields in space and time: the stuff of procedural textures. NumPy only.

Fields are (F, H, W) float32 of mean 0 and deviation 1, and periodic in space.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

ROUNDING = 1e-6


def log_uniform(generator: Generator, low: float, high: float) -> float:
    """A random number whose logarithm is uniform."""
    return math.exp(generator.uniform(math.log(low), math.log(high)))


@dataclass(frozen=True)
class Motion:
    """How a field changes over time.

    Attributes:
        memory: Frames after which a wave of 20 pixels has forgotten its phase; infinite: never.
        haste: 0: all waves forget at one pace; 1: a wave half as long forgets twice as fast.
        drift: Pixels a frame along rows and columns.
    """

    memory: float
    haste: float = 0.0
    drift: tuple[float, float] = (0.0, 0.0)


STILL = Motion(math.inf)


def random_motion(generator: Generator) -> Motion:
    """Anything from boiling to nearly still, drifting."""
    down, right = generator.normal(0.0, 1.0, 2)
    return Motion(log_uniform(generator, 1.0, 60.0), float(generator.choice([0.0, 0.5, 1.0])), (down, right))


def field(
    generator: Generator, size: tuple[int, int, int], motion: Motion, slope: tuple[float, float] = (1.0, 3.5)
) -> np.ndarray:
    """A Gaussian field whose amplitude falls with frequency as a power law, stretched along a direction.

    Every wave is an autoregressive process of order 1, its phase carried along by the drift.

    Args:
        size: Frames, rows, columns.
        slope: Range of the power law's exponent; from 2 on the field is smooth.
    """
    frames, rows, columns = size
    down, right = np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None]
    wave = _stretched(generator, down, right)
    amplitude = (wave**2 + generator.uniform(0.01, 0.12) ** 2) ** (-generator.uniform(*slope) / 2)
    amplitude[0, 0] = 0.0
    memory = motion.memory * (0.05 / np.maximum(wave, 0.02)) ** motion.haste
    kept = np.exp(-1.0 / np.maximum(memory, 0.2))
    carried = kept * np.exp(-2j * np.pi * (down * motion.drift[0] + right * motion.drift[1]))
    fresh = np.sqrt(1.0 - kept**2)
    result = np.empty(size, np.float32)
    spectrum = np.fft.rfft2(generator.standard_normal((rows, columns)))
    for frame in range(frames):
        result[frame] = np.fft.irfft2(spectrum * amplitude, s=(rows, columns))
        spectrum = spectrum * carried + fresh * np.fft.rfft2(generator.standard_normal((rows, columns)))
    return standardised(result)


def standardised(values: np.ndarray) -> np.ndarray:
    """``values`` with mean 0 and deviation 1."""
    centred = values - values.mean()
    return (centred / (centred.std() + ROUNDING)).astype(np.float32)


def _stretched(generator: Generator, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Wave numbers of a plane stretched by up to 2 along a random direction and shrunk across it."""
    stretch, angle = 2.0 ** generator.uniform(-1.0, 1.0), generator.uniform(0.0, np.pi)
    along = math.cos(angle) * right + math.sin(angle) * down
    across = math.cos(angle) * down - math.sin(angle) * right
    return np.hypot(along * stretch, across / stretch)


def displaced(pictures: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Periodic pictures (F, H, W), each pixel taken from ``down`` and ``right`` (F, H, W) pixels away."""
    frames, rows, columns = down.shape
    y, x = np.arange(rows)[None, :, None] + down, np.arange(columns)[None, None] + right
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    part_y, part_x = y - top, x - left
    frame = np.arange(frames)[:, None, None]

    def at(row: np.ndarray, column: np.ndarray) -> np.ndarray:
        return pictures[frame, row % rows, column % columns]

    above = at(top, left) * (1 - part_x) + at(top, left + 1) * part_x
    below = at(top + 1, left) * (1 - part_x) + at(top + 1, left + 1) * part_x
    return (above * (1 - part_y) + below * part_y).astype(np.float32)
