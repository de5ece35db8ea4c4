"""One layer of a procedural texture: something that boils, sways, flows or keeps still. NumPy only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from infusion_core.prior.fields import (
    STILL,
    Motion,
    displaced,
    field,
    log_uniform,
    random_motion,
    standardised,
)

Size = tuple[int, int, int]  # frames, rows, columns


def dead_leaves(generator: Generator, rows: int, columns: int) -> np.ndarray:
    """Discs of random size and brightness, each over those before (Matheron's dead leaves), (H, W)."""
    picture = np.zeros((rows, columns), np.float32)
    y, x = np.mgrid[:rows, :columns]
    smallest, largest = generator.uniform(1.0, 2.0), generator.uniform(4.0, 14.0)
    for _ in range(int(generator.integers(150, 500))):
        radius = 1.0 / generator.uniform(1.0 / largest, 1.0 / smallest)
        thickness, angle = generator.uniform(0.4, 1.0), generator.uniform(0.0, np.pi)
        down = (y - generator.uniform(0, rows) + rows / 2) % rows - rows / 2
        right = (x - generator.uniform(0, columns) + columns / 2) % columns - columns / 2
        along = np.cos(angle) * right + np.sin(angle) * down
        across = np.cos(angle) * down - np.sin(angle) * right
        picture[along**2 + (across / thickness) ** 2 < radius**2] = generator.normal()
    return standardised(picture)


def stripes(generator: Generator, rows: int, columns: int) -> np.ndarray:
    """Stripes with hard or soft edges, (H, W)."""
    wave = _wave(generator, rows, columns)
    return (np.sign(wave) if generator.random() < 0.6 else 1.2 * wave).astype(np.float32)


def checks(generator: Generator, rows: int, columns: int) -> np.ndarray:
    """Two sets of stripes across one another, (H, W)."""
    crossed = _wave(generator, rows, columns) * _wave(generator, rows, columns)
    return np.sign(crossed + generator.uniform(-0.5, 0.5)).astype(np.float32)


def clouds(generator: Generator, rows: int, columns: int) -> np.ndarray:
    """One frame of a field, (H, W)."""
    return field(generator, (1, rows, columns), STILL)[0]


def _wave(generator: Generator, rows: int, columns: int) -> np.ndarray:
    down, right = generator.integers(-6, 7, 2)
    if down == right == 0:
        right = 1
    y, x = np.mgrid[:rows, :columns]
    return np.sin(2 * np.pi * (down * y / rows + right * x / columns) + generator.uniform(0, 2 * np.pi))


PATTERNS = (dead_leaves, stripes, checks, clouds)


def boiling(generator: Generator, size: Size) -> np.ndarray:
    """A field that forgets itself: water, smoke."""
    return field(generator, size, random_motion(generator))


def still(generator: Generator, size: Size) -> np.ndarray:
    """A pattern that does not move: a wall."""
    make = PATTERNS[generator.integers(len(PATTERNS))]
    return np.broadcast_to(make(generator, *size[1:]), size)


def swaying(generator: Generator, size: Size) -> np.ndarray:
    """A pattern pulled about its place by a smooth field: leaves, cloth; now and then it travels as well."""
    return _pulled(generator, still(generator, size))


def flowing(generator: Generator, size: Size) -> np.ndarray:
    """A field that forgets itself, pulled about by another: fire, turbulent water."""
    return _pulled(generator, boiling(generator, size))


def _pulled(generator: Generator, pictures: np.ndarray) -> np.ndarray:
    strength = log_uniform(generator, 0.2, 5.0)
    down, right = generator.normal(0.0, 1.2, 2)
    motion = Motion(log_uniform(generator, 3.0, 30.0), drift=(down, right))
    travel = generator.normal(0.0, 0.5, 2) if generator.random() < 0.4 else np.zeros(2)
    time = np.arange(len(pictures))[:, None, None]
    pull = (
        strength * field(generator, pictures.shape, motion, slope=(2.5, 4.0)) + speed * time  # type: ignore[arg-type]
        for speed in travel
    )
    return displaced(pictures, *pull)


KINDS: tuple[tuple[Callable[[Generator, Size], np.ndarray], float], ...] = (
    (boiling, 0.2),
    (still, 0.15),
    (swaying, 0.4),
    (flowing, 0.25),
)


def layer(generator: Generator, size: Size) -> np.ndarray:
    """A random layer, (F, H, W), with a random tone curve."""
    makers, weights = zip(*KINDS, strict=True)
    make = makers[generator.choice(len(makers), p=weights)]
    return toned(generator, make(generator, size))


def toned(generator: Generator, values: np.ndarray) -> np.ndarray:
    """``values`` through a random curve: as they are, ridges, edges, highlights, posterised or folded."""
    curve = generator.integers(6)
    if curve == 0:
        return values
    if curve == 1:
        return 1.0 - 4.0 / 3.0 * np.abs(values)
    if curve == 2:
        return np.tanh((values - generator.uniform(-0.7, 0.7)) * generator.uniform(1.5, 6.0))
    if curve == 3:
        return np.exp(np.minimum(values, 2.5)) / 2 - 1
    if curve == 4:
        half_tones = generator.integers(2, 5) / 2
        return np.round(values * half_tones) / half_tones
    return np.sin(values * generator.uniform(1.0, 5.0))
