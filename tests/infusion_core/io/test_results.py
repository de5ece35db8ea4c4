"""Outside the hole a result is its plate, bit for bit and attribute for attribute."""

import numpy as np
import OpenEXR
import pytest

from infusion_core.box import Box
from infusion_core.errors import InputError, OutputError
from infusion_core.io import native, results
from infusion_core.io.plates import open_plate
from infusion_core.io.results import write_frame

LOSSLESS = ["NO", "RLE", "ZIPS", "ZIP", "PIZ", "PXR24"]  # PXR24: as long as no float channel is filled
LOSSY = ["B44", "B44A", "DWAA", "DWAB"]
REAL_PLATES = [
    "sequence/singlepart.0001.exr",
    "sequence/singlepart.0002.exr",
    "sequence/multipart.0001.exr",
    "windows/window_t02.exr",
    "windows/window_t06.exr",
    "windows/window_t08.exr",
    "windows/window_t10.exr",
    "windows/window_t15.exr",
    "compression/comp_zips.exr",
    "compression/comp_dwaa_v2.exr",
    "compression/rgb_b44.exr",
    "storage/v1.7.test.tiled.exr",
    "storage/v1.7.test.interleaved.exr",
    "storage/ColorCodedLevels.exr",
    "storage/lineOrder_decreasing.exr",
    "colour/Garden.exr",
    "colour/GrayRampsHorizontal.exr",
    "colour/WideColorGamut.exr",
    "values/AllHalfValues.exr",
    "values/BrightRingsNanInf.exr",
    "values/WideFloatRange.exr",
    "values/bad.exr",
    "layers/layers.exr",
    "layers/rgbaz.exr",
    "layers/single_channel_r.exr",
    "layers/multipart-preview.exr",
]


@pytest.fixture(autouse=True, params=["bridge", "library"])
def way_to_write(request, monkeypatch) -> str:
    """Every test here runs through the native bridge, where it is built, and without it."""
    if request.param == "bridge" and not native.is_available():
        pytest.skip("the native bridge is not built")
    if request.param == "library":
        monkeypatch.setattr(results, "splice_exr", lambda *_: False)
    return request.param


def read_all(path) -> list[dict[str, np.ndarray]]:
    """Every channel of every part in its own type."""
    file = OpenEXR.File(str(path), separate_channels=True)
    return [{name: channel.pixels for name, channel in part.channels.items()} for part in file.parts]


