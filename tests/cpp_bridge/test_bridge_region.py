"""The region reader against OpenImageIO's pixels."""

from __future__ import annotations

import threading
import time

import numpy as np
import OpenImageIO as oiio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infusion_core.box import Box
from infusion_core.errors import InputError
from infusion_core.io import native

WINDOW = Box(-7, 5, 83, 75)  # of every plate of `write_plate`


def read_whole(path, channels, part=0):
    """(H, W, C) float32 of the data window, by OpenImageIO."""
    file = oiio.ImageInput.open(str(path))
    assert file is not None
    assert file.seek_subimage(part, 0)
    names = file.spec().channelnames
    places = [names.index(c) for c in channels]
    planes = [np.array(file.read_image(part, 0, i, i + 1, "float"))[..., 0] for i in places]
    file.close()
    return np.stack(planes, axis=-1)


def cut(whole, box):
    """The box out of a picture over WINDOW, 0 where it lies outside."""
    out = np.zeros((box.height, box.width, whole.shape[-1]), whole.dtype)
    inside = box.intersection(WINDOW)
    if not inside.is_empty:
        out[inside.slices_in(box)] = whole[inside.slices_in(WINDOW)]
    return out


COMPRESSIONS = ("none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab")


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("tile", [0, 16])
def test_every_compression_reads_as_openimageio_does(write_plate, compression, tile):
    path, box = write_plate(compression, tile=tile), Box(-20, 20, 30, 90)
    out = np.full((1, box.height, box.width, 4), 7, np.float32)
    native.read_region([path], box=box, channels=["B", "Z", "R", "A"], out=out)
    np.testing.assert_array_equal(out[0], cut(read_whole(path, ["B", "Z", "R", "A"]), box))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    x=st.integers(-60, 100),
    y=st.integers(-60, 100),
    width=st.integers(1, 120),
    height=st.integers(1, 120),
    tile=st.sampled_from([0, 16, 33]),
)
def test_any_rectangle_is_cut_right_and_zero_outside(write_plate, x, y, width, height, tile):
    path, box = write_plate("zip", tile=tile), Box(x, y, x + width, y + height)
    out = np.full((1, height, width, 2), 7, np.float16)
    native.read_region([path], box=box, channels=["G", "R"], out=out)
    np.testing.assert_array_equal(out[0], cut(read_whole(path, ["G", "R"]), box).astype(np.float16))


def test_many_frames_in_threads_keep_their_order(write_plate):
    paths = [write_plate("piz", size=(20 + n, 50), name=f"p.{n}.exr") for n in range(12)]
    box = Box(0, 6, 30, 22)
    out = np.empty((12, box.height, box.width, 3), np.float32)
    native.read_region(paths, box=box, channels=["R", "G", "B"], out=out, threads=5)
    for frame, path in zip(out, paths, strict=True):
        alone = np.empty((1, *frame.shape), np.float32)
        native.read_region([path], box=box, channels=["R", "G", "B"], out=alone, threads=1)
        np.testing.assert_array_equal(frame, alone[0])


def test_half_bits_come_through(write_plate, read_bits):
    path = write_plate("zip")
    out = np.empty((1, WINDOW.height, WINDOW.width, 1), np.float16)
    native.read_region([path], box=WINDOW, channels=["R"], out=out)
    np.testing.assert_array_equal(out[0, ..., 0].view(np.uint16), read_bits(path)["R"])


def test_a_part_of_many(write_multipart):
    path = write_multipart("zip")
    out = np.empty((1, WINDOW.height, WINDOW.width, 3), np.float32)
    native.read_region([path], box=WINDOW, channels=["R", "G", "B"], out=out, part=1)
    np.testing.assert_array_equal(out[0], read_whole(path, ["R", "G", "B"], part=1))


def test_the_bad_frame_is_named(write_plate, tmp_path):
    good, bad = write_plate("zip", name="good.exr"), tmp_path / "bad.exr"
    bad.write_bytes(good.read_bytes()[:-200])
    out = np.empty((3, WINDOW.height, WINDOW.width, 1), np.float32)
    with pytest.raises(InputError, match="incomplete") as caught:
        native.read_region(
            [good, bad, good], box=WINDOW, channels=["R"], out=out, frames=[7, 8, 9], threads=3
        )
    assert caught.value.frame == 8
    assert str(caught.value.path).endswith("bad.exr")


def test_only_the_chunks_needed_are_decoded(write_plate, raw):
    path = write_plate("zips")
    part = raw(path)[0]
    data = bytearray(path.read_bytes())
    data[part.offsets[60] + 8 : part.offsets[60] + 8 + 40] = bytes(40)  # row 65 cannot be inflated
    path.write_bytes(data)
    top, bottom = Box(0, 5, 20, 60), Box(0, 60, 20, 70)
    native.read_region([path], box=top, channels=["R"], out=np.empty((1, 55, 20, 1), np.float32))
    with pytest.raises(InputError, match="decoded"):
        native.read_region([path], box=bottom, channels=["R"], out=np.empty((1, 10, 20, 1), np.float32))


def test_the_gil_is_released(write_plate):
    """Another Python thread gets on with its work while frames are read."""
    path = write_plate("piz", size=(700, 900), types=("half",) * 4)
    box = Box(-7, 5, 893, 705)
    out = np.empty((8, box.height, box.width, 4), np.float32)
    turns, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            turns[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    try:
        start = time.perf_counter()
        native.read_region([path] * 8, box=box, channels=["R", "G", "B", "A"], out=out, threads=1)
        spent = time.perf_counter() - start
        assert turns[0] >= min(5, spent / 0.02)
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "out",
    [
        np.empty((1, 3, 3, 2), np.float32),
        np.empty((1, 4, 4, 1), np.float64),
        np.empty((1, 4, 4, 2), np.float32)[..., :1],
    ],
)
def test_a_wrong_array_is_a_mistake_of_the_caller(write_plate, out):
    with pytest.raises((ValueError, TypeError)):
        native.read_region([write_plate()], box=Box(0, 10, 4, 14), channels=["R"], out=out)
