"""Splicing files of several parts, kinds of storage and resolutions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from infusion_core.box import Box
from infusion_core.errors import InputError
from infusion_core.io import native

BOX = Box(10, 30, 40, 45)
ONES = {"R": np.ones((15, 30), np.float16)}
ALL = np.ones((15, 30), bool)


def oiio_tool(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).parent / name
    if not script.exists():
        pytest.skip(f"{name} is not installed beside Python")
    return subprocess.run([script, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("compression", ["none", "rle", "zips", "zip", "piz", "pxr24"])
@pytest.mark.parametrize("tile", [0, 16])
def test_other_parts_are_copied_byte_for_byte(write_multipart, raw, tmp_path, compression, tile):
    source, target = write_multipart(compression, tile), tmp_path / "out.exr"
    native.splice(source, target, box=BOX, pixels=ONES, mask=ALL, part=1)
    before, after = raw(source), raw(target)
    for number in (0, 2, 3):
        assert after[number].header == before[number].header
        assert after[number].chunks == before[number].chunks
    assert after[1].header == before[1].header
    changed = [a != b for a, b in zip(before[1].chunks, after[1].chunks, strict=True)]
    assert 0 < sum(changed) < len(changed)


@pytest.mark.parametrize("compression", ["b44a", "dwaa", "dwab"])
@pytest.mark.parametrize("tile", [0, 16])
def test_a_lossy_part_becomes_zip_between_untouched_ones(
    write_multipart, raw, read_bits, tmp_path, compression, tile
):
    source, target = write_multipart(compression, tile), tmp_path / "out.exr"
    native.splice(source, target, box=BOX, pixels=ONES, mask=ALL, part=1)
    before, after = raw(source), raw(target)
    assert [part.compression for part in after] == [2, 3, 4, 2]
    for number in (0, 2, 3):
        assert after[number].header == before[number].header
        assert after[number].chunks == before[number].chunks
    old, new = read_bits(source, 1), read_bits(target, 1)
    old["R"][25:40, 17:47] = np.float16(1).view(np.uint16)
    for name, bits in old.items():
        np.testing.assert_array_equal(new[name], bits)


def test_openimageio_and_its_tools_agree(write_multipart, tmp_path):
    source, target, same = write_multipart(), tmp_path / "out.exr", tmp_path / "same.exr"
    native.splice(source, target, box=BOX, pixels=ONES, mask=ALL, part=1)
    native.splice(source, same, box=BOX, pixels=ONES, mask=~ALL, part=1)
    texts = [oiio_tool("oiiotool", "--info", "-v", "-a", path) for path in (source, target)]
    assert texts[0].returncode == texts[1].returncode == 0
    lines = [text.stdout.replace(str(path), "") for text, path in zip(texts, (source, target), strict=True)]
    assert lines[0] == lines[1]
    assert "PASS" in oiio_tool("idiff", "-a", source, same).stdout
    for number in range(4):
        a, b = (oiio.ImageBuf(str(path), number, 0) for path in (source, target))
        if not a.spec().deep:
            changed = oiio.ImageBufAlgo.compare(a, b, 0.0, 0.0).nfail
            assert changed == (BOX.width * BOX.height if number == 1 else 0)


def read_deep(path: Path, part: int) -> oiio.DeepData:
    file = oiio.ImageInput.open(str(path))
    assert file is not None
    samples = file.read_native_deep_image(part, 0)
    assert samples is not None
    return samples


def test_deep_parts_decode_to_the_same_samples(write_multipart, tmp_path):
    source, target = write_multipart(), tmp_path / "out.exr"
    native.splice(source, target, box=BOX, pixels=ONES, mask=ALL, part=1)
    for number in (0, 3):
        a, b = (read_deep(path, number) for path in (source, target))
        assert a.pixels == b.pixels
        for pixel in range(0, a.pixels, 37):
            assert a.samples(pixel) == b.samples(pixel)
            for channel in range(a.channels):
                for sample in range(a.samples(pixel)):
                    old, new = (d.deep_value(pixel, channel, sample) for d in (a, b))
                    assert old == new


def test_filling_a_deep_part_is_refused(write_multipart, tmp_path):
    with pytest.raises(InputError, match="deep"):
        native.splice(write_multipart(), tmp_path / "out.exr", box=BOX, pixels=ONES, mask=ALL, part=0)
    with pytest.raises(InputError, match="no part 4"):
        native.splice(write_multipart(), tmp_path / "out.exr", box=BOX, pixels=ONES, mask=ALL, part=4)


@pytest.mark.parametrize("compression", ["zip", "dwaa"])
def test_lower_mip_levels_keep_their_pixels(write_mipmap, raw, read_bits, tmp_path, compression):
    source, target = write_mipmap(compression), tmp_path / "out.exr"
    native.splice(source, target, box=BOX, pixels={"R": np.ones(ALL.shape, np.float32)}, mask=ALL)
    for level in range(1, 7):
        for name, bits in read_bits(source, 0, level).items():
            np.testing.assert_array_equal(read_bits(target, 0, level)[name], bits)
    assert not np.array_equal(read_bits(source)["R"], read_bits(target)["R"])
    if compression == "zip":
        assert raw(source)[0].chunks[30:] == raw(target)[0].chunks[30:]


@pytest.mark.parametrize("compression", ["zip", "dwab"])
def test_decreasing_line_order_is_kept(write_plate, raw, read_bits, tmp_path, compression):
    source, target = (
        write_plate(compression, size=(300, 90), **{"openexr:lineOrder": "decreasingY"}),
        tmp_path / "out.exr",
    )
    native.splice(source, target, box=BOX, pixels=ONES, mask=ALL)
    part = raw(target)[0]
    assert part.attributes["lineOrder"] == b"\1"
    assert list(part.offsets) == sorted(part.offsets, reverse=True) or compression == "dwab"
    if compression == "dwab":
        assert len(part.chunks) == -(-300 // 16)
    old, new = read_bits(source), read_bits(target)
    np.testing.assert_array_equal(old["G"], new["G"])


@pytest.mark.parametrize(
    ("name", "channel", "part"),
    [
        ("sequence/multipart.0001.exr", "R", 0),
        ("sequence/singlepart.0001.exr", "R", 0),
        ("storage/lineOrder_decreasing.exr", "R", 0),
        ("storage/v1.7.test.tiled.exr", "G", 0),
        ("storage/ColorCodedLevels.exr", "R", 0),
        ("compression/comp_dwaa_v2.exr", "R", 0),
        ("layers/cryptoasset.exr", "uCryptoAsset00.red", 0),
        ("windows/window_t08.exr", "R", 0),
        ("layers/multipart-preview.exr", "R", 1),
        ("values/AllHalfValues.exr", "R", 0),
    ],
)
def test_production_files_keep_all_but_the_rectangle(shared_exr, read_bits, tmp_path, name, channel, part):
    source, target = shared_exr(name), tmp_path / "out.exr"
    file = oiio.ImageInput.open(str(source))
    assert file is not None
    spec = file.spec()
    x, y = spec.x + spec.width // 3, spec.y + spec.height // 3
    box = Box(x, y, x + 9, y + 7)
    kind = {"half": np.float16, "float": np.float32}[str(spec.channelformat(spec.channelindex(channel)))]
    new = np.random.default_rng(3).uniform(0, 1, (7, 9)).astype(kind)
    native.splice(source, target, box=box, pixels={channel: new}, mask=np.ones((7, 9), bool), part=part)
    expected = read_bits(source, part)
    region = expected[channel][y - spec.y : y - spec.y + 7, x - spec.x : x - spec.x + 9]
    region[...] = new.view(region.dtype)
    got = read_bits(target, part)
    for key, bits in expected.items():
        np.testing.assert_array_equal(got[key], bits, err_msg=key)
