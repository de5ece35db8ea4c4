"""Attributes of every type come through as the bytes they were, and the pixels stay readable."""

import struct

import numpy as np
import OpenEXR
import pytest

from infusion_core.errors import InputError
from infusion_core.io.exr_header import parse_header, take_over_attributes
from infusion_core.io.plates import open_plate
from infusion_core.io.results import write_frame

EVERY_TYPE = {
    "aBox": ("box2f", struct.pack("<4f", 0, 1, 2, 3)),
    "chromaticities": ("chromaticities", struct.pack("<8f", 0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.31, 0.33)),
    "aDouble": ("double", struct.pack("<d", 1.5)),
    "envmap": ("envmap", b"\0"),
    "floats": ("floatvector", struct.pack("<3f", 1, 2, 3)),
    "anInt": ("int", struct.pack("<i", -7)),
    "keyCode": ("keycode", struct.pack("<7i", 1, 2, 3, 4, 5, 4, 64)),
    "m33": ("m33f", struct.pack("<9f", *range(9))),
    "worldToCamera": ("m44f", struct.pack("<16f", *range(16))),
    "m44d": ("m44d", struct.pack("<16d", *range(16))),
    "preview": ("preview", struct.pack("<II", 2, 2) + bytes(range(16))),
    "framesPerSecond": ("rational", struct.pack("<iI", 24000, 1001)),
    "owner": ("string", b"somebody \xc3\xa9"),
    "multiView": ("stringvector", struct.pack("<i", 5) + b"right" + struct.pack("<i", 4) + b"left"),
    "timeCode": ("timecode", struct.pack("<II", 0x12345678, 9)),
    "v3": ("v3d", struct.pack("<3d", 1, 2, 3)),
    "studio/thing": ("studioType", b"anything at all"),
    "cryptomatte/3ae39a5/a_name_that_is_longer_than_31_characters": ("string", b'{"a":"00000001"}'),
}


def write_filled(plate, target, alpha="keep"):
    ones = np.ones((4, 4), np.float32)
    box = plate.display.intersection(plate.display.grown(-8))
    box = type(box)(box.x0, box.y0, box.x0 + 4, box.y0 + 4)
    write_frame(plate, 1, target, box, np.zeros((4, 4, 3), np.float32), ones, alpha=alpha, hole=ones > 0)


def test_attributes_of_every_type_survive(make, tmp_path, raw_attributes):
    plate = open_plate(str(make.exr_with_attributes("p.exr", EVERY_TYPE)))
    write_filled(plate, tmp_path / "out.exr")
    before, after = raw_attributes(plate.path(1)), raw_attributes(tmp_path / "out.exr")
    assert set(EVERY_TYPE) < set(before[0])
    assert after == before
    assert list(after[0]) == list(before[0])


def test_a_new_alpha_is_the_only_difference(make, tmp_path, raw_attributes):
    plate = open_plate(str(make.exr_with_attributes("p.exr", EVERY_TYPE)))
    write_filled(plate, tmp_path / "out.exr", alpha="matte")
    before, after = raw_attributes(plate.path(1))[0], raw_attributes(tmp_path / "out.exr")[0]
    assert {name for name in after if after[name] != before.get(name)} == {"channels"}
    assert set(OpenEXR.File(str(tmp_path / "out.exr"), separate_channels=True).channels()) == set("RGBA")


def test_every_part_gets_its_own_attributes_back(make, tmp_path, raw_attributes):
    path = make.exr(
        "p.exr",
        ({"name": "rgba", "owner": "a", "compression": OpenEXR.DWAB_COMPRESSION}, make.channels((300, 20))),
        ({"name": "depth", "comments": "b" * 5000}, make.channels((300, 20), Z="f4")),
    )
    write_filled(open_plate(str(path)), tmp_path / "out.exr")
    before, after = raw_attributes(path), raw_attributes(tmp_path / "out.exr")
    # zip holds 16 rows in a chunk where dwab holds 256
    assert {name for name in after[0] if after[0][name] != before[0].get(name)} == {
        "compression",
        "chunkCount",
    }
    assert after[1] == before[1]


@pytest.mark.parametrize("line_order", [OpenEXR.INCREASING_Y, OpenEXR.DECREASING_Y])
@pytest.mark.parametrize("size", [(1, 1), (17, 3), (300, 5)])
def test_pixels_are_found_after_the_header_has_grown(make, tmp_path, line_order, size):
    channels = make.channels(size, odd=False)
    rich = make.exr("rich.exr", ({"comments": "x" * 3000, "lineOrder": line_order}, channels))
    plain = make.exr("plain.exr", ({"lineOrder": line_order}, channels))
    take_over_attributes(rich, plain)
    file = OpenEXR.File(str(plain), separate_channels=True)
    assert file.header()["comments"] == "x" * 3000
    assert all(np.array_equal(file.channels()[name].pixels, channels[name]) for name in channels)
    assert OpenEXR.InputFile(str(plain)).isComplete()


@pytest.mark.parametrize("cut", [0, 3, 7, 9, 40, 200])
def test_a_header_without_end_is_an_error(make, cut):
    data = make.exr("p.exr", ({"comments": "x" * 400}, make.channels())).read_bytes()
    with pytest.raises(ValueError, match=r"no end|not an OpenEXR|subsection"):
        parse_header(data[:cut])


def test_a_source_that_is_no_exr_is_named(make):
    written = make.exr("p.exr", ({}, make.channels()))
    source = make.flat("s.png", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(InputError, match="not an OpenEXR file") as caught:
        take_over_attributes(source, written)
    assert caught.value.path == str(source)
