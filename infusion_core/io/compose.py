"""Laying a fill into stored pixels without touching any other. Pure numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infusion_core.box import Box


@dataclass(frozen=True)
class Fill:
    """What is laid into one frame.

    Attributes:
        box: Where it lies, in absolute coordinates.
        rgb: (h, w, 3) float32 pixel values, finite where ``weight`` is above 0.
        weight: (h, w) float32 in [0, 1]; pixels with 0 are left as they are.
    """

    box: Box
    rgb: np.ndarray
    weight: np.ndarray

    def channel(self, slot: int) -> np.ndarray:
        """The values for R, G or B (0, 1, 2) or, for -1, for grey."""
        return self.rgb.mean(axis=-1) if slot < 0 else self.rgb[..., slot]


def _as_stored(values: np.ndarray, dtype: np.dtype, scale: float, bits: int) -> np.ndarray:
    """Round values to what the pixel type holds; nothing becomes infinite or wraps around."""
    if dtype.kind == "f":
        limit = np.finfo(dtype).max
        return np.clip(values, -limit, limit).astype(dtype)
    if scale == 1.0:
        info = np.iinfo(dtype)
        return np.clip(np.rint(values.astype(np.float64)), info.min, info.max).astype(dtype)
    steps = 2**bits - 1
    codes = np.rint(np.clip(values.astype(np.float64), 0, 1) * steps)
    return np.rint(codes * (scale / steps)).astype(dtype)


def lay_in(
    stored: np.ndarray, window: Box, fill: Fill, slot: int, *, scale: float = 1.0, bits: int = 0
) -> None:
    """Blend one channel of a fill into a channel's stored pixels, in place.

    Pixels with weight 1, and those whose stored value is NaN or infinite, take the fill itself.
    Pixels with weight 0 are not written to, so that their bits stay as they are.

    Args:
        stored: (H, W) pixels of the data window in the file's own type.
        window: The data window.
        fill: What is laid in; parts of it outside the data window are ignored.
        slot: Which of the fill's channels: 0, 1, 2, or -1 for grey.
        scale: The stored number that stands for 1.0 (integer pictures).
        bits: Significant bits of an integer picture.
    """
    inside = fill.box.intersection(window)
    if inside.is_empty:
        return
    source = inside.slices_in(fill.box)
    weight, new = fill.weight[source], fill.channel(slot)[source]
    target = stored[inside.slices_in(window)]
    touched = weight > 0
    w, value = weight[touched], new[touched]
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinities of the plate
        old = target[touched].astype(np.float32) / np.float32(scale)
        blended = value * w + old * (1 - w)
    target[touched] = _as_stored(
        np.where((w >= 1) | ~np.isfinite(old), value, blended), stored.dtype, scale, bits
    )


def alpha_from(stored: np.ndarray, window: Box, fill: Fill, *, scale: float = 1.0, bits: int = 0) -> None:
    """Replace an alpha channel, (H, W) in place, by the fill's weight; 0 where nothing was filled."""
    stored[:] = 0
    inside = fill.box.intersection(window)
    if not inside.is_empty:
        weight = fill.weight[inside.slices_in(fill.box)]
        stored[inside.slices_in(window)] = _as_stored(weight, stored.dtype, scale, bits)
