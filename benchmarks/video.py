"""Short side-by-side videos that any browser plays: animated WebP through OpenCV."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.clips import BenchClip
from infusion_core.atomic import replacing
from infusion_core.pictures import outlined, resized

WIDTH = 240
QUALITY = 80


def side_by_side(clip: BenchClip, result: np.ndarray) -> np.ndarray:
    """Truth with the hole's outline, result, truth: (F, h, 3 WIDTH, 3), 0 to 1."""
    truth = resized(clip.truth, WIDTH)
    return np.concatenate([outlined(truth, clip.hole), resized(result, WIDTH), truth], axis=2)


def write_video(path: Path, clip: BenchClip, result: np.ndarray) -> bool:
    """Write the side-by-side video; returns False without OpenCV, which the bench can do without.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        import cv2
    except ImportError:
        return False
    codes = np.round(side_by_side(clip, result)[..., ::-1] * 255).astype(np.uint8)
    animation = cv2.Animation()
    animation.frames = [np.ascontiguousarray(frame) for frame in codes]
    animation.durations = [round(1000 / clip.frames_per_second)] * len(codes)
    with replacing(path) as beside:
        if not cv2.imwriteanimation(str(beside), animation, [cv2.IMWRITE_WEBP_QUALITY, QUALITY]):
            raise OSError("OpenCV could not encode the animation")
    return True
