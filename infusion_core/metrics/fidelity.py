"""How near a result is to the truth, pixel by pixel. These metrics reward blur on moving texture."""

from __future__ import annotations

import numpy as np

from infusion_core.metrics.regions import gaussian_blur, masked_mean

PSNR_CEILING = 100.0
"""What an exact copy scores, dB; keeps the number finite for tables and JSON."""


def psnr(result: np.ndarray, truth: np.ndarray, hole: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB over the hole's pixels, all three channels, peak 1.

    Args:
        result, truth: F H W 3, display-like, 0 to 1.
        hole: F H W bool.
    """
    error = masked_mean(((result - truth) ** 2).mean(-1), hole)
    return float(min(PSNR_CEILING, -10.0 * np.log10(max(error, 1e-12))))


def ssim_map(result: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Structural similarity of every pixel (F H W), mean of the three channels.

    Wang et al. 2004: Gaussian window 11 by 11 with sigma 1.5, K1 0.01, K2 0.03, range 1.
    """

    def local_mean(clip: np.ndarray) -> np.ndarray:
        return gaussian_blur(clip, 1.5, radius=5)

    c1, c2 = 0.01**2, 0.03**2
    mean_r, mean_t = local_mean(result), local_mean(truth)
    variance_r = local_mean(result * result) - mean_r**2
    variance_t = local_mean(truth * truth) - mean_t**2
    covariance = local_mean(result * truth) - mean_r * mean_t
    brightness = (2 * mean_r * mean_t + c1) / (mean_r**2 + mean_t**2 + c1)
    structure = (2 * covariance + c2) / (variance_r + variance_t + c2)
    return (brightness * structure).mean(-1)


def ssim(result: np.ndarray, truth: np.ndarray, hole: np.ndarray) -> float:
    """Structural similarity, -1 to 1, averaged over the hole's pixels (see ``ssim_map``)."""
    return masked_mean(ssim_map(result, truth), hole)
