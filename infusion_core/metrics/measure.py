"""All metrics of one clip at once."""

from __future__ import annotations

import math

import numpy as np

from infusion_core.errors import InputError
from infusion_core.metrics.fidelity import psnr, ssim
from infusion_core.metrics.patches import nearest_source_distance, sliced_wasserstein
from infusion_core.metrics.regions import bounds
from infusion_core.metrics.summary import summary_score
from infusion_core.metrics.texture import (
    Texture,
    drift_ratio,
    dynamics_ratio,
    laplacian_ratio,
    reference_texture,
    seam_ratio,
    sharpness_ratio,
    speck_ratio,
    spectrum_distance,
)

MARGIN = 24
"""Known pixels kept around the hole, so that filters and the reference ring see their surroundings."""


def _checked(result: np.ndarray, truth: np.ndarray | None, hole: np.ndarray) -> None:
    if result.ndim != 4 or result.shape[-1] != 3:
        raise InputError(f"The result has shape {result.shape}.", remedy="Give an array F H W 3.")
    if truth is not None and truth.shape != result.shape:
        raise InputError(f"Result {result.shape} and truth {truth.shape} differ in shape.")
    if hole.shape != result.shape[:3] or hole.dtype != bool:
        raise InputError(f"The hole is {hole.dtype} {hole.shape}.", remedy="Give bool, F H W, as the result.")
    if not hole.any():
        raise InputError("The hole is empty: there is nothing to measure.")


def measure(
    result: np.ndarray,
    truth: np.ndarray | None,
    hole: np.ndarray,
    generator: np.random.Generator,
    *,
    copying: bool = True,
) -> dict[str, float | None]:
    """Measure a fill inside its hole, against the truth or against the clip's own known texture.

    Args:
        result: F H W 3, display-like float32, 0 to 1 (``to_display``).
        truth: The same shape, or None: then PSNR, SSIM, the copy ratio and the score are None.
        hole: F H W bool, True where the fill is.
        generator: Chooses patches and directions; the same seed gives the same numbers.
        copying: Also measure the distance to the nearest source patch (the slowest of the metrics).

    Returns:
        ``score`` (0 to 100), ``psnr_db``, ``ssim``, ``sharpness_ratio``, ``laplacian_ratio``,
        ``speck_ratio``, ``dynamics_ratio``, ``drift_ratio``, ``spectrum_db``, ``sliced_wasserstein``,
        ``seam_ratio``, ``copy_distance``, ``copy_ratio`` (1: as far from its sources as the truth is). None
        where a metric does not apply.

    Raises:
        InputError: shapes do not fit together or the hole is empty.
    """
    _checked(result, truth, hole)
    side = round(float(hole.sum() / hole.any(axis=(1, 2)).sum()) ** 0.5 / 4)
    rows, columns = bounds(hole, max(MARGIN, side))
    near, near_hole = result[:, rows, columns], hole[:, rows, columns]
    near_truth = None if truth is None else truth[:, rows, columns]
    filled = Texture(near, near_hole)
    reference = reference_texture(near, near_truth, near_hole)
    values = {
        "psnr_db": math.nan if near_truth is None else psnr(near, near_truth, near_hole),
        "ssim": math.nan if near_truth is None else ssim(near, near_truth, near_hole),
        "sharpness_ratio": sharpness_ratio(filled, reference),
        "laplacian_ratio": laplacian_ratio(filled, reference),
        "speck_ratio": speck_ratio(filled, reference),
        "dynamics_ratio": dynamics_ratio(filled, reference),
        "drift_ratio": drift_ratio(filled, reference),
        "spectrum_db": spectrum_distance(filled, reference),
        "sliced_wasserstein": sliced_wasserstein(filled, reference, generator),
        "seam_ratio": seam_ratio(filled, reference, near_hole),
    }
    if copying:
        values |= _copying(result, truth, hole, generator)
    finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
    return {"score": summary_score(finite), **finite}


def _copying(
    result: np.ndarray, truth: np.ndarray | None, hole: np.ndarray, generator: np.random.Generator
) -> dict[str, float]:
    seed = int(generator.integers(2**31))
    distance = nearest_source_distance(result, hole, np.random.default_rng(seed))
    if truth is None:
        return {"copy_distance": distance, "copy_ratio": math.nan}
    honest = nearest_source_distance(truth, hole, np.random.default_rng(seed))
    return {"copy_distance": distance, "copy_ratio": (distance + 1e-4) / (honest + 1e-4)}
