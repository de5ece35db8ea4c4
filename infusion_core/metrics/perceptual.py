"""Metrics of other people's packages, all optional: tOF (OpenCV), ColorVideoVDP, FLIP."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from infusion_core.metrics.regions import bounds, luma, masked_mean


def flow_difference(result: np.ndarray, truth: np.ndarray, hole: np.ndarray) -> float:
    """tOF: mean length of the difference between the optical flows of result and truth in the hole, px.

    Farneback flow of 8-bit luma, pyr_scale 0.5, levels 3, winsize 15, iterations 3, poly_n 5,
    poly_sigma 1.2 (Chu et al. 2020). A flow counts where its first frame lies in the hole.

    Raises:
        ImportError: OpenCV is not installed.
    """
    import cv2

    def flow(one: np.ndarray, following: np.ndarray) -> np.ndarray:
        written_to = np.empty((*one.shape, 2), np.float32)
        return cv2.calcOpticalFlowFarneback(one, following, written_to, 0.5, 3, 15, 3, 5, 1.2, 0)

    def flows(clip: np.ndarray) -> np.ndarray:
        codes = np.round(luma(clip) * 255).astype(np.uint8)
        return np.stack([flow(one, following) for one, following in pairwise(codes)])

    if len(result) < 2:
        return math.nan
    return masked_mean(np.linalg.norm(flows(result) - flows(truth), axis=-1), hole[:-1])


def color_video_vdp(result: np.ndarray, truth: np.ndarray, frames_per_second: float) -> float:
    """ColorVideoVDP of two clips in JOD: 10 cannot be told apart, each JOD less is a clear step worse.

    Mantiuk et al. 2024, standard 4K display, on the CPU.

    Raises:
        ImportError: ``cvvdp`` is not installed, or its torchvision was built for another PyTorch.
    """
    import torch

    try:
        import pycvvdp
    except RuntimeError as error:  # what torchvision raises when its operators do not load
        raise ImportError(f"ColorVideoVDP cannot be loaded: {error}") from error

    model = pycvvdp.cvvdp(display_name="standard_4k", device=torch.device("cpu"), quiet=True)
    score, _ = model.predict(result, truth, dim_order="FHWC", frames_per_second=frames_per_second)
    return float(score)


def flip(result: np.ndarray, truth: np.ndarray, hole: np.ndarray) -> float:
    """FLIP (LDR): mean perceived difference of still frames in the hole, 0 to 1 (Andersson et al. 2020).

    Raises:
        ImportError: ``flip-evaluator`` is not installed.
    """
    import flip_evaluator

    maps = [
        flip_evaluator.evaluate(
            np.ascontiguousarray(a), np.ascontiguousarray(b), "LDR", inputsRGB=True, applyMagma=False
        )[0]
        for a, b in zip(truth, result, strict=True)
    ]
    return masked_mean(np.stack(maps).reshape(hole.shape), hole)


def perceptual(
    result: np.ndarray,
    truth: np.ndarray,
    hole: np.ndarray,
    frames_per_second: float = 24.0,
    *,
    with_jod: bool = False,
) -> dict[str, float | None]:
    """``tof_px``, ``flip`` and, if asked, ``cvvdp_jod`` around the hole; None where a package is missing.

    Args:
        result, truth: F H W 3, display-like, 0 to 1; only the hole's bounding box is compared.
        hole: F H W bool.
        frames_per_second: For ColorVideoVDP.
        with_jod: Also ColorVideoVDP, the only one that imports PyTorch, and the slowest.
    """
    rows, columns = bounds(hole, 16)
    ours, theirs, inside = result[:, rows, columns], truth[:, rows, columns], hole[:, rows, columns]
    metrics: dict[str, Callable[[], float]] = {
        "tof_px": lambda: flow_difference(ours, theirs, inside),
        "flip": lambda: flip(ours, theirs, inside),
    }
    if with_jod:
        metrics["cvvdp_jod"] = lambda: color_video_vdp(ours, theirs, frames_per_second)
    values: dict[str, float | None] = {}
    for name, metric in metrics.items():
        try:
            value = metric()
        except ImportError:
            value = math.nan
        values[name] = value if math.isfinite(value) else None
    return values
