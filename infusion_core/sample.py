"""The reverse diffusion through one interval, on any array type. NumPy only.

The arithmetic uses operators that NumPy arrays and PyTorch tensors share, so that training-time
sampling and ONNX rendering run the very same code. Arrays are (1, C, F, H, W).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from infusion_core.clip import Clip, upsampled
from infusion_core.focus import Focus
from infusion_core.intervals import Interval
from infusion_core.progress import ShouldStop, never_stop, raise_if_stopped
from infusion_core.schedule import Schedule

# (noisy, t) -> x0_hat, both (1, 3, F, H, W)
Denoiser = Callable[[Any, int], Any]
# draw number -> standard normal noise of the clip, in the array type of the denoiser
NoiseSource = Callable[[int], Any]
# (index of the step done, noisy, x0_hat)
OnStep = Callable[[int, Any, Any], None]


def add_noise(clean: Any, noise: Any, alpha_bar: float) -> Any:
    """The forward process: ``sqrt(alpha_bar) x0 + sqrt(1 - alpha_bar) noise`` (paper eq. 2)."""
    return math.sqrt(alpha_bar) * clean + math.sqrt(1.0 - alpha_bar) * noise


def reverse_step(
    noisy: Any, x0_hat: Any, noise: Any, alpha_bar_t: float, alpha_bar_s: float, eta: float
) -> Any:
    """One reverse step from noise level t to a lower level s, given the predicted x0.

    DDIM with stochasticity ``eta`` (Song et al. 2021, eq. 12 and 16). With ``eta`` 1 and s = t - 1 it is
    the ancestral step of the paper, i.e. a draw from the posterior q(x_s | x_t, x0).
    """
    variance = (1.0 - alpha_bar_s) / (1.0 - alpha_bar_t) * (1.0 - alpha_bar_t / alpha_bar_s) * eta**2
    towards_noisy = math.sqrt(max(0.0, 1.0 - alpha_bar_s - variance) / (1.0 - alpha_bar_t))
    towards_x0 = math.sqrt(alpha_bar_s) - towards_noisy * math.sqrt(alpha_bar_t)
    result = towards_x0 * x0_hat + towards_noisy * noisy
    return result if variance == 0.0 else result + math.sqrt(variance) * noise


def paste_known(x0_hat: Any, masked_plate: Any, known: Any) -> Any:
    """Clip x0_hat to the model's range and put the plate's known pixels over it (reference test.py)."""
    return x0_hat.clip(-1.0, 1.0) * (1.0 - known) + masked_plate * known


def stage_start(
    coarser: np.ndarray | None,
    clip: Clip,
    focus: Focus,
    noise: Any,
    alpha_bar: float,
    as_array: Callable[[np.ndarray], Any],
) -> tuple[Any, Any]:
    """The noisy clip that a stage starts from, in its focus, and the guess of all its clean content.

    Args:
        coarser: x0_hat (1, 3, F, h, w) that the stage before ended with, None for the first stage.
        clip: The plate at the stage's resolution.
        focus: What the stage's reverse diffusion works on.
        noise: Standard normal noise of the focus's size.
        alpha_bar: Of the stage's highest noise level.
        as_array: Brings a NumPy array to the array type in use.
    """
    if coarser is None:
        return noise, clip.plate * 0.0
    seen = focus.clip(clip)
    finer = upsampled(coarser, *clip.size[1:], focus.rows, focus.columns)
    x0_hat = paste_known(as_array(finer), seen.plate, seen.known)
    return add_noise(x0_hat, noise, float(alpha_bar)), focus.put(x0_hat, clip.plate)


def denoise_interval(
    interval: Interval,
    schedule: Schedule,
    denoiser: Denoiser,
    noisy: Any,
    masked_plate: Any,
    known: Any,
    noise_source: NoiseSource,
    *,
    eta: float,
    noise_gain: float = 1.0,
    first_step: int = 0,
    on_step: OnStep | None = None,
    should_stop: ShouldStop = never_stop,
) -> tuple[Any, Any]:
    """Run the reverse diffusion through one interval.

    Args:
        denoiser: The interval's model, predicts x0.
        noisy: The clip at noise level ``interval.times[first_step]``.
        masked_plate: The plate, zero where not known.
        known: 1.0 where the plate is known, 0.0 elsewhere, broadcasts over channels.
        noise_source: Called with the noise level reached; gives the step's fresh noise.
        eta: Share of fresh noise, see ``reverse_step``.
        noise_gain: Standard deviation of the fresh noise; above 1 it puts back what a model of few training
            steps takes away (``S_noise`` of Karras et al. 2022, algorithm 2).
        first_step: Index into ``interval.times`` to go on from.
        on_step: Called after every step with its index, the noisy clip and x0_hat.

    Returns:
        The noisy clip at ``interval.t_next`` (the input's level when the stage ends) and the last x0_hat
        with the known pixels pasted in.

    Raises:
        Cancelled: ``should_stop`` returned true.
    """
    levels = (*interval.times, interval.t_next)
    x0_hat = None
    for i in range(first_step, len(interval.times)):
        raise_if_stopped(should_stop)
        t, s = levels[i], levels[i + 1]
        x0_hat = paste_known(denoiser(noisy, t), masked_plate, known)
        if s >= 0:
            noise = noise_gain * noise_source(s) if eta > 0.0 else None
            noisy = reverse_step(
                noisy, x0_hat, noise, float(schedule.alpha_bar[t]), float(schedule.alpha_bar[s]), eta
            )
        if on_step is not None:
            on_step(i, noisy, x0_hat)
    return noisy, x0_hat
