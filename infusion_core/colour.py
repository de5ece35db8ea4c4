"""Between pixel values and the model's range of about [-1, 1]. Pure numpy.

``display``: model = 2 x - 1, the paper's, for display-referred values in [0, 1].

``scene-linear``: model = gain * asinh(x / toe) + offset. Linear around 0, so that negative values
and near-black detail are kept; logarithmic above the toe, so that highlights of any height fit.
Toe, gain and offset are fitted to the shot. One transform serves all channels, which keeps
neutral pixels neutral.

What rounding the model's value to half precision costs (|model| <= 1): at most 0.3 % of |x| plus
0.3 % of the toe; the toe itself is never above a quarter of the shot's typical brightness unless
that lies more than a factor of 4000 below its highlights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from infusion_core.errors import InputError

ColourKind = Literal["scene-linear", "display"]

_TAIL_PERCENT = 0.01  # share of the samples, at either end, that may lie outside the fitted range
_TARGET = 0.9  # the fitted range maps to +-this, so that the clip of x0 at +-1 leaves head-room
_TOE_PER_MEDIAN = 0.25
_MAX_HIGHLIGHT_PER_TOE = 4000.0
_MAX_VALUE = float(np.finfo(np.float32).max)
_SAMPLES = 2_000_000


@dataclass(frozen=True)
class ColourTransform:
    """An invertible map of every channel to the model's range.

    Attributes:
        name: ``scene-linear`` or ``display``.
        toe: Pixel value where linear turns into logarithmic (scene-linear only; 1 for display).
        gain: Factor to the model's range.
        offset: Model value of black.
    """

    name: ColourKind
    toe: float = 1.0
    gain: float = 2.0
    offset: float = -1.0

    def encode(self, rgb: np.ndarray) -> np.ndarray:
        """Bring finite pixel values, any shape, to the model's range; float32."""
        values = np.array(rgb, np.float64)
        if self.name == "scene-linear":
            values /= self.toe
            np.arcsinh(values, out=values)
        values *= self.gain
        values += self.offset
        return values.astype(np.float32)

    def decode(self, model: np.ndarray) -> np.ndarray:
        """Bring finite model values, any shape, back to pixel values; float32 and always finite."""
        values = (np.asarray(model, np.float64) - self.offset) / self.gain
        if self.name == "scene-linear":
            values = np.sinh(np.clip(values, -300.0, 300.0)) * self.toe
        return np.clip(values, -_MAX_VALUE, _MAX_VALUE).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a manifest."""
        return {"name": self.name, "toe": self.toe, "gain": self.gain, "offset": self.offset}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ColourTransform:
        """Rebuild a transform written by ``to_dict``.

        Raises:
            InputError: the data does not describe a transform.
        """
        try:
            name = data["name"]
            toe, gain, offset = (float(data[key]) for key in ("toe", "gain", "offset"))
            unknown = set(data) - {"name", "toe", "gain", "offset"}
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"Cannot read the colour transform {data!r}.") from error
        numbers_fit = np.isfinite((toe, gain, offset)).all() and toe > 0 and gain > 0
        if name not in ("scene-linear", "display") or unknown or not numbers_fit:
            raise InputError(f"Cannot read the colour transform {data!r}.")
        return cls(name, toe, gain, offset)


def known_samples(pixels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Known pixels spread evenly over a shot: all of a small one, enough of a large one.

    Args:
        pixels: (F, H, W, 3).
        known: (F, H, W) bool.

    Returns:
        (N, 3).
    """
    step = max(1, pixels.size // _SAMPLES)
    return np.concatenate([values[mask][::step] for values, mask in zip(pixels, known, strict=True)])


def fit_colour(rgb: np.ndarray, kind: ColourKind) -> ColourTransform:
    """Fit a transform to samples of a shot's known pixels.

    Args:
        rgb: (N, 3) samples; NaN and infinities are left out.
        kind: ``scene-linear`` or ``display``; the latter needs no fit.

    Raises:
        InputError: there is no finite sample.
    """
    if kind == "display":
        return ColourTransform("display")
    if kind != "scene-linear":
        raise InputError(f"There is no colour transform {kind!r}.", remedy="Use scene-linear or display.")
    values = np.asarray(rgb, np.float64).ravel()
    values = values[np.isfinite(values)]
    if not values.size:
        raise InputError("No known pixel has a finite value.", remedy="Check the plate and the matte.")
    brightness = np.abs(values)
    highlight = float(np.percentile(brightness, 100 - _TAIL_PERCENT))
    toe = max(_TOE_PER_MEDIAN * float(np.median(brightness)), highlight / _MAX_HIGHLIGHT_PER_TOE)
    toe = max(toe, 1e-30) if highlight > 0 else 1.0
    low, high = np.arcsinh(np.percentile(values, [_TAIL_PERCENT, 100 - _TAIL_PERCENT]) / toe)
    span = max(float(high - low), 0.1)  # a shot of one value only: do not magnify its rounding
    gain = 2 * _TARGET / span
    return ColourTransform("scene-linear", toe, gain, -gain * float(low + high) / 2)
