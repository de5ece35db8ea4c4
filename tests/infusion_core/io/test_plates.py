import shutil
import time

import numpy as np
import pytest

from infusion_core.box import Box
from infusion_core.errors import InputError
from infusion_core.io.plates import open_plate

pytestmark = pytest.mark.usefixtures("way_to_read")


def test_frames_asked_for_and_frames_there_are(make):
    plate = open_plate(make.sequence("p", range(1001, 1011)), "1003-1007x2")
    assert plate.frames == (1003, 1005, 1007)
    assert plate.available == tuple(range(1001, 1011))
    assert plate.display == Box(0, 0, 32, 24)
    assert plate.channels == ("R", "G", "B")
    assert plate.is_scene_linear
    assert open_plate(plate.sequence.text).frames == plate.available


def test_handles_are_taken_from_what_is_on_disk(make):
    plate = open_plate(make.sequence("p", range(1, 11)), "3-8")
    assert plate.with_handles(0) == tuple(range(3, 9))
    assert plate.with_handles(1) == tuple(range(2, 10))
    assert plate.with_handles(50) == tuple(range(1, 11))


def test_a_still_is_a_plate_of_one_frame(make):
    path = make.exr("still.0007.exr", ({}, make.channels()))
    plate = open_plate(str(path))
    assert plate.frames == (7,)
    assert plate.path(7) == path


@pytest.mark.parametrize("frames", ["1-7", "5-8", "20"])
def test_missing_frames_are_named(make, frames):
    text = make.sequence("p", range(1, 5))
    make.sequence("p", range(6, 7))
    with pytest.raises(InputError) as caught:
        open_plate(text, frames)
    assert caught.value.frame in (5, 20)
    assert "1-4,6" in caught.value.message


def test_a_gap_is_refused_unless_the_range_says_so(make):
    text = make.sequence("p", range(1, 10))
    (make.folder / "p.0005.exr").unlink()
    with pytest.raises(InputError, match=r"gaps; found are 1-4,6-9") as caught:
        open_plate(text)
    assert caught.value.frame == 5
    assert open_plate(text, "1-4,6-9").frames == (1, 2, 3, 4, 6, 7, 8, 9)


def test_a_sequence_on_twos_has_no_gaps(make):
    assert open_plate(make.sequence("p", range(1, 10, 2))).frames == (1, 3, 5, 7, 9)


def test_a_frame_of_another_size_is_named(make):
    text = make.sequence("p", range(1, 9))
    make.sequence("p", range(4, 5), size=(24, 33))
    with pytest.raises(InputError, match="33x24, the first is 32x24") as caught:
        open_plate(text)
    assert caught.value.frame == 4
    assert open_plate(text, "5-8").frames == (5, 6, 7, 8)


def test_a_frame_with_other_channels_is_named(make):
    text = make.sequence("p", range(1, 4))
    make.sequence("p", range(3, 4), R="f2", Z="f4")
    with pytest.raises(InputError, match="has the colour channels R, the first has R, G, B") as caught:
        open_plate(text)
    assert caught.value.frame == 3


@pytest.mark.parametrize("cut", [1, 30, 400, 2000])
@pytest.mark.parametrize(
    "name", ["compression/comp_zips.exr", "colour/Garden.exr", "sequence/multipart.0001.exr"]
)
def test_a_truncated_frame_is_found_before_any_work(shared_exr, tmp_path, name, cut):
    for frame in (1, 2, 3):
        shutil.copy(shared_exr / name, tmp_path / f"p.{frame}.exr")
    broken = tmp_path / "p.2.exr"
    broken.write_bytes(broken.read_bytes()[:-cut])
    with pytest.raises(InputError, match="incomplete") as caught:
        open_plate(str(tmp_path))
    assert caught.value.frame == 2
    assert caught.value.path == str(broken)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "dpx"])
def test_truncated_pictures_of_other_formats_too(make, suffix):
    pixels = make.rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
    path = make.flat(f"p.1.{suffix}", pixels)
    assert open_plate(str(path)).channels == ("R", "G", "B")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(InputError, match=r"incomplete|Cannot open"):
        open_plate(str(path))


def test_real_files_that_broke_off_are_refused(shared_exr):
    names = ["incomplete/incomplete.exr", "incomplete/partial.exr", "storage/tiled.exr"]
    for name in [*names, "incomplete/unfinished_multipart.exr"]:
        with pytest.raises(InputError, match="incomplete"):
            open_plate(str(shared_exr / name))


