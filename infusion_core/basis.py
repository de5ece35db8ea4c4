"""The colours that the network works in. NumPy only.

In most shots red, green and blue say nearly the same. Turned to the shot's own principal axes, each
scaled to the same range, the second and third channel carry its hues alone. What the network gets wrong
there is scaled down on the way back, so that a model of few training steps leaves no coloured grain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from infusion_core.colour import known_samples
from infusion_core.errors import InputError
from infusion_core.settings import Settings

if TYPE_CHECKING:
    from infusion_core.shot import Shot

_TAIL_PERCENT = 99.95
HEAD_ROOM = 1.1  # x0_hat is clipped to [-1, 1]: leave room above the brightest known pixels
_MIN_SHARE = 0.02  # a grey shot has no hues: do not magnify its rounding


@dataclass(frozen=True)
class ColourBasis:
    """An invertible affine map of model-range colours: ``(rgb - centre) @ matrix``.

    Attributes:
        centre: (3,) float32.
        matrix: (3, 3) float32.
    """

    centre: np.ndarray
    matrix: np.ndarray

    def encode(self, rgb: np.ndarray) -> np.ndarray:
        """Model-range colours (..., 3) in this basis, float32."""
        return ((rgb - self.centre) @ self.matrix).astype(np.float32, copy=False)

    def decode(self, values: np.ndarray) -> np.ndarray:
        """Back to model-range colours (..., 3), float32."""
        rgb = values @ np.linalg.inv(self.matrix)
        rgb += self.centre
        return rgb.astype(np.float32, copy=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a manifest."""
        return {"centre": self.centre.tolist(), "matrix": self.matrix.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ColourBasis:
        """Rebuild a basis written by ``to_dict``.

        Raises:
            InputError: the data does not describe an invertible basis.
        """
        try:
            centre = np.array(data["centre"], np.float32).reshape(3)
            matrix = np.array(data["matrix"], np.float32).reshape(3, 3)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"Cannot read the colour basis {data!r}.") from error
        if not (np.isfinite(centre).all() and np.isfinite(matrix).all() and np.linalg.det(matrix) != 0):
            raise InputError(f"Cannot read the colour basis {data!r}.")
        return cls(centre, matrix)


RGB = ColourBasis(np.zeros(3, np.float32), np.eye(3, dtype=np.float32))


def channel_reach(values: np.ndarray, least_share: float) -> np.ndarray:
    """How far each channel of ``values`` (N, C) reaches from 0, with room above, (C,).

    Args:
        least_share: No channel reaches less than this share of the one that reaches farthest.
    """
    reach = np.percentile(np.abs(values), _TAIL_PERCENT, axis=0) * HEAD_ROOM
    return np.maximum(reach, max(least_share * float(reach.max()), 1e-6))


def fit_basis(plate: np.ndarray, known: np.ndarray) -> ColourBasis:
    """The principal axes of a shot's known colours.

    Args:
        plate: (F, H, W, 3) float32 in model range.
        known: (F, H, W) bool.
    """
    colours = known_samples(plate, known).astype(np.float64)
    centre = colours.mean(axis=0)
    colours -= centre
    _, axes = np.linalg.eigh(colours.T @ colours)
    axes = axes[:, ::-1] * np.where(axes[:, ::-1].sum(axis=0) < 0, -1.0, 1.0)
    reach = channel_reach(colours @ axes, _MIN_SHARE)
    return ColourBasis(centre.astype(np.float32), (axes / reach).astype(np.float32))


def shot_basis(shot: Shot, settings: Settings) -> ColourBasis:
    """The basis that a run with these settings works in."""
    return fit_basis(shot.plate, shot.known) if settings.network.basis == "shot" else RGB
