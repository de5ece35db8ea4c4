"""The whole way in a real Blender: comp, operator, real worker and core, EXRs, comp again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blender_shot import FRAMES, plate_picture, read, write_plate

InBlender = Callable[..., Any]

pytestmark = pytest.mark.blender


@pytest.fixture(scope="module")
def filled(in_blender: InBlender, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = write_plate(tmp_path_factory.mktemp("shot"))
    return folder, in_blender("fill", folder)


def test_the_hole_is_filled_within_the_range_and_nothing_else(filled: tuple[Path, dict[str, Any]]) -> None:
    folder, facts = filled
    assert facts["returned"] == ["FINISHED"]
    for frame in FRAMES:
        shown, plate = read(folder / "out" / "filled" / f"{frame}.exr"), plate_picture(frame)
        hole = read(folder / "out" / "roto" / f"{frame}.exr")[..., 0] > 0.02
        assert 40 < hole.sum() < 400
        assert np.array_equal(shown[~hole], plate[~hole]), "known pixels, alpha too, are the plate's"
        assert shown[~hole][:, :3].max() > 1.5
        if 1002 <= frame <= 1005:
            assert np.all(np.any(shown != plate, axis=-1)[hole])
            assert np.all(np.isfinite(shown))
        else:
            assert np.array_equal(shown, plate)
