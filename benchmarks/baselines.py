"""Fills without diffusion, to compare with. Each takes plate (F H W 3, 0 to 1) and hole (F H W)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Baseline = Callable[[np.ndarray, np.ndarray], np.ndarray]
RADIUS = 3.0
"""Neighbourhood of OpenCV's two inpainting methods, px; their usual choice."""


def _codes(plate: np.ndarray) -> np.ndarray:
    """8-bit BGR, which OpenCV's methods work on."""
    return np.ascontiguousarray(np.round(plate[..., ::-1] * 255).astype(np.uint8))


def _pasted(codes: np.ndarray, plate: np.ndarray, hole: np.ndarray) -> np.ndarray:
    fill = codes[..., ::-1].astype(np.float32) / 255
    return np.where(hole[..., None], fill, plate).astype(np.float32)


def _per_frame(plate: np.ndarray, hole: np.ndarray, method: int) -> np.ndarray:
    import cv2

    frames = [
        cv2.inpaint(frame, mask.astype(np.uint8), RADIUS, method)
        for frame, mask in zip(_codes(plate), hole, strict=True)
    ]
    return _pasted(np.stack(frames), plate, hole)


def telea(plate: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """OpenCV's fast marching inpainting, frame by frame (Telea 2004)."""
    import cv2

    return _per_frame(plate, hole, cv2.INPAINT_TELEA)


def navier_stokes(plate: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """OpenCV's Navier-Stokes inpainting, frame by frame (Bertalmio et al. 2001)."""
    import cv2

    return _per_frame(plate, hole, cv2.INPAINT_NS)


def shift_map(plate: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Patches copied from the same frame: OpenCV's shift-map inpainting (after He and Sun 2012)."""
    import cv2

    frames = []
    for frame, mask in zip(_codes(plate), hole, strict=True):
        lab = cv2.cvtColor(frame, cv2.COLOR_BGR2Lab)
        filled = np.zeros_like(lab)
        cv2.xphoto.inpaint(lab, np.where(mask, 0, 255).astype(np.uint8), filled, cv2.xphoto.INPAINT_SHIFTMAP)
        frames.append(cv2.cvtColor(filled, cv2.COLOR_Lab2BGR))
    return _pasted(np.stack(frames), plate, hole)


def temporal_median(plate: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The median over time of what each pixel shows while it is known; Telea where it is never known."""
    ever = ~hole.all(axis=0)
    seen = np.where(hole[..., None], np.float32(np.nan), plate)[:, ever]
    clean = np.zeros(plate.shape[1:], np.float32)
    clean[ever] = np.nanmedian(seen, axis=0)
    filled = np.where(hole[..., None], clean, plate).astype(np.float32)
    return filled if ever.all() else telea(filled, hole & ~ever)


BASELINES: dict[str, Baseline] = {
    "telea": telea,
    "navier-stokes": navier_stokes,
    "shift-map": shift_map,
    "temporal-median": temporal_median,
}
