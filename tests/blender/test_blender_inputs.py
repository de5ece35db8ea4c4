"""What a real Blender writes for the worker, and how results with gaps are shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blender_shot import HEIGHT, WIDTH, plate_picture, read, write_exr

InBlender = Callable[..., Any]

pytestmark = pytest.mark.blender


@pytest.mark.parametrize("matte", ["image", "none"])
def test_inputs_are_what_the_comp_shows_whatever_the_scene_is_set_to(
    in_blender: InBlender, shot: Path, matte: str
) -> None:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    picture[4:9, 3:15] = 0.5
    write_exr(shot / "matte.exr", picture)
    facts = in_blender("write_inputs", shot, matte=matte)
    assert facts["shares"] == [1 / 3, 2 / 3, 1.0]
    assert facts["left"], "nothing is left behind in the file"
    assert facts["percentage"] == 25
    assert not (shot / "others").exists(), "other outputs are not written"
    job = json.loads((Path(facts["folder"]) / "job.json").read_text())
    assert job["settings"]["shot"] == {"frames": "1002,1004-1005", "matte_channel": "A"}
    assert sorted(path.name for path in Path(job["plate"]).parent.iterdir()) == [
        f"plate.{frame}.exr" for frame in (1002, 1004, 1005)
    ]
    for frame in (1002, 1004, 1005):
        plate = read(Path(job["plate"] % frame))
        exposed = plate_picture(frame) * [2, 2, 2, 1]
        assert np.array_equal(plate, exposed.astype(np.float32))
        alpha = read(Path(job["matte"] % frame))[..., 3]
        expected = picture[..., 0] if matte == "image" else plate_picture(frame)[..., 3]
        assert np.allclose(alpha, expected, atol=1e-6)


def test_a_result_with_gaps_shows_the_plate_in_them(in_blender: InBlender, shot: Path) -> None:
    for frame in (1002, 1004, 1005):
        write_exr(shot / "flipped" / f"plate.{frame}.exr", plate_picture(frame)[::-1])
    in_blender("show_gaps", shot)
    for frame in range(1001, 1007):
        plate = plate_picture(frame)
        expected = plate[::-1] if frame in (1002, 1004, 1005) else plate
        assert np.array_equal(read(shot / "out" / "gaps" / f"{frame}.exr"), expected), frame


def test_what_cannot_be_done_is_explained(in_blender: InBlender, shot: Path) -> None:
    said = in_blender("refuse", shot)
    for case, words in {
        "no node": "there are: none",
        "unsaved": "never saved",
        "no job": "Press Inpaint",
        "range": "1001-1007",
        "missing frame": "1007",
        "output": "no frame number",
        "more settings": "nonsense",
        "core": "shot.nonsense",
        "no plate": "No plate is linked",
    }.items():
        assert words in said[case], (case, said[case])
    assert said["scenes"] == "1"
