"""The object to remove: a marker pole with a ball on top that bobs in the water before the fire."""

from __future__ import annotations

import numpy as np

from infusion_core.demo.fire import Canvas


def _capsule(px: np.ndarray, py: np.ndarray, a: np.ndarray, b: np.ndarray, radius: float) -> np.ndarray:
    """Signed distance in px of points (H W) to a round-ended stroke from a to b."""
    along = b - a
    share = np.clip(((px - a[0]) * along[0] + (py - a[1]) * along[1]) / (along @ along), 0, 1)
    return np.hypot(px - a[0] - share * along[0], py - a[1] - share * along[1]) - radius


def marker(canvas: Canvas, fire_light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw the marker.

    Args:
        canvas: Size of the shot.
        fire_light: Brightness of the fire on each frame (F), 1 on average; the object's edge catches it.

    Returns:
        colour (F H W 3), scene-linear, and coverage (F H W), 0 to 1 with soft edges: the matte.
    """
    scale = canvas.height / 80
    half_float = np.array([5 * scale, 0])
    py, px = np.mgrid[0 : canvas.height, 0 : canvas.width].astype(np.float32) + 0.5
    colours, mattes = [], []
    for frame in range(canvas.frames):
        t = frame / 24
        lean = 0.075 * np.sin(2 * np.pi * t / 2.3) + 0.02 * np.sin(2 * np.pi * t / 0.9)
        foot = np.array(
            [canvas.width * (0.46 + 0.012 * np.sin(1.9 * t)), 0.80 * canvas.height + scale * np.sin(2.7 * t)]
        )
        top = foot + 46 * scale * np.array([np.sin(lean), -np.cos(lean)])
        pole = _capsule(px, py, foot, top, 2.6 * scale)
        ball = np.hypot(px - top[0], py - top[1]) - 7 * scale
        float_ = _capsule(px, py, foot - half_float, foot + half_float, 3.4 * scale)
        distance = np.minimum(np.minimum(pole, ball), float_)
        rim = np.exp(-np.abs(distance) / (0.6 * scale)) * fire_light[frame]
        stripe = np.where((py - foot[1]) % (12 * scale) < 6 * scale, 0.016, 0.05)
        body = np.where(ball < pole, 0.022, stripe)[..., None] * np.array([1.0, 0.80, 0.72])
        colours.append(body + rim[..., None] * np.array([0.16, 0.045, 0.01]))
        mattes.append(np.clip(0.5 - distance / 1.6, 0, 1))
    return np.stack(colours).astype(np.float32), np.stack(mattes).astype(np.float32)
