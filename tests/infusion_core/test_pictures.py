"""Contact sheets: layout, outline, zoom, and files."""

import numpy as np
import OpenImageIO
import pytest

from infusion_core.errors import OutputError
from infusion_core.pictures import (
    GAP,
    OUTLINE,
    contact_sheet,
    outlined,
    pick_frames,
    resized,
    write_picture,
    zoomed,
)


@pytest.fixture
def clip():
    return np.random.default_rng(0).random((3, 20, 32, 3)).astype(np.float32) * 0.5


@pytest.fixture
def hole():
    inside = np.zeros((3, 20, 32), bool)
    for frame in range(3):
        inside[frame, 6:12, 4 + 8 * frame : 10 + 8 * frame] = True
    return inside


def test_frames_are_spread_evenly():
    assert pick_frames(40, 4) == [5, 15, 25, 35]
    assert pick_frames(2, 6) == [0, 1]


def test_the_outline_lies_outside_the_hole_and_touches_nothing_else(clip, hole):
    drawn = outlined(clip, hole)
    changed = (drawn != clip).any(-1)
    assert not changed[hole].any()
    assert (drawn[changed] == OUTLINE).all()
    assert changed[0].sum() == 8 * 8 - 6 * 6


def test_the_outline_fits_scaled_pictures(clip, hole):
    drawn = outlined(resized(clip, 128), hole)
    changed = (drawn == OUTLINE).all(-1)
    assert changed[0, 23, 16:40].all()
    assert not changed[0, 24:48, 16:40].any()


def test_the_zoom_follows_a_moving_hole(hole):
    picture = hole[..., None] * np.ones(3, np.float32)
    crops = zoomed(picture, hole)
    assert crops.shape[1] < 20
    middle = crops[:, crops.shape[1] // 2, crops.shape[2] // 2]
    assert (middle == 1).all()
    assert crops.mean() > 2 * picture.mean()


def test_a_frame_without_a_hole_is_shown_too(clip, hole):
    hole[1] = False
    assert zoomed(clip, hole).shape[0] == 3
    assert np.isfinite(contact_sheet(clip, hole, clip)).all()


def test_the_sheet_shows_every_row_at_its_place(clip, hole):
    result, truth = clip * 0 + 0.25, clip * 0 + 0.75
    with_truth = contact_sheet(clip, hole, result, truth, labels=["1", "2", "3"], width=64)
    without = contact_sheet(clip, hole, result, labels=["1", "2", "3"], width=64)
    assert with_truth.shape[1] == without.shape[1] == GAP + 3 * (64 + GAP)
    assert with_truth.shape[0] > without.shape[0]
    column = with_truth[:, GAP + 32, 0]
    closer = round(64 * 8 / 13)
    closer = 64  # the hole is square
    assert (np.isclose(column, 0.25, atol=0.01)).sum() == 40 + closer
    assert (np.isclose(column, 0.75, atol=0.01)).sum() == 40 + closer


def test_written_pictures_read_back(clip, hole, tmp_path):
    path = tmp_path / "sheets" / "sheet.png"
    picture = contact_sheet(clip, hole, clip, width=48)
    write_picture(path, picture)
    read = OpenImageIO.ImageBuf(str(path)).get_pixels(OpenImageIO.FLOAT)
    assert np.abs(read - picture.clip(0, 1)).max() <= 0.5 / 255 + 1e-6
    assert [file.name for file in path.parent.iterdir()] == ["sheet.png"]


def test_a_place_that_cannot_be_written_is_named(clip, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"sheet\.png"):
        write_picture(tmp_path / "file" / "sheet.png", clip[0])
