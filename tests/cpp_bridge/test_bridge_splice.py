"""Splicing: what is not touched stays byte for byte, what is known stays bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from infusion_core.box import Box
from infusion_core.errors import InputError
from infusion_core.io import native

LOSSLESS = ("none", "rle", "zips", "zip", "piz", "pxr24")
LOSSY = ("b44", "dwaa", "dwab")
NUMBERS = dict(zip((*LOSSLESS, "b44", "b44a", "dwaa", "dwab"), range(10), strict=True))
BOX = Box(10, 30, 40, 45)  # inside the plate's window, which starts at (-7, 5)
ORIGIN = (-7, 5)


@pytest.fixture
def fill():
    """New RGB for BOX and a ragged mask; the new values cannot be mistaken for the plate's."""
    rng = np.random.default_rng(1)
    mask = rng.random((BOX.height, BOX.width)) < 0.7
    pixels = {c: rng.uniform(100, 200, mask.shape).astype(np.float16) for c in "RGB"}
    return pixels, mask


def rows_of(chunk_lines: int, height: int) -> set[int]:
    """Numbers of the scan-line chunks that BOX meets in a plate of `height` lines."""
    return {y // chunk_lines for y in range(BOX.y0 - ORIGIN[1], BOX.y1 - ORIGIN[1]) if y < height}


def expected_bits(before, pixels, mask):
    rows = slice(BOX.y0 - ORIGIN[1], BOX.y1 - ORIGIN[1])
    columns = slice(BOX.x0 - ORIGIN[0], BOX.x1 - ORIGIN[0])
    after = {name: bits.copy() for name, bits in before.items()}
    for name, new in pixels.items():
        region = after[name][rows, columns]
        region[mask] = new.view(region.dtype)[mask]
    return after


def assert_same_bits(got, expected):
    assert got.keys() == expected.keys()
    for name, bits in expected.items():
        np.testing.assert_array_equal(got[name], bits, err_msg=name)


@pytest.mark.parametrize("compression", [*LOSSLESS, *LOSSY])
@pytest.mark.parametrize("tile", [0, 16])
def test_chunks_outside_the_rectangle_are_copied_byte_for_byte(
    write_plate, raw, fill, tmp_path, compression, tile
):
    source, target = write_plate(compression, tile=tile), tmp_path / "out.exr"
    report = native.splice(source, target, box=BOX, pixels=fill[0], mask=fill[1], exact=False)
    before, after = raw(source)[0], raw(target)[0]
    assert after.attributes == before.attributes
    assert before.compression == NUMBERS[compression]
    changed = {i for i, (a, b) in enumerate(zip(before.chunks, after.chunks, strict=True)) if a != b}
    if tile:
        assert len(before.chunks) == 5 * 6
        columns = 6
        touched = {
            y // tile * columns + x // tile
            for y in range(BOX.y0 - ORIGIN[1], BOX.y1 - ORIGIN[1])
            for x in range(BOX.x0 - ORIGIN[0], BOX.x1 - ORIGIN[0])
        }
    else:
        lines = {"zip": 16, "pxr24": 16, "piz": 32, "b44": 32, "dwaa": 32, "dwab": 256}.get(compression, 1)
        touched = rows_of(lines, 70)
    assert changed == touched
    assert report.chunks_encoded == len(touched)
    assert report.chunks_copied == len(before.chunks) - len(touched)


@pytest.mark.parametrize("compression", LOSSLESS)
@pytest.mark.parametrize("tile", [0, 16])
def test_lossless_plates_keep_compression_and_every_known_bit(
    write_plate, raw, read_bits, fill, tmp_path, compression, tile
):
    source, target = write_plate(compression, tile=tile), tmp_path / "out.exr"
    native.splice(source, target, box=BOX, pixels=fill[0], mask=fill[1])
    assert raw(target)[0].compression == NUMBERS[compression]
    assert_same_bits(read_bits(target), expected_bits(read_bits(source), *fill))


@pytest.mark.parametrize("compression", LOSSY)
@pytest.mark.parametrize("tile", [0, 16])
def test_lossy_plates_become_zip_when_exact(write_plate, raw, read_bits, fill, tmp_path, compression, tile):
    source, target = write_plate(compression, tile=tile, size=(300, 90)), tmp_path / "out.exr"
    native.splice(source, target, box=BOX, pixels=fill[0], mask=fill[1])
    assert raw(target)[0].compression == NUMBERS["zip"]
    assert_same_bits(read_bits(target), expected_bits(read_bits(source), *fill))


def test_pxr24_with_new_float_pixels_becomes_zip(write_plate, raw, read_bits, tmp_path):
    source, target = write_plate("pxr24"), tmp_path / "out.exr"
    mask = np.ones((BOX.height, BOX.width), bool)
    pixels = {"Z": np.full(mask.shape, np.pi, np.float32)}  # does not fit into 24 bits
    native.splice(source, target, box=BOX, pixels=pixels, mask=mask)
    assert raw(target)[0].compression == NUMBERS["zip"]
    assert_same_bits(read_bits(target), expected_bits(read_bits(source), pixels, mask))


@pytest.mark.parametrize("compression", [*LOSSY, "b44a"])
@pytest.mark.parametrize("tile", [0, 16])
def test_an_inexact_splice_of_a_lossy_plate_changes_only_touched_chunks(
    write_plate, read_bits, tmp_path, compression, tile
):
    source, target = write_plate(compression, tile=tile, size=(300, 90)), tmp_path / "out.exr"
    lines = tile or {"dwab": 256}.get(compression, 32)
    mask = np.ones((BOX.height, BOX.width), bool)
    fill = {c: np.full(mask.shape, 3, np.float16) for c in "RGB"}
    native.splice(source, target, box=BOX, pixels=fill, mask=mask, exact=False)
    before, after = read_bits(source), read_bits(target)
    for name in "RGB":
        changed = np.argwhere(before[name] != after[name])
        assert changed.min(axis=0)[0] >= (BOX.y0 - ORIGIN[1]) // lines * lines
        assert changed.max(axis=0)[0] < -(-(BOX.y1 - ORIGIN[1]) // lines) * lines
    filled = after["R"].view(np.float16)[25:40, 17:47].astype(float)
    assert np.median(np.abs(filled - 3)) < 0.1


def test_a_mask_keeps_nan_payloads_and_empty_rows_are_raw(write_plate, raw, read_bits, tmp_path):
    plain, source, target = write_plate("zips"), tmp_path / "nan.exr", tmp_path / "out.exr"
    mask = np.zeros((BOX.height, BOX.width), bool)
    mask[3] = True
    payload = np.array(0x7E55, np.uint16).view(np.float16)
    native.splice(plain, source, box=BOX, pixels={"R": np.full(mask.shape, payload)}, mask=mask)
    assert (read_bits(source)["R"] == 0x7E55).sum() == BOX.width
    other = np.zeros_like(mask)
    other[3, 0] = True
    report = native.splice(source, target, box=BOX, pixels={"G": np.ones(mask.shape, np.float16)}, mask=other)
    assert report.chunks_encoded == 1
    assert (read_bits(target)["R"] == 0x7E55).sum() == BOX.width


def test_an_empty_mask_gives_the_same_file(write_plate, tmp_path):
    source, target = write_plate("dwaa"), tmp_path / "out.exr"
    mask = np.zeros((BOX.height, BOX.width), bool)
    native.splice(
        source, target, box=BOX, pixels={"R": np.ones(mask.shape, np.float16)}, mask=mask, exact=False
    )
    assert target.read_bytes() == source.read_bytes()


def test_a_plate_may_be_spliced_in_place(write_plate, read_bits, fill):
    source = write_plate("piz")
    before = read_bits(source)
    native.splice(source, source, box=BOX, pixels=fill[0], mask=fill[1])
    assert_same_bits(read_bits(source), expected_bits(before, *fill))
    assert [p.name for p in source.parent.iterdir()] == [source.name]


def test_arrays_of_any_layout_and_byte_order_are_taken(write_plate, read_bits, fill, tmp_path):
    source, target = write_plate(), tmp_path / "out.exr"
    pixels = {name: np.asfortranarray(array.astype(">f2")) for name, array in fill[0].items()}
    native.splice(source, target, box=BOX, pixels=pixels, mask=np.asfortranarray(fill[1]))
    assert_same_bits(read_bits(target), expected_bits(read_bits(source), *fill))


def test_threads_do_not_change_the_file(write_plate, fill, tmp_path):
    source = write_plate("dwab", size=(600, 90))
    files = []
    for threads in (1, 5):
        target = tmp_path / f"{threads}.exr"
        native.splice(source, target, box=BOX, pixels=fill[0], mask=fill[1], threads=threads)
        files.append(target.read_bytes())
    assert files[0] == files[1]


def test_oiio_sees_the_same_header(write_plate, fill, tmp_path):
    source, target = write_plate("zip", owner="someone"), tmp_path / "out.exr"
    native.splice(source, target, box=BOX, pixels=fill[0], mask=fill[1])
    specs = []
    for path in (source, target):
        file = oiio.ImageInput.open(str(path))
        assert file is not None
        specs.append(file.spec().to_xml())
        file.close()
    assert specs[0] == specs[1]
    difference = oiio.ImageBufAlgo.compare(oiio.ImageBuf(str(source)), oiio.ImageBuf(str(target)), 0.0, 0.0)
    assert difference.nfail == fill[1].sum()


@pytest.mark.parametrize(
    ("name", "dtype", "box", "message"),
    [
        ("Q", np.float16, BOX, "no channel 'Q'"),
        ("Z", np.float16, BOX, "type"),
        ("R", np.float16, Box(80, 30, 84, 33), "data window"),
    ],
)
def test_unsuitable_patches_are_refused(write_plate, tmp_path, name, dtype, box, message):
    source, target = write_plate(), tmp_path / "out.exr"
    mask = np.ones((box.height, box.width), bool)
    with pytest.raises(InputError, match=message) as caught:
        native.splice(source, target, box=box, pixels={name: np.ones(mask.shape, dtype)}, mask=mask, frame=12)
    assert caught.value.frame == 12
    assert Path(str(caught.value.path)) == source
    assert not target.exists()
