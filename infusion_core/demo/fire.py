"""A burning pier at night: flames, smoke, embers, sky and shore, in scene-linear light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infusion_core.demo.turbulence import Turbulence


@dataclass(frozen=True)
class Canvas:
    """Where and when the scene is drawn.

    Attributes:
        frames, height, width: Size of the shot.
    """

    frames: int
    height: int
    width: int

    @property
    def horizon(self) -> int:
        """Row of the waterline, from the top."""
        return round(0.68 * self.height)

    def grid(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Time in seconds, height above the waterline and distance right of the centre, in units of the
        height of the picture above the water; shapes (F 1 1), (1 H 1), (1 1 W).
        """
        unit = self.horizon
        t = np.arange(self.frames, dtype=np.float32)[:, None, None] / 24
        up = (self.horizon - 0.5 - np.arange(self.height, dtype=np.float32))[None, :, None] / unit
        right = (np.arange(self.width, dtype=np.float32) + 0.5 - self.width / 2)[None, None, :] / unit
        return t, up, right


def black_body(heat: np.ndarray) -> np.ndarray:
    """Colour and strength of light from heat 0 to 1 and above: dark red, orange, yellow-white."""
    heat = np.maximum(heat, 0)[..., None]
    strength = 11.0 * heat**2.3
    green, blue = 0.16 * heat**0.4 + 0.26 * heat**1.3, 0.10 * heat**2.2
    return (strength * np.concatenate([np.ones_like(heat), green, blue], axis=-1)).astype(np.float32)


def flames(canvas: Canvas, turbulence: Turbulence) -> np.ndarray:
    """Heat of the flames (F H W), 0 where there is none."""
    t, up, right = canvas.grid()
    rise = 1.4 * t
    # Large eddies bend the tongues, small ones fray them; both travel upward with the gas.
    bend = turbulence.fbm(right * 1.6, up * 1.1 - 0.6 * rise, 0.9 * t, 2)
    fray = turbulence.fbm(right * 4.0 + 9, up * 2.4 - 1.3 * rise, 1.8 * t, 2)
    x = right + up.clip(0) * (0.28 * bend + 0.10 * fray)
    y = up + 0.06 * fray
    detail = turbulence.fbm(x * 5.2, y * 2.0 - 2.0 * rise, 1.3 * t, 4, rough=0.55)
    sheets = 1 - np.abs(turbulence.fbm(x * 3.1 + 31, y * 1.5 - 1.7 * rise, 1.0 * t, 3))
    breath = 0.12 * turbulence.noise(right * 1.3 + 70, 0.5, 1.4 * t)
    body = 0.92 * np.exp(-((x + 0.12) ** 2) / 0.16) + 0.62 * np.exp(-((x - 0.68) ** 2) / 0.05)
    body = body + 0.45 * np.exp(-((x + 0.85) ** 2) / 0.03) + breath
    heat = body * (1.05 - 0.30 * sheets) - 0.95 * y.clip(0) ** 0.9 + 0.62 * detail * (0.35 + y.clip(0, 1))
    heat = heat * np.clip(y / 0.05 + 0.6, 0, 1)
    return np.where(up > -0.02, np.clip(1.35 * heat, 0, 1.25), 0).astype(np.float32)


def surroundings(canvas: Canvas, turbulence: Turbulence, heat: np.ndarray) -> np.ndarray:
    """Sky, far shore, pier and fire-lit smoke (F H W 3)."""
    t, up, right = canvas.grid()
    glow = heat.mean(axis=(1, 2), keepdims=True) * 6
    halo = np.exp(-(right**2) / 0.9 - up.clip(0) / 0.6)
    smoke = turbulence.fbm(right * 1.8 - 0.3 * t, up * 1.4 - 0.5 * t, 0.25 * t, 4)
    density = np.clip(0.45 + 0.8 * smoke, 0, 1) * np.clip(0.25 + up, 0, 1)
    lit = density * (0.22 * halo * glow)
    sky = np.array([0.010, 0.016, 0.030]) * (0.6 + 0.6 * (1 - up.clip(0, 1)))[..., None]
    picture = sky + lit[..., None] * np.array([1.0, 0.42, 0.16])
    ridge = 0.10 + 0.05 * turbulence.fbm(right * 2.2 + 3, 7.7, 0.3, 4)
    shore = np.clip((ridge - up) * canvas.horizon, 0, 1)[..., None]
    lit_shore = np.array([0.020, 0.012, 0.008]) * (0.5 + 1.5 * halo * glow)[..., None]
    return (picture * (1 - shore) + lit_shore * shore).astype(np.float32)


def embers(canvas: Canvas, turbulence: Turbulence, generator: np.random.Generator, count: int) -> np.ndarray:
    """Sparks carried up by the fire, as heat to add (F H W)."""
    picture = np.zeros((canvas.frames, canvas.height, canvas.width), np.float32)
    unit = canvas.horizon
    born = generator.uniform(-1.6, canvas.frames / 24, count)
    start = generator.normal(-0.08, 0.32, count)
    speed = generator.uniform(0.45, 1.1, count)
    life = generator.uniform(0.5, 1.5, count)
    rows, columns = np.arange(canvas.height)[:, None], np.arange(canvas.width)[None, :]
    for frame in range(canvas.frames):
        age = frame / 24 - born
        drift = turbulence.fbm(start * 2 + 50, age * speed * 1.5, np.arange(count) * 0.37 + age * 0.4, 2)
        for i in np.flatnonzero((age > 0) & (age < life)):
            y = unit * (0.97 - 0.25 - speed[i] * age[i])
            x = canvas.width / 2 + unit * (start[i] + 0.35 * age[i] * drift[i])
            spot = np.exp(-((rows - y) ** 2 / 1.1 + (columns - x) ** 2 / 0.5))
            picture[frame] += spot * (1 - age[i] / life[i]) * 0.55
    return picture
