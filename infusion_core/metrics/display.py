"""The range that every metric and every picture works in: display-like, 0 to 1."""

from __future__ import annotations

import numpy as np

WHITE = 16.0
"""Scene-linear value that the tone curve maps to 1; brighter values clip."""


def tone_curve(rgb: np.ndarray) -> np.ndarray:
    """Bring scene-linear values to a display-like range with one fixed, documented curve.

    Reinhard's extended operator ``x (1 + x / WHITE^2) / (1 + x)`` (Reinhard et al. 2002, eq. 4), then
    the sRGB transfer curve (IEC 61966-2-1). It is the same for every shot, so scores compare.
    0.18 becomes 0.43, 1 becomes 0.74, 16 and above 1; negative values and NaN become 0.

    Args:
        rgb: Scene-linear values, any shape, any float type.

    Returns:
        float32 of the same shape, 0 to 1.
    """
    x = np.clip(np.nan_to_num(np.asarray(rgb, np.float32), nan=0.0, posinf=WHITE, neginf=0.0), 0.0, WHITE)
    y = x * (1.0 + x / WHITE**2) / (1.0 + x)
    encoded = np.where(y <= 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 1e-8) ** (1 / 2.4) - 0.055)
    return np.clip(encoded, 0.0, 1.0).astype(np.float32)


def to_display(rgb: np.ndarray, is_scene_linear: bool) -> np.ndarray:
    """Return ``rgb`` as display-like float32 in 0 to 1; display-referred values are only clipped."""
    if is_scene_linear:
        return tone_curve(rgb)
    return np.clip(np.nan_to_num(np.asarray(rgb, np.float32), nan=0.0), 0.0, 1.0)
