"""Clips of our own making, for the bench: no folder is needed for them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from infusion_core.demo import render_demo
from infusion_core.demo.turbulence import Turbulence
from infusion_core.metrics import tone_curve

SENSOR_NOISE = 0.004
"""Standard deviation of the grain on the still wall: one 8-bit code."""


def _moving_box(frames: int, height: int, width: int) -> np.ndarray:
    """A box of a quarter of the width that sweeps across the picture once (F H W)."""
    hole = np.zeros((frames, height, width), bool)
    side = width // 4
    for frame in range(frames):
        left = round(frame * (width - side) / max(1, frames - 1))
        hole[frame, height // 4 : height - height // 5, left : left + side] = True
    return hole


def revealed(frames: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A still brick wall with grain; the hole sweeps across it and reveals every pixel on other frames.

    Returns:
        truth (F H W 3), display-like, and hole (F H W).
    """
    height = width * 3 // 4
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    course = np.floor(y / 7)
    brick = np.floor((x + 7 * (course % 2)) / 14)
    joint = (y % 7 < 1) | ((x + 7 * (course % 2)) % 14 < 1)
    shade = 0.42 + 0.13 * np.sin(12.9898 * brick + 78.233 * course)
    stain = Turbulence(rng).fbm(x / 9, y / 9, 0.5, 4)
    wall = np.where(joint, 0.68, shade) + 0.10 * stain
    still = wall[..., None] * np.array([1.0, 0.62, 0.48])
    grain = rng.normal(0, SENSOR_NOISE, (frames, height, width, 3))
    return (still + grain).clip(0, 1).astype(np.float32), _moving_box(frames, height, width)


def demo(frames: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The demo shot, tone-mapped, with the marker's matte as hole; see ``infusion_core.demo``."""
    _, truth, matte = render_demo(frames, round(width * 5 / 8), width)
    return tone_curve(truth), matte > 0.02


MADE_CLIPS: dict[str, Callable[[int, int], tuple[np.ndarray, np.ndarray]]] = {
    "made-revealed": revealed,
    "made-demo": demo,
}
