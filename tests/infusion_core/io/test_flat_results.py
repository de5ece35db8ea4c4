"""Integer and other flat plates: the same format keeps its integers, an EXR its exact values."""

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest

from infusion_core.errors import InputError, OutputError
from infusion_core.io.plates import open_plate
from infusion_core.io.results import check_output, write_frame
from infusion_core.io.sequences import output_sequence


def native(path) -> np.ndarray:
    """All channels in the file's own type, alpha not multiplied in."""
    config = oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", 1)
    file = oiio.ImageInput.open(str(path), config)
    assert file is not None
    pixels = file.read_image(0, 0, 0, file.spec().nchannels, "unknown")
    file.close()
    assert pixels is not None
    return pixels


def random_pixels(make, kind, channels=3, size=(20, 30)) -> np.ndarray:
    if np.dtype(kind).kind == "f":
        return make.rng.normal(0.5, 1, (*size, channels)).astype(kind)
    return make.rng.integers(0, np.iinfo(kind).max, (*size, channels), dtype=kind, endpoint=True)


def write_filled(plate, target, value=0.25, alpha="keep"):
    """Fill a block in full; returns its mask over the frame."""
    mask = np.zeros((plate.display.height, plate.display.width), bool)
    mask[5:9, 6:14] = True
    rgb = np.full((*mask.shape, 3), value, np.float32)
    blend = mask.astype(np.float32)
    write_frame(plate, plate.frames[0], target, plate.display, rgb, blend, alpha=alpha, hole=mask)
    return mask


@pytest.mark.parametrize(
    ("suffix", "kind", "channels"),
    [
        ("png", np.uint8, 3),
        ("png", np.uint8, 4),
        ("png", np.uint16, 4),
        ("png", np.uint8, 1),
        ("tif", np.uint8, 4),
        ("tif", np.uint16, 3),
        ("tif", np.float32, 4),
        ("tif", np.float16, 3),
        ("dpx", np.uint16, 3),
    ],
)
def test_the_same_format_keeps_every_other_number(make, tmp_path, suffix, kind, channels):
    plate = open_plate(str(make.flat(f"p.{suffix}", random_pixels(make, kind, channels))))
    target = tmp_path / f"out.{suffix}"
    mask = write_filled(plate, target)
    before, after = native(plate.path(1)), native(target)
    assert after.dtype == before.dtype
    assert after[~mask].tobytes() == before[~mask].tobytes()
    if channels == 4:
        assert np.array_equal(after[..., 3], before[..., 3])
    scale = np.iinfo(kind).max if np.dtype(kind).kind == "u" else 1
    colours = after[mask][:, : min(3, channels)].astype(np.float64)
    assert np.allclose(colours / scale, 0.25, atol=0.51 / min(scale, 1023) if scale > 1 else 0)


@pytest.mark.parametrize(
    ("suffix", "kind", "expected"),
    [
        ("png", np.uint8, np.float32),
        ("png", np.uint16, np.float32),
        ("jpg", np.uint8, np.float32),
        ("dpx", np.uint16, np.float32),
        ("tif", np.float16, np.float16),
        ("tif", np.float32, np.float32),
    ],
)
def test_an_exr_holds_exactly_what_was_read(make, tmp_path, suffix, kind, expected):
    plate = open_plate(str(make.flat(f"p.{suffix}", random_pixels(make, kind))))
    mask = write_filled(plate, tmp_path / "out.exr")
    result = OpenEXR.File(str(tmp_path / "out.exr"), separate_channels=True).channels()
    assert {channel.pixels.dtype for channel in result.values()} == {np.dtype(expected)}
    before, valid = plate.read(1, plate.display)
    assert valid.all()
    for slot, name in enumerate("RGB"):
        assert np.array_equal(result[name].pixels[~mask].astype(np.float32), before[~mask][:, slot])
        assert (result[name].pixels[mask] == 0.25).all()


@pytest.mark.parametrize(("kind", "codes"), [(np.uint8, 256), (np.uint16, 65536)])
def test_every_code_value_survives_the_way_through_an_exr(make, tmp_path, kind, codes):
    pixels = np.arange(codes, dtype=kind).reshape(16, -1, 1).repeat(3, -1)
    plate = open_plate(str(make.flat("p.png", pixels)))
    mask = write_filled(plate, tmp_path / "out.exr")
    red = OpenEXR.File(str(tmp_path / "out.exr"), separate_channels=True).channels()["R"].pixels
    assert np.array_equal(np.rint(red * (codes - 1)).astype(kind)[~mask], pixels[..., 0][~mask])


@pytest.mark.parametrize("bits", [10, 12])
def test_ten_and_twelve_bit_dpx_keep_their_codes(make, tmp_path, bits):
    codes = make.rng.integers(0, 2**bits, (20, 30, 3))
    wide = np.rint(codes * (65535 / (2**bits - 1))).astype(np.uint16)
    plate = open_plate(str(make.flat("p.dpx", wide, oiio__BitsPerSample=bits)))
    mask = write_filled(plate, tmp_path / "out.dpx")
    assert np.array_equal(native(tmp_path / "out.dpx")[~mask], native(plate.path(1))[~mask])


