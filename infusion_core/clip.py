"""The shot at one stage's resolution, channels first. NumPy only, so that rendering needs no PyTorch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from infusion_core.basis import ColourBasis
from infusion_core.clip_size import scaled_size
from infusion_core.resample import box_matrix, cubic_matrix, resampled

if TYPE_CHECKING:
    from infusion_core.shot import Shot

KNOWN_SHARE = 0.499  # half, but for rounding


@dataclass(frozen=True)
class Clip:
    """What the network sees of a shot.

    Attributes:
        plate: (1, 3, F, H, W) float32, colours in the run's basis, zero where not known.
        known: (1, 1, F, H, W) float32, 1 where the plate may be learned from and pasted.
        hole: (F, H, W) bool, NumPy: what is to be filled. Nothing of it is known, but what is not known may
            lie outside of it: beyond the picture's edge, or NaN in the plate.

    The first two are NumPy arrays, or PyTorch tensors once the engine has moved them to its device.
    """

    plate: Any
    known: Any
    hole: np.ndarray

    @property
    def size(self) -> tuple[int, int, int]:
        """Frames, rows, columns."""
        frames, rows, columns = self.plate.shape[2:]
        return frames, rows, columns


def clip_from_shot(shot: Shot, basis: ColourBasis) -> Clip:
    """The shot at its own resolution, its colours in ``basis``."""
    plate = np.empty((1, 3, *shot.size), np.float32)
    for i, (colours, known) in enumerate(zip(shot.plate, shot.known, strict=True)):
        plate[0, :, i] = np.where(known[..., None], basis.encode(colours), 0.0).transpose(2, 0, 1)
    return Clip(plate, shot.known[None, None].astype(np.float32), shot.hole)


def all_unknown_filled(plate: Any, known: Any) -> Clip:
    """A clip in which all that is not known is to be filled; NumPy arrays, or tensors on the CPU."""
    return Clip(plate, known, np.asarray(known[0, 0]) == 0)


def filled(shot: Shot, x0_hat: np.ndarray, basis: ColourBasis) -> np.ndarray:
    """The shot with what is not known taken from ``x0_hat`` (1, 3, F, H, W); (F, H, W, 3) model range.

    No channel goes below or above all that is known of it: the network's own colours reach beyond those of
    the plate, and where that is never negative the fill must not be either.
    """
    result = frames_last(x0_hat, basis)
    if shot.known.any():
        for channel in range(3):
            seen, filling = shot.plate[..., channel][shot.known], result[..., channel]
            np.clip(filling, seen.min(), seen.max(), out=filling)
    np.copyto(result, shot.plate, where=shot.known[..., None])
    return result


def frames_last(x0_hat: np.ndarray, basis: ColourBasis) -> np.ndarray:
    """``x0_hat`` (1, 3, F, h, w) as (F, h, w, 3) in model range."""
    return basis.decode(x0_hat[0].transpose(1, 2, 3, 0))


def scaled_clip(clip: Clip, scale: float) -> Clip:
    """The clip at a lower resolution.

    Known pixels are averaged; a pixel is known when half of it was. Were all of it asked for, a coarse fill
    would not know what touches the hole, and contradict it where a finer stage shows both.
    """
    if scale == 1.0:
        return clip
    _, height, width = clip.size
    return box_scaled(clip, *scaled_size(height, width, scale))


def box_scaled(clip: Clip, rows: int, columns: int) -> Clip:
    """The clip at no more than its own size, as ``scaled_clip``."""
    _, height, width = clip.size
    matrices = box_matrix(height, rows), box_matrix(width, columns)
    share = resampled(clip.known, *matrices)
    known = (share > KNOWN_SHARE).astype(np.float32)
    plate = resampled(clip.plate, *matrices) / np.maximum(share, 1e-6) * known
    touched = resampled(clip.hole.astype(np.float32), *matrices) > 0
    return Clip(plate, known, touched & (known[0, 0] == 0))


def upsampled(
    video: np.ndarray, height: int, width: int, rows: slice = slice(None), columns: slice = slice(None)
) -> np.ndarray:
    """``video`` (..., h, w) at a higher resolution, cubic; of that only some rows and columns."""
    h, w = video.shape[-2:]
    return resampled(video, cubic_matrix(h, height)[rows], cubic_matrix(w, width)[columns])


def deviation(frames: Iterable[np.ndarray], known: np.ndarray) -> np.ndarray:
    """Standard deviation (3,) of what is known, (F, H, W) bool, of frames (3, H, W) given one by one.

    0 where nothing is.
    """
    total, squares = np.zeros(3), np.zeros(3)
    for frame, shown in zip(frames, known, strict=True):
        values = frame[:, shown].astype(np.float64)
        total += values.sum(axis=1)
        squares += (values**2).sum(axis=1)
    count = max(1, int(known.sum()))
    variance: np.ndarray = squares / count - (total / count) ** 2
    return np.sqrt(variance.clip(0.0)).astype(np.float32)


def background(plate: Any, known: Any) -> tuple[Any, Any]:
    """What each pixel shows on average when it is known, and how often it is known.

    Args:
        plate: (N, 3, F, H, W), zero where not known.
        known: (N, 1, F, H, W).

    Returns:
        (N, 3, 1, H, W) and (N, 1, 1, H, W).
    """
    share = known.mean(axis=2, keepdims=True)
    return plate.mean(axis=2, keepdims=True) / share.clip(1e-6), share
