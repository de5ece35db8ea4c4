"""Generated moving textures and the wrong fills whose scores are known."""

from pathlib import Path

import numpy as np
import pytest

from infusion_core.metrics.regions import gaussian_blur


def moving_texture(seed: int, frames: int = 24, size: int = 48) -> np.ndarray:
    """A stationary texture: coloured noise whose fine detail changes faster than its coarse detail."""
    rng = np.random.default_rng(seed)
    t = np.fft.fftfreq(frames)[:, None, None]
    y = np.fft.fftfreq(size)[None, :, None]
    x = np.fft.fftfreq(size)[None, None, :]
    radius = np.sqrt(x**2 + y**2)
    amplitude = (radius**2 + 0.05**2) ** -0.75 / (1 + ((t + 0.3 * y) / (0.02 + 0.3 * radius)) ** 2)
    noise = np.fft.fftn(rng.standard_normal((frames, size, size)))
    clip = np.fft.ifftn(noise * amplitude).real
    clip = (0.5 + 0.13 * clip / clip.std()).clip(0, 1)
    return (clip[..., None] * np.array([1.0, 0.8, 0.5])).astype(np.float32)


@pytest.fixture(scope="session")
def truth() -> np.ndarray:
    return moving_texture(1)


@pytest.fixture(scope="session")
def hole(truth: np.ndarray) -> np.ndarray:
    inside = np.zeros(truth.shape[:3], bool)
    inside[:, 12:34, 14:38] = True
    return inside


@pytest.fixture(scope="session")
def fills(truth: np.ndarray, hole: np.ndarray) -> dict[str, np.ndarray]:
    return wrong_fills(truth, hole) | {"honest": np.where(hole[..., None], moving_texture(2), truth)}


def wrong_fills(truth: np.ndarray, hole: np.ndarray) -> dict[str, np.ndarray]:
    """Fills that are each wrong in one known way, pasted into the truth."""
    rng = np.random.default_rng(3)
    steps = np.abs(np.diff(truth, axis=0)).mean()
    noise = rng.standard_normal(truth.shape).astype(np.float32)
    still = np.broadcast_to(truth.mean(0), truth.shape)
    fills = {
        "truth": truth,
        "blur": gaussian_blur(truth, 4.0),
        "slight blur": gaussian_blur(truth, 1.5),
        "mean": still,
        "freeze": np.broadcast_to(truth[0], truth.shape),
        # White noise with the very frame difference of the truth: the dynamics ratio cannot tell.
        "noise": (still + 0.886 * steps * noise).clip(0, 1),
        "added noise": (truth + 0.1 * noise).clip(0, 1),
        "shuffle": truth[rng.permutation(len(truth))],
        "shift": np.roll(truth, 5, axis=2),
    }
    return {name: np.where(hole[..., None], fill, truth).astype(np.float32) for name, fill in fills.items()}


@pytest.fixture(scope="session")
def clips_folder() -> Path:
    folder = Path(__file__).resolve().parents[4] / "shared" / "data" / "clips"
    if not folder.is_dir():
        pytest.skip("the shared test clips are not on this machine")
    return folder