def test_every_damaged_file_is_refused_when_it_is_opened(shared_exr):
    for path in sorted((shared_exr / "damaged").glob("*.exr")):
        with pytest.raises(InputError) as caught:
            open_plate(str(path))
        assert caught.value.path == str(path)


def test_deep_plates_are_refused(shared_exr):
    for path in sorted((shared_exr / "deep").glob("*.exr")):
        with pytest.raises(InputError, match="deep"):
            open_plate(str(path))


def test_reading_beyond_the_data_window_gives_unknown_zeros(make):
    channels = make.channels((10, 12), odd=False)
    path = make.exr("p.exr", (make.windows((-3, 5, 9, 15), (0, 0, 20, 20)), channels))
    plate = open_plate(str(path))
    rgb, valid = plate.read(1, Box(-10, 0, 25, 30))
    assert valid.sum() == 120
    assert valid[5:15, 7:19].all()
    assert not rgb[~valid].any()
    assert np.array_equal(rgb[5:15, 7:19, 1], channels["G"].astype(np.float32))
    nothing, none_valid = plate.read(1, Box(100, 100, 104, 104))
    assert not none_valid.any()
    assert not nothing.any()


def test_nan_and_infinities_are_not_valid(make):
    channels = make.channels()
    plate = open_plate(str(make.exr("p.exr", ({}, channels))))
    rgb, valid = plate.read(1, plate.display)
    finite = np.all([np.isfinite(channels[name]) for name in "RGB"], axis=0)
    assert not finite.all()
    assert np.array_equal(valid, finite)
    assert np.isfinite(rgb).all()
    assert np.array_equal(rgb[valid][:, 2], channels["B"][valid].astype(np.float32))


def test_grey_and_partial_plates_fill_all_three(make):
    grey = make.channels(odd=False, Y="f2")
    plate = open_plate(str(make.exr("grey.exr", ({}, grey))))
    assert plate.channels == ("Y",)
    assert np.array_equal(
        plate.read(1, plate.display)[0], np.repeat(grey["Y"].astype(np.float32)[..., None], 3, -1)
    )
    partial = make.channels(G="f4", Z="f2", odd=False)
    plate = open_plate(str(make.exr("partial.exr", ({}, partial))))
    assert plate.channels == ("G",)
    assert np.array_equal(plate.read(1, plate.display)[0][..., 0], partial["G"])


@pytest.mark.parametrize(
    ("name", "kind", "is_linear"),
    [
        ("a.png", np.uint8, False),
        ("a.png", np.uint16, False),
        ("a.tif", np.float32, True),
        ("a.dpx", np.uint16, False),
    ],
)
def test_floating_point_means_scene_linear(make, name, kind, is_linear):
    path = make.flat(name, np.ones((8, 8, 3), kind))
    assert open_plate(str(path)).is_scene_linear == is_linear


def test_integers_come_as_0_to_1(make):
    pixels = make.rng.integers(0, 65536, (8, 8, 3), dtype=np.uint16)
    plate = open_plate(str(make.flat("a.png", pixels)))
    assert np.allclose(plate.read(1, plate.display)[0] * 65535, pixels, atol=0.01)


def test_data_windows_may_differ_from_frame_to_frame(shared_exr):
    plate = open_plate(str(shared_exr / "sequence" / "singlepart.%04d.exr"))
    assert plate.display == Box(0, 0, 2048, 1556)
    assert plate.data_window(1) == Box(654, 245, 1565, 1121)
    assert plate.data_window(2) == Box(759, 367, 1671, 1255)
    rgb, valid = plate.read(2, Box(650, 360, 800, 400))
    assert not valid[:, :109].any()
    assert not valid[:7].any()
    assert valid[7:, 109:].all()
    assert rgb.shape == (40, 150, 3)


def test_layers_and_views(shared_exr):
    path = str(shared_exr / "sequence" / "multipart.0001.exr")
    right, left = open_plate(path), open_plate(path, layer="rgba_left")
    assert right.data_window(1) != left.data_window(1)
    with pytest.raises(InputError, match="no layer 'rgba_centre'"):
        open_plate(path, layer="rgba_centre")


def test_a_thousand_headers_are_checked_in_seconds(make):
    text = make.sequence("p", range(1, 2))
    for frame in range(2, 1001):
        shutil.copy(make.folder / "p.0001.exr", make.folder / f"p.{frame:04d}.exr")
    start = time.process_time()
    assert len(open_plate(text).frames) == 1000
    assert time.process_time() - start < 10
