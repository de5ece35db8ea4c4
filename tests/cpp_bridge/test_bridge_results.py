"""Results with the bridge and without it: the same pixels."""

from __future__ import annotations

import numpy as np
import pytest

from infusion_core.box import Box
from infusion_core.io import native
from infusion_core.io.plates import open_plate
from infusion_core.io.results import write_frame

# Reaches beyond the plates' data window, (-7, 5) to (83, 75), on the left and above.
BOX = Box(-12, -2, 40, 45)


def fill_frame(path, target, layer="", alpha="keep"):
    """Write a result with a soft round fill of hot and negative colours."""
    rng = np.random.default_rng(9)
    y, x = np.mgrid[-1 : 1 : BOX.height * 1j, -1 : 1 : BOX.width * 1j]
    blend = np.clip(2 - 2 * np.hypot(x, y), 0, 1).astype(np.float32)
    rgb = rng.normal(3, 4, (*blend.shape, 3)).astype(np.float32)
    plate = open_plate(str(path), layer=layer)
    write_frame(plate, plate.frames[0], target, BOX, rgb, blend, alpha=alpha, hole=blend > 0)


@pytest.fixture
def both_ways(tmp_path, monkeypatch):
    """Write the result by the bridge, then by the OpenEXR library; returns the two files."""

    def write(path, **arguments):
        targets = tmp_path / "bridge" / "out.exr", tmp_path / "fallback" / "out.exr"
        fill_frame(path, targets[0], **arguments)
        with monkeypatch.context() as patch:
            patch.setattr(native, "is_available", lambda: False)
            fill_frame(path, targets[1], **arguments)
        return targets

    return write


ALL = ("none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab")


@pytest.mark.parametrize("compression", ALL)
@pytest.mark.parametrize("tile", [0, 16])
@pytest.mark.parametrize("kind", ["half", "float"])
def test_the_fallback_gives_identical_pixels(write_plate, both_ways, raw, read_bits, compression, tile, kind):
    path = write_plate(compression, tile=tile, types=(*([kind] * 4), "float"))
    bridge, fallback = both_ways(path)
    for name, bits in read_bits(fallback).items():
        np.testing.assert_array_equal(read_bits(bridge)[name], bits, err_msg=name)
    assert raw(bridge)[0].compression == raw(fallback)[0].compression
    assert not np.array_equal(read_bits(bridge)["R"], read_bits(path)["R"])


@pytest.mark.parametrize("tile", [0, 16])
def test_the_fallback_agrees_on_parts(write_multipart, both_ways, raw, read_bits, tile):
    path = write_multipart("dwaa", tile)
    bridge, fallback = both_ways(path, layer="beauty")
    for part in (1, 2):
        for name, bits in read_bits(fallback, part).items():
            np.testing.assert_array_equal(read_bits(bridge, part)[name], bits, err_msg=name)
    for part in (0, 2, 3):
        assert raw(bridge)[part].chunks == raw(path)[part].chunks


def test_the_bridge_is_what_writes(write_plate, both_ways, raw):
    path = write_plate("zips")
    bridge, _ = both_ways(path)
    untouched = [a == b for a, b in zip(raw(path)[0].chunks, raw(bridge)[0].chunks, strict=True)]
    assert not any(untouched[:39])  # the fill's last row, y = 44, is empty
    assert all(untouched[39:])


def test_a_new_alpha_is_left_to_the_fallback(write_plate, both_ways):
    path = write_plate("zip")
    bridge, fallback = both_ways(path, alpha="matte")
    assert bridge.read_bytes() == fallback.read_bytes()


def test_a_frame_without_a_fill_keeps_every_bit(write_plate, read_bits, tmp_path):
    path, target = write_plate("piz"), tmp_path / "out.exr"
    plate = open_plate(str(path))
    nothing = np.zeros((4, 4), np.float32)
    box = Box(500, 500, 504, 504)
    write_frame(plate, plate.frames[0], target, box, np.zeros((4, 4, 3)), nothing, hole=nothing > 0)
    assert target.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("compression", ALL)
@pytest.mark.parametrize("tile", [0, 16])
def test_plates_read_the_same_without_the_bridge(write_plate, monkeypatch, compression, tile):
    plate = open_plate(str(write_plate(compression, tile=tile)))
    with_bridge = plate.read(plate.frames[0], BOX)
    monkeypatch.setattr(native, "is_available", lambda: False)
    without = plate.read(plate.frames[0], BOX)
    np.testing.assert_array_equal(with_bridge[0].view(np.uint32), without[0].view(np.uint32))
    np.testing.assert_array_equal(with_bridge[1], without[1])
    assert with_bridge[1].any()
    assert not with_bridge[1].all()