def fill_for(window: Box, rng: np.random.Generator):
    """A box that sticks out of the data window, with colours, a soft blend and its hole."""
    box = Box(window.x0 - 2, window.y0 + window.height // 3, window.x0 + window.width // 2 + 1, window.y1 + 3)
    rgb = rng.random((box.height, box.width, 3)).astype(np.float32)
    blend = rng.choice(np.array([0, 0.3, 1], np.float32), (box.height, box.width))
    return box, rgb, blend


def write_filled(plate, frame, target, *, alpha="keep"):
    box, rgb, blend = fill_for(plate.data_window(frame), np.random.default_rng(5))
    write_frame(plate, frame, target, box, rgb, blend, alpha=alpha, hole=blend > 0)
    weight = np.zeros((plate.data_window(frame).height, plate.data_window(frame).width), np.float32)
    inside = box.intersection(plate.data_window(frame))
    weight[inside.slices_in(plate.data_window(frame))] = blend[inside.slices_in(box)]
    return weight


def assert_untouched_outside(plate, frame, target, weight, *, except_alpha=""):
    """All parts and channels are there, and differ only in the colours of pixels with a weight."""
    before, after = read_all(plate.path(frame)), read_all(target)
    assert len(before) == len(after)
    picture = plate.picture(frame)
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        assert set(new) - {except_alpha} == set(old) - {except_alpha}
        for name in set(old) - {except_alpha}:
            assert new[name].dtype == old[name].dtype
            bits = f"u{old[name].dtype.itemsize}"
            same = new[name].view(bits) == old[name].view(bits)
            if index == picture.part.index and name in picture.channels:
                assert same[weight == 0].all(), name
                assert np.isfinite(new[name][weight > 0]).all()
            else:
                assert same.all(), name
    changed = (
        before[picture.part.index][picture.channels[0]] != after[picture.part.index][picture.channels[0]]
    )
    assert changed[weight > 0].mean() > 0.9  # the fill is there


@pytest.mark.parametrize("name", REAL_PLATES)
def test_real_plates_keep_every_other_bit(shared_exr, tmp_path, name):
    plate = open_plate(str(shared_exr / name))
    frame, target = plate.frames[0], tmp_path / "out.exr"
    weight = write_filled(plate, frame, target)
    assert_untouched_outside(plate, frame, target, weight)


@pytest.mark.parametrize("compression", LOSSLESS + LOSSY)
@pytest.mark.parametrize("tiled", [False, True])
def test_every_compression_and_mixed_types_with_nan_and_ids(make, tmp_path, compression, tiled):
    kinds = {
        "R": "f2",
        "G": "f2",
        "B": "f2",
        "A": "f2",
        "Z": "f4",
        "id": "u4",
        "motion.u": "f4",
        "mask": "f2",
    }
    header = {"compression": getattr(OpenEXR, f"{compression}_COMPRESSION"), **make.windows((0, 0, 50, 40))}
    if tiled:
        tiles = OpenEXR.TileDescription()
        tiles.xSize, tiles.ySize = 16, 12
        header |= {"type": OpenEXR.tiledimage, "tiles": tiles}
    plate = open_plate(str(make.exr("p.exr", (header, make.channels((40, 50), **kinds)))))
    target = tmp_path / "out.exr"
    weight = write_filled(plate, 1, target)
    assert_untouched_outside(plate, 1, target, weight)
    written = OpenEXR.File(str(target), separate_channels=True).parts[0].header
    expected = OpenEXR.ZIP_COMPRESSION if compression in LOSSY else header["compression"]
    assert written["compression"] == expected
    assert written["type"] == (OpenEXR.tiledimage if tiled else OpenEXR.scanlineimage)


@pytest.mark.parametrize(("compression", "kind"), [("PXR24", "f2"), ("B44", "f4"), ("B44A", "f4")])
def test_compressions_that_lose_nothing_for_these_types_are_kept(make, tmp_path, compression, kind):
    header = {"compression": getattr(OpenEXR, f"{compression}_COMPRESSION")}
    plate = open_plate(str(make.exr("p.exr", (header, make.channels(R=kind, G=kind, B=kind)))))
    weight = write_filled(plate, 1, tmp_path / "out.exr")
    assert_untouched_outside(plate, 1, tmp_path / "out.exr", weight)
    assert OpenEXR.File(str(tmp_path / "out.exr")).header()["compression"] == header["compression"]


def test_overscan_and_parts_with_windows_of_their_own(make, tmp_path):
    display = (0, 0, 32, 24)
    path = make.exr(
        "p.exr",
        (
            {"name": "matte", **make.windows((2, 3, 12, 9), display)},
            make.channels((6, 10), **{"matte.A": "f2"}),
        ),
        ({"name": "rgba", **make.windows((-8, -6, 40, 30), display)}, make.channels((36, 48))),
        (
            {"name": "id", **make.windows((0, 0, 32, 24), display), "compression": OpenEXR.DWAA_COMPRESSION},
            make.channels((24, 32), object="u4", coverage="f2"),
        ),
    )
    plate = open_plate(str(path))
    weight = write_filled(plate, 1, tmp_path / "out.exr")
    assert_untouched_outside(plate, 1, tmp_path / "out.exr", weight)
    for old, new in zip(
        OpenEXR.File(str(path)).parts, OpenEXR.File(str(tmp_path / "out.exr")).parts, strict=True
    ):
        assert old.name() == new.name()
        for window in ("dataWindow", "displayWindow"):
            assert np.array_equal(old.header[window], new.header[window])


@pytest.mark.parametrize("name", REAL_PLATES)
def test_attributes_of_real_plates_come_back_as_the_same_bytes(shared_exr, tmp_path, raw_attributes, name):
    plate = open_plate(str(shared_exr / name))
    write_filled(plate, plate.frames[0], tmp_path / "out.exr")
    before, after = raw_attributes(shared_exr / name), raw_attributes(tmp_path / "out.exr")
    for old, new in zip(before, after, strict=True):
        lossy = {"compression"} if old["compression"][1][0] in (5, 6, 7, 8, 9) else set()
        levels = {"tiles"} if "ColorCodedLevels" in name else set()
        changed = {key for key in old if old[key] != new.get(key)}
        assert changed <= lossy | levels
        assert set(new) - set(old) <= {"type"}


def test_deep_parts_beside_the_picture_are_kept(make, tmp_path):
    counts = make.rng.integers(0, 4, (24, 32))
    samples = np.empty((24, 32), object)
    for y, x in np.ndindex(counts.shape):
        samples[y, x] = make.rng.random(counts[y, x]).astype(np.float32) if counts[y, x] else None
    deep = {"name": "deep", "type": OpenEXR.deepscanline, "compression": OpenEXR.ZIPS_COMPRESSION}
    path = make.exr("p.exr", ({"name": "rgba"}, make.channels()), (deep, {"Z": samples}))
    write_filled(open_plate(str(path)), 1, tmp_path / "out.exr")
    before = read_all(path)[1]["Z"].ravel()
    after = read_all(tmp_path / "out.exr")[1]["Z"].ravel()
    for old, new, count in zip(before, after, counts.ravel(), strict=True):
        assert (0 if old is None else len(old)) == count
        assert (old is None) == (new is None)
        assert old is None or np.array_equal(old, new)


def test_cryptomatte_ids_beside_a_picture(shared_exr, make, tmp_path):
    crypto = read_all(shared_exr / "layers" / "cryptoasset.exr")[0]
    path = make.exr("p.exr", ({}, {**make.channels((32, 32)), **crypto}))
    plate = open_plate(str(path))
    weight = write_filled(plate, 1, tmp_path / "out.exr")
    assert_untouched_outside(plate, 1, tmp_path / "out.exr", weight)


def test_a_layer_is_filled_and_the_main_picture_left(shared_exr, tmp_path):
    plate = open_plate(str(shared_exr / "layers" / "layers.exr"), layer="diffuse")
    weight = write_filled(plate, 1, tmp_path / "out.exr")
    assert_untouched_outside(plate, 1, tmp_path / "out.exr", weight)


def test_values_inside_are_the_blend_of_fill_and_plate(make, tmp_path):
    channels = make.channels(R="f4", G="f4", B="f4", odd=False)
    plate = open_plate(str(make.exr("p.exr", ({}, channels))))
    box = Box(4, 6, 8, 9)
    rgb = make.rng.random((3, 4, 3)).astype(np.float32)
    blend = np.full((3, 4), 0.25, np.float32)
    write_frame(plate, 1, tmp_path / "out.exr", box, rgb, blend, hole=blend > 0)
    after = read_all(tmp_path / "out.exr")[0]
    for slot, name in enumerate("RGB"):
        expected = rgb[..., slot] * 0.25 + channels[name][6:9, 4:8] * 0.75
        assert np.allclose(after[name][6:9, 4:8], expected, rtol=1e-6)


def test_nothing_outside_the_hole_is_touched_whatever_the_blend(make, tmp_path):
    plate = open_plate(make.sequence("p", range(1, 2)))
    ones = np.ones((24, 32), np.float32)
    rgb = np.full((24, 32, 3), np.nan, np.float32)
    write_frame(plate, 1, tmp_path / "out.exr", plate.display, rgb, ones, hole=ones == 0)
    before, after = read_all(plate.path(1))[0], read_all(tmp_path / "out.exr")[0]
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_fill_that_is_not_finite_is_refused_and_leaves_nothing(make, tmp_path):
    plate = open_plate(make.sequence("p", range(1, 2)))
    ones = np.ones((24, 32), np.float32)
    rgb = np.full((24, 32, 3), np.nan, np.float32)
    with pytest.raises(OutputError, match="NaN"):
        write_frame(plate, 1, tmp_path / "o" / "out.exr", plate.display, rgb, ones, hole=ones > 0)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("name", ["A", ""])
def test_alpha_can_become_the_filled_matte(make, tmp_path, name):
    kinds = {"R": "f2", "G": "f2", "B": "f2"} | ({"A": "f2"} if name else {})
    plate = open_plate(str(make.exr("p.exr", ({}, make.channels(**kinds)))))
    weight = write_filled(plate, 1, tmp_path / "out.exr", alpha="matte")
    assert_untouched_outside(plate, 1, tmp_path / "out.exr", weight, except_alpha="A")
    assert np.array_equal(read_all(tmp_path / "out.exr")[0]["A"], weight.astype(np.float16))


def test_a_result_replaces_an_older_one_only_when_complete(make, tmp_path):
    plate = open_plate(make.sequence("p", range(1, 3)))
    target = tmp_path / "out.exr"
    target.write_bytes(b"older")
    broken = plate.path(2)
    broken.write_bytes(broken.read_bytes()[:-60])
    with pytest.raises(InputError) as caught:
        write_filled(plate, 2, target)
    assert caught.value.frame == 2
    assert target.read_bytes() == b"older"
    write_filled(plate, 1, target)
    assert len(read_all(target)) == 1
    assert not [path for path in tmp_path.iterdir() if "part" in path.name]