def test_metadata_of_dpx_and_tiff_is_kept(make, tmp_path):
    pixels = random_pixels(make, np.uint16)
    for suffix in ("dpx", "tif", "exr"):
        source = "p.tif" if suffix == "tif" else "p.dpx"
        made = make.flat(source, pixels, Artist="somebody", ImageDescription="a shot", PixelAspectRatio=2.0)
        write_filled(open_plate(str(made)), tmp_path / f"out.{suffix}")
        before = oiio.ImageInput.open(str(made))
        after = oiio.ImageInput.open(str(tmp_path / f"out.{suffix}"))
        assert before is not None
        assert after is not None
        for name in ("Artist", "ImageDescription", "PixelAspectRatio"):
            expected = before.spec().getattribute(name)
            if expected is not None:
                assert after.spec().getattribute(name) == expected, (suffix, name)
        before.close()
        after.close()


@pytest.mark.parametrize("suffix", ["dpx", "exr"])
def test_the_timecode_of_a_dpx_is_kept(make, tmp_path, suffix):
    code = (0x12345678, 9)
    spec = oiio.ImageSpec(30, 20, 3, "uint16")
    spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), code)
    path = str(tmp_path / "p.dpx")
    output = oiio.ImageOutput.create(path)
    assert output is not None
    assert output.open(path, spec)
    assert output.write_image(random_pixels(make, np.uint16))
    assert output.close()
    write_filled(open_plate(path), tmp_path / f"out.{suffix}")
    written = oiio.ImageInput.open(str(tmp_path / f"out.{suffix}"))
    assert written is not None
    assert written.spec().getattribute("smpte:TimeCode") == code


@pytest.mark.parametrize("suffix", ["png", "tif", "exr"])
@pytest.mark.parametrize("channels", [3, 4])
def test_alpha_can_become_the_filled_matte(make, tmp_path, suffix, channels):
    plate = open_plate(
        str(make.flat("p.tif" if suffix == "tif" else "p.png", random_pixels(make, np.uint8, channels)))
    )
    target = tmp_path / f"out.{suffix}"
    mask = write_filled(plate, target, alpha="matte")
    after = native(target)
    one = 1 if suffix == "exr" else 255
    assert after.shape[-1] == 4
    assert np.array_equal(after[..., 3], mask * one)
    before = native(plate.path(1))[..., :3] / (255 / one)
    assert np.allclose(after[~mask][:, :3], before[~mask], atol=1e-6)


def test_formats_and_types_that_do_not_fit_are_refused(make, tmp_path):
    png = open_plate(str(make.flat("p.png", random_pixels(make, np.uint8))))
    with pytest.raises(OutputError, match=r"png format cannot become \.tif"):
        check_output(output_sequence(str(tmp_path / "o.tif")), png, png.frames, overwrite=False)
    jpeg = open_plate(str(make.flat("p.jpg", random_pixels(make, np.uint8))))
    with pytest.raises(OutputError, match=r"jpeg format cannot become \.jpg"):
        check_output(output_sequence(str(tmp_path / "o.jpg")), jpeg, jpeg.frames, overwrite=False)
    ids = open_plate(str(make.flat("ids.tif", random_pixels(make, np.uint32))))
    with pytest.raises(OutputError, match="pixel type exactly"):
        check_output(output_sequence(str(tmp_path / "o.exr")), ids, ids.frames, overwrite=False)
    for plate, name in ((png, "o.png"), (png, "o.exr"), (jpeg, "o.exr")):
        check_output(output_sequence(str(tmp_path / name)), plate, plate.frames, overwrite=False)


def test_pages_are_not_dropped_in_silence(make, tmp_path):
    path = str(tmp_path / "pages.tif")
    spec = oiio.ImageSpec(8, 8, 3, "uint8")
    output = oiio.ImageOutput.create(path)
    assert output is not None
    assert output.open(path, (spec, spec))
    assert output.write_image(np.zeros((8, 8, 3), np.uint8))
    assert output.open(path, spec, "AppendSubimage")
    assert output.write_image(np.zeros((8, 8, 3), np.uint8))
    output.close()
    plate = open_plate(path)
    with pytest.raises(OutputError, match="several pages"):
        check_output(output_sequence(str(tmp_path / "o.exr")), plate, plate.frames, overwrite=False)


def test_a_plate_that_went_bad_is_named(make, tmp_path):
    plate = open_plate(str(make.flat("p.png", random_pixels(make, np.uint8))))
    data = plate.path(1).read_bytes()
    plate.path(1).write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError) as caught:
        write_filled(plate, tmp_path / "out.png")
    assert caught.value.path == str(plate.path(1))
    assert not (tmp_path / "out.png").exists()
