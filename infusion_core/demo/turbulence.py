"""Gradient noise in space and time, for things that flow."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

_TABLE = 256


def _fade(x: np.ndarray) -> np.ndarray:
    return x * x * x * (x * (x * 6 - 15) + 10)


class Turbulence:
    """Smooth random fields, fixed by a generator.

    Perlin's improved gradient noise (2002) in three dimensions, summed over octaves.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        self._order = generator.permutation(_TABLE)
        directions = generator.standard_normal((_TABLE, 3))
        self._gradients = (directions / np.linalg.norm(directions, axis=1, keepdims=True)).astype(np.float32)

    def noise(self, x: ArrayLike, y: ArrayLike, z: ArrayLike) -> np.ndarray:
        """One octave at points (x, y, z) that broadcast together; about -1 to 1, features about 1 wide."""
        x, y, z = np.broadcast_arrays(
            np.asarray(x, np.float32), np.asarray(y, np.float32), np.asarray(z, np.float32)
        )
        cells = [np.floor(axis) for axis in (x, y, z)]
        within = [axis - cell for axis, cell in zip((x, y, z), cells, strict=True)]
        corner = [cell.astype(np.int32) & (_TABLE - 1) for cell in cells]
        fade = [_fade(w) for w in within]
        total = np.zeros(x.shape, np.float32)
        for dx in (0, 1):
            plane = self._order[(corner[0] + dx) & (_TABLE - 1)]
            weight_x = fade[0] if dx else 1 - fade[0]
            for dy in (0, 1):
                line = self._order[(plane + corner[1] + dy) & (_TABLE - 1)]
                weight_xy = weight_x * (fade[1] if dy else 1 - fade[1])
                for dz in (0, 1):
                    gradient = self._gradients[self._order[(line + corner[2] + dz) & (_TABLE - 1)]]
                    reach = (
                        gradient[..., 0] * (within[0] - dx)
                        + gradient[..., 1] * (within[1] - dy)
                        + gradient[..., 2] * (within[2] - dz)
                    )
                    total += weight_xy * (fade[2] if dz else 1 - fade[2]) * reach
        return 1.5 * total

    def fbm(
        self,
        x: ArrayLike,
        y: ArrayLike,
        z: ArrayLike,
        octaves: int,
        *,
        rough: float = 0.5,
        haste: float = 1.6,
    ) -> np.ndarray:
        """Fractal sum of octaves, about -1 to 1; each is half the size, ``rough`` times as strong, and
        changes ``haste`` times as fast along z (time) as the one before.
        """
        x, y, z = (np.asarray(axis, np.float32) for axis in (x, y, z))
        layers = [
            rough**octave
            * self.noise(x * 2**octave + 17.3 * octave, y * 2**octave, z * haste**octave + 5.1 * octave)
            for octave in range(octaves)
        ]
        return np.asarray(sum(layers) * (1.6 * (1 - rough) / (1 - rough**octaves)), np.float32)
