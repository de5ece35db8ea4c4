"""A small shot in memory and settings that train in a moment."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import settings as hypothesis_settings

from infusion_core.box import Box
from infusion_core.colour import ColourTransform
from infusion_core.extent import Extent
from infusion_core.settings import Settings, override
from infusion_core.shot import Shot
from infusion_core.tiles import BLOCK

# Examples are timed by the wall clock, which says little on a machine that is busy otherwise.
hypothesis_settings.register_profile("infusion", deadline=None)
hypothesis_settings.load_profile("infusion")


@pytest.fixture(scope="session")
def make_waves() -> Callable[..., Shot]:
    """Build a shot of drifting waves in model range with a hole that moves and hides some places for good."""

    def build(frames: int = 6, height: int = 16, width: int = 24) -> Shot:
        f, y, x = np.mgrid[:frames, :height, :width].astype(np.float32)
        wave = np.sin(x / 3 + f) * 0.5 + 0.3 * np.cos(y / 2 - f / 2)
        plate = np.stack([wave, -wave, 0.5 * wave], axis=-1).astype(np.float32)
        hole = np.zeros((frames, height, width), bool)
        for i in range(frames):
            hole[i, height // 3 : 2 * height // 3, 4 + i // 2 : 9 + i // 2] = True
        return Shot(
            frames=tuple(range(1001, 1001 + frames)),
            box=Box(0, 0, width, height),
            plate=np.where(hole[..., None], 0, plate).astype(np.float32),
            hole=hole,
            known=~hole,
            blend=hole.astype(np.float32),
            colour=ColourTransform("display"),
        )

    return build


@pytest.fixture(scope="session")
def all_hole() -> Callable[[tuple[int, int, int]], Extent]:
    """The extent of a region in which any pixel may belong to the hole: what costs the most."""

    def build(size: tuple[int, int, int]) -> Extent:
        frames, rows, columns = size
        blocks = (frames, -(-rows // BLOCK), -(-columns // BLOCK))
        return Extent(size, min(rows, columns), np.ones(blocks, bool))

    return build


@pytest.fixture(scope="session")
def waves(make_waves: Callable[..., Shot]) -> Shot:
    return make_waves()


@pytest.fixture(scope="session")
def tiny_settings() -> Callable[..., Settings]:
    """Settings of two stages and three intervals that run in a second; tables override them."""

    def build(kind: str = "factored", **tables: Any) -> Settings:
        base = {
            "run": {"device": "cpu", "threads": 1, "precision": "float32"},
            "network": {"kind": kind, "channels": 6, "levels": 2},
            "training": {"window": 4, "crop": 12, "learning_rate": 2e-3},
            "stages": [
                {"scale": 0.5, "t_low": 500, "intervals": 1, "training_steps": 4, "sampling_steps": 3},
                {"t_high": 600, "intervals": 2, "training_steps": 4, "sampling_steps": 3},
            ],
        }
        return override(override(Settings(), base), tables)

    return build
