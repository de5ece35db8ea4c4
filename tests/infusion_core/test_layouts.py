"""Which of several fills looks most like what is around the hole."""

import numpy as np
import pytest

from infusion_core.basis import RGB
from infusion_core.intervals import resolve_intervals
from infusion_core.layouts import is_last_of_layouts, likeliest_layout, unlikeness
from infusion_core.metrics.regions import gaussian_blur
from infusion_core.settings import load_preset

SIZE = (12, 32, 32)


def _texture(seed, size=SIZE):
    """Blobs of some pixels that move a little, (F, H, W, 3)."""
    clip = gaussian_blur(np.random.default_rng(seed).standard_normal((*size, 3)).astype(np.float32), 1.0)
    return clip + np.roll(clip, 1, axis=0)


def _hole():
    hole = np.zeros(SIZE, bool)
    hole[:, 8:22, 10:24] = True
    return hole


def _filled(content):
    return np.where(_hole()[..., None], content, _texture(0))


FAULTS = {
    "haze": lambda clip: gaussian_blur(clip, 2.0),
    "flat": lambda clip: np.zeros_like(clip),
    "brighter": lambda clip: clip + 0.3,
    "frozen": lambda clip: np.broadcast_to(clip[:1], clip.shape),
    "noise": lambda clip: np.random.default_rng(5).permuted(clip, axis=1),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_layout_with_the_texture_around_the_hole_is_the_likeliest(fault, place):
    fills = [_filled(FAULTS[fault](_texture(seed))) for seed in (1, 2)]
    fills.insert(place, _filled(_texture(3)))
    x0_hat = np.stack([RGB.encode(fill).transpose(3, 0, 1, 2) for fill in fills])
    assert likeliest_layout(x0_hat, _hole(), RGB) == place
    assert likeliest_layout(x0_hat, _hole(), RGB, threads=3) == place


def test_one_bad_moment_counts_as_much_as_a_bad_shot():
    good, bad = _texture(1), np.zeros((*SIZE, 3), np.float32)
    once = np.where((np.arange(SIZE[0]) < 6)[:, None, None, None], bad, good)
    assert unlikeness(_filled(once), _hole()) == pytest.approx(unlikeness(_filled(bad), _hole()), rel=0.1)
    assert unlikeness(_filled(good), _hole()) < 0.7 * unlikeness(_filled(once), _hole())


@pytest.mark.parametrize("frames", [1, 5, 100])
def test_any_number_of_frames_is_compared(frames):
    clip = _texture(1, (frames, 16, 16))
    hole = np.zeros(clip.shape[:3], bool)
    hole[:, 4:9, 4:9] = True
    assert 0.0 < unlikeness(clip, hole) < np.inf


def test_where_nothing_is_around_the_hole_any_layout_will_do():
    assert unlikeness(_texture(1), np.ones(SIZE, bool)) == 0.0


def test_a_hole_that_opens_late_is_compared_where_it_is():
    late = _hole()
    late[:8] = False
    assert unlikeness(np.where(late[..., None], 0.0, _texture(0)).astype(np.float32), late) > 0.0


def test_one_layout_is_kept_once_and_none_where_there_is_one():
    several, single = (resolve_intervals(load_preset(name)) for name in ("standard", "paper"))
    kept = [interval for interval in several if is_last_of_layouts(interval, several)]
    assert [(interval.stage, interval.ends_stage) for interval in kept] == [(1, True)]
    assert not any(is_last_of_layouts(interval, single) for interval in single)
