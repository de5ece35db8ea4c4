"""Procedural clips to learn from before any shot: layers in colour, one over the other. NumPy only."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from infusion_core.basis import channel_reach
from infusion_core.prior.fields import STILL, field, random_motion
from infusion_core.prior.layers import Size, layer

WEAKEST = 0.1  # of the strongest channel's reach


def _coloured(generator: Generator, leading: np.ndarray) -> np.ndarray:
    """Three channels as a shot's principal colours are: the first leads, the others follow it or not."""
    channels = [leading]
    for _ in range(2):
        if generator.random() < 0.5:
            hue = np.sin(generator.uniform(1.0, 4.0) * leading + generator.uniform(0.0, 2 * np.pi))
        else:
            hue = generator.normal(0.0, 0.5) * leading
        if generator.random() < 0.5:
            own = field(generator, leading.shape, random_motion(generator))  # type: ignore[arg-type]
            hue = hue + generator.uniform(0.1, 0.8) * own
        channels.append(hue)
    return np.stack(channels).astype(np.float32)


def _cover(generator: Generator, size: Size) -> np.ndarray:
    """How much of an upper layer covers the lower one, (F, H, W), 0 to 1: patches or a horizon."""
    motion = random_motion(generator) if generator.random() < 0.5 else STILL
    shape = field(generator, size, motion, slope=(2.5, 4.0))
    if generator.random() < 0.4:
        horizon = np.linspace(-2.0, 2.0, size[1])[:, None]
        shape = shape + horizon * generator.choice([-1.0, 1.0])
    return 1.0 / (1.0 + np.exp(-shape * generator.choice([2.0, 6.0, 20.0])))


def _composite(generator: Generator, size: Size) -> np.ndarray:
    clip = _coloured(generator, layer(generator, size))
    for _ in range(int(generator.integers(0, 3))):
        tint = generator.normal(0.0, 0.8, (3, 1, 1, 1))
        upper = _coloured(generator, layer(generator, size)) + tint
        cover = _cover(generator, size)
        clip = clip * (1.0 - cover) + upper * cover
    return clip


def _halved(clip: np.ndarray) -> np.ndarray:
    channels, frames, rows, columns = clip.shape
    return clip.reshape(channels, frames, rows // 2, 2, columns // 2, 2).mean((3, 5))


def procedural_clip(generator: Generator, size: Size) -> np.ndarray:
    """A random moving texture, (3, F, H, W) float32, about -1 to 1 like a shot in its own colours.

    Half of the clips are made at twice the size and averaged, as coarse stages see a shot; half have grain.

    Args:
        generator: Makes every choice; the same state makes the same clip.
        size: Frames, rows, columns.
    """
    frames, rows, columns = size
    if generator.random() < 0.5:
        clip = _halved(_composite(generator, (frames, 2 * rows, 2 * columns)))
    else:
        clip = _composite(generator, size)
    if generator.random() < 0.5:
        clip = clip + generator.uniform(0.0, 0.12) * generator.standard_normal(clip.shape)
    clip = clip - clip.mean(axis=(1, 2, 3), keepdims=True)
    reach = channel_reach(clip.reshape(len(clip), -1).T, WEAKEST)
    return (clip / reach[:, None, None, None]).astype(np.float32)
