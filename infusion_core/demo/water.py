"""Rippling water that mirrors what stands above it."""

from __future__ import annotations

import numpy as np

from infusion_core.demo.fire import Canvas
from infusion_core.demo.turbulence import Turbulence

_WAVES = (  # direction in degrees, length, height, both in units of the near shore
    (80, 0.36, 1.0),
    (101, 0.21, 0.8),
    (63, 0.13, 0.55),
    (118, 0.083, 0.4),
    (92, 0.05, 0.3),
)


def slopes(canvas: Canvas, turbulence: Turbulence) -> tuple[np.ndarray, np.ndarray]:
    """Sideways and fore-and-aft slope of the water at every pixel below the horizon (F, rows, W)."""
    t, up, right = canvas.grid()
    below = -up[:, canvas.horizon :]
    depth = 0.16 / (below + 0.03)
    x, z = right * depth, depth
    gust = 0.75 + 0.5 * turbulence.fbm(x * 0.8, z * 1.2 + 0.3 * t, 0.3 * t, 2)
    across, along = np.zeros(()), np.zeros(())
    for direction, length, height in _WAVES:
        angle, number = np.radians(direction), 2 * np.pi / length
        phase = number * (x * np.cos(angle) + z * np.sin(angle)) + 1.25 * np.sqrt(number) * t * 2.2
        swing = height * np.cos(phase + 1.5 * turbulence.noise(x * 2, z * 2, 0.4 * t + direction))
        across = across + swing * np.cos(angle)
        along = along + swing * np.sin(angle)
    return gust * across, gust * along


def _sample(picture: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Bilinear samples of each frame of (F H W 3) at rows y and columns x (F h w), clamped at the edges."""
    frames = np.arange(len(picture))[:, None, None]
    y, x = y.clip(0, picture.shape[1] - 1.001), x.clip(0, picture.shape[2] - 1.001)
    y0, x0 = y.astype(np.int32), x.astype(np.int32)
    fy, fx = (y - y0)[..., None], (x - x0)[..., None]
    top = picture[frames, y0, x0] * (1 - fx) + picture[frames, y0, x0 + 1] * fx
    bottom = picture[frames, y0 + 1, x0] * (1 - fx) + picture[frames, y0 + 1, x0 + 1] * fx
    return top * (1 - fy) + bottom * fy


def add_water(canvas: Canvas, above: np.ndarray, turbulence: Turbulence) -> np.ndarray:
    """Return the picture (F H W 3) with everything below the horizon replaced by water that mirrors it."""
    across, along = slopes(canvas, turbulence)
    rows = np.arange(canvas.height - canvas.horizon, dtype=np.float32)[None, :, None]
    columns = np.arange(canvas.width, dtype=np.float32)[None, None, :]
    unit = canvas.horizon
    reach = 0.05 + 0.13 * rows / unit
    mirrored = np.zeros((*across.shape, 3), np.float32)
    spreads = (-0.7, 0.0, 0.7)
    for spread in spreads:  # ripples smaller than a pixel draw reflections out into streaks
        y = unit - 1 - 1.9 * rows - unit * reach * (along + spread)
        x = columns + unit * 0.35 * reach * across
        mirrored += _sample(above, np.where(y > unit - 1, 2 * (unit - 1) - y, y), x) / len(spreads)
    facing = np.clip(0.62 - 0.35 * rows / rows.max() + 0.10 * along, 0.08, 0.9)[..., None]
    deep = np.array([0.004, 0.007, 0.010], np.float32)
    picture = above.copy()
    picture[:, canvas.horizon :] = deep + facing * mirrored * np.array([0.95, 0.86, 0.80], np.float32)
    return picture
