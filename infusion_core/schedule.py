"""The noise schedule: how much of the clean clip is left in a noisy one. NumPy only.

Paper section 3; reference code ``diffusion.py``: beta linear in t, alpha_bar its running product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infusion_core.settings import DiffusionSettings


@dataclass(frozen=True)
class Schedule:
    """The noise of the forward process.

    Attributes:
        alpha_bar: Share of signal power at noise level t, float64, shape (T,), falling.
        held_noise: Share of the noise's variance that is the same in all frames, 0 to 1.
    """

    alpha_bar: np.ndarray
    held_noise: float = 0.0

    @property
    def num_steps(self) -> int:
        return len(self.alpha_bar)

    @property
    def log_snr(self) -> np.ndarray:
        """Natural logarithm of the signal-to-noise power ratio at every t, shape (T,), falling."""
        return np.log(self.alpha_bar / (1.0 - self.alpha_bar))


def make_schedule(settings: DiffusionSettings) -> Schedule:
    """The linear-beta schedule of T noise levels; no noise is held where the shot has yet to set how much."""
    beta = np.linspace(settings.beta_start, settings.beta_end, settings.num_steps, dtype=np.float64)
    return Schedule(np.cumprod(1.0 - beta), max(0.0, settings.held_noise))
