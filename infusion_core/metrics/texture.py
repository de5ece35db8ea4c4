"""Statistics of the filled texture against a reference texture: 1 (or 0 for a distance) is right.

The reference is a clip and a region of it: the truth within the hole where there is a truth,
else the known pixels of the result near the hole. All clips are F H W 3, display-like, 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infusion_core.metrics.regions import detail_bands, eroded, luma, mean_step, median3, ring

FLOOR = 1e-3
"""Added to both sides of a ratio of steps: a quarter of an 8-bit code, so that a still, flat reference
divides and differences that nobody sees do not count."""

POWER_FLOOR = 1e-6
"""Added to both sides of a ratio of powers: about the noise of 8-bit rounding."""


@dataclass(frozen=True)
class Texture:
    """Pixels of a clip: ``clip`` F H W 3, ``region`` F H W bool."""

    clip: np.ndarray
    region: np.ndarray


def reference_texture(result: np.ndarray, truth: np.ndarray | None, hole: np.ndarray) -> Texture:
    """What the fill is compared with: the truth in the hole, or known texture around the hole.

    Without a truth it is the ring of known pixels as wide as a quarter of the hole's diameter, at
    least 8 px, or every known pixel if the ring is empty.
    """
    if truth is not None:
        return Texture(truth, hole)
    area = hole.sum() / max(1, hole.any(axis=(1, 2)).sum())
    near = ring(hole, max(8, round(float(area) ** 0.5 / 4)))
    return Texture(result, near if near.any() else ~hole)


def sharpness_ratio(filled: Texture, reference: Texture) -> float:
    """Mean absolute spatial gradient of the fill over that of the reference; below 1 is blur."""

    def gradient(texture: Texture) -> float:
        return sum(mean_step(texture.clip, texture.region, axis) for axis in (1, 2)) / 2

    return (gradient(filled) + FLOOR) / (gradient(reference) + FLOOR)


def laplacian_ratio(filled: Texture, reference: Texture) -> float:
    """Variance of the five-point Laplacian of luma, fill over reference; below 1 lacks fine detail."""

    def variance(texture: Texture) -> float:
        padded = np.pad(luma(texture.clip), ((0, 0), (1, 1), (1, 1)), mode="edge")
        laplacian = (
            padded[:, :-2, 1:-1] + padded[:, 2:, 1:-1] + padded[:, 1:-1, :-2] + padded[:, 1:-1, 2:]
        ) - 4 * padded[:, 1:-1, 1:-1]
        inner = eroded(texture.region, 1)
        return float(laplacian[inner if inner.any() else texture.region].var(dtype=np.float64))

    return (variance(filled) + POWER_FLOOR) / (variance(reference) + POWER_FLOOR)


def speck_ratio(filled: Texture, reference: Texture) -> float:
    """Mean distance of luma from the median of 3x3 pixels, fill over reference; above 1 are specks and grain.

    A straight edge, however sharp, is its own median; pixels unlike all around them are not.
    """

    def distance(texture: Texture) -> float:
        frames = zip(luma(texture.clip), texture.region, strict=True)
        strays = [np.abs(frame - median3(frame))[region] for frame, region in frames]
        return float(np.concatenate(strays).mean(dtype=np.float64))

    return (distance(filled) + FLOOR) / (distance(reference) + FLOOR)


def dynamics_ratio(filled: Texture, reference: Texture) -> float:
    """Mean absolute difference of neighbouring frames, fill over reference; 0 is frozen.

    NaN for a single frame.
    """
    if len(filled.clip) < 2:
        return float("nan")
    return (mean_step(filled.clip, filled.region, 0) + FLOOR) / (
        mean_step(reference.clip, reference.region, 0) + FLOOR
    )


def drift_ratio(filled: Texture, reference: Texture) -> float:
    """Mean absolute difference of frames far apart, fill over reference; above 1 what should stay does not.

    Frames are a quarter to half of the clip apart. NaN where the clip has less than 8 frames or no pixel is
    in a region for so long.
    """

    def drift(texture: Texture) -> float:
        frames = len(texture.clip)
        steps = []
        for lag in range(frames // 4, frames // 2 + 1):
            both = texture.region[lag:] & texture.region[:-lag]
            steps.append(np.abs(texture.clip[lag:] - texture.clip[:-lag]).mean(-1)[both])
        values = np.concatenate(steps)
        return float(values.mean(dtype=np.float64)) if values.size else float("nan")

    if len(filled.clip) < 8:
        return float("nan")
    return (drift(filled) + FLOOR) / (drift(reference) + FLOOR)


def temporal_spectrum(texture: Texture, length: int) -> np.ndarray:
    """Mean power of luma at each temporal frequency above 0, in three bands of spatial detail.

    A pixel counts wherever it stays in the region for ``length`` frames (runs overlap by half).

    Returns:
        (3, length // 2): bands fine to coarse; (3, 0) if no pixel stays that long.
    """
    window = np.hanning(length + 2)[1:-1].astype(np.float32)[:, None]
    starts = range(0, len(texture.clip) - length + 1, max(1, length // 2))
    stays = [(start, texture.region[start : start + length].all(axis=0)) for start in starts]
    count = sum(int(inside.sum()) for _, inside in stays)
    if not count:
        return np.zeros((3, 0))
    powers = []
    for band in detail_bands(luma(texture.clip)[..., None]):
        total = np.zeros(length // 2)
        for start, inside in stays:
            series = band[start : start + length, inside, 0]
            centred = (series - series.mean(axis=0, keepdims=True)) * window
            total += (np.abs(np.fft.rfft(centred, axis=0)[1:]) ** 2).sum(axis=1)
        powers.append(total / (count * float((window**2).sum())))
    return np.stack(powers)


def spectrum_distance(filled: Texture, reference: Texture) -> float:
    """Mean absolute difference of temporal power spectra over bands and frequencies, dB; 0 is right.

    Fine, middle and coarse detail are compared apart, so noise cannot stand in for motion.
    The longest of 32, 16, 8 or 4 frames is taken for which pixels stay in both regions; NaN where none do.
    """
    for length in (32, 16, 8, 4):
        powers = [temporal_spectrum(texture, length) for texture in (filled, reference)]
        if all(power.size for power in powers):
            ours, theirs = (np.log10(power + POWER_FLOOR) for power in powers)
            return float(10 * np.abs(ours - theirs).mean())
    return float("nan")


def seam_ratio(filled: Texture, reference: Texture, hole: np.ndarray) -> float:
    """Gradient across the hole's edge over the reference's gradient; above 1 shows a seam.

    With a truth the reference gradient is the truth's across the same edge; without one it is that of
    the known texture near the hole.
    """

    def across_edge(clip: np.ndarray) -> float:
        steps = []
        for axis in (1, 2):
            edge = np.diff(hole, axis=axis)
            steps.append(np.abs(np.diff(clip, axis=axis)).mean(-1)[edge])
        values = np.concatenate(steps)
        return float(values.mean(dtype=np.float64)) if values.size else float("nan")

    if reference.clip is filled.clip:
        expected = sum(mean_step(reference.clip, reference.region, axis) for axis in (1, 2)) / 2
    else:
        expected = across_edge(reference.clip)
    return (across_edge(filled.clip) + FLOOR) / (expected + FLOOR)
