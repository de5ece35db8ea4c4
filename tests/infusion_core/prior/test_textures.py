"""Procedural clips to learn from before any shot."""

import numpy as np
import pytest

from infusion_core.basis import HEAD_ROOM
from infusion_core.prior.layers import KINDS, PATTERNS, still
from infusion_core.prior.textures import procedural_clip

SIZE = (6, 32, 36)


@pytest.mark.parametrize("seed", range(12))
def test_a_clip_looks_like_a_shot_in_its_own_colours(seed):
    clip = procedural_clip(np.random.default_rng(seed), SIZE)
    assert clip.shape == (3, *SIZE)
    assert clip.dtype == np.float32
    assert np.isfinite(clip).all()
    np.testing.assert_allclose(clip.mean((1, 2, 3)), 0, atol=1e-4)
    reach = np.percentile(np.abs(clip), 99.95, axis=(1, 2, 3))
    assert reach.max() == pytest.approx(1 / HEAD_ROOM, rel=1e-3)
    assert (clip[0].std() > 0.02).all()


def test_the_same_state_makes_the_same_clip_and_another_makes_another():
    first, again, other = (procedural_clip(np.random.default_rng(seed), SIZE) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.05


def test_some_clips_keep_still_and_some_are_never_still():
    change = []
    for seed in range(40):
        clip = procedural_clip(np.random.default_rng(seed), SIZE)
        change.append(np.abs(np.diff(clip[0], axis=0)).mean() / clip[0].std())
    assert min(change) < 0.1
    assert max(change) > 0.6


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_has_structure(pattern):
    picture = pattern(np.random.default_rng(1), 32, 40)
    assert picture.shape == (32, 40)
    assert picture.std() > 0.3


@pytest.mark.parametrize("make", [make for make, _ in KINDS])
def test_every_kind_of_layer_but_the_still_one_moves(make):
    moved = [np.abs(np.diff(make(np.random.default_rng(seed), SIZE), axis=0)).mean() for seed in range(4)]
    assert (max(moved) == 0) == (make is still)
