import numpy as np
import OpenImageIO as oiio
import pytest

from infusion_core.box import Box
from infusion_core.errors import InputError
from infusion_core.io.pictures import MAX_PIXELS, open_picture, read_channels, read_header


def whole(path, part, name):
    with open_picture(path) as picture:
        c = part.channels.index(name)
        pixels = picture.read_image(part.index, 0, c, c + 1, "float")
        assert pixels is not None
        return pixels[..., 0]


@pytest.mark.parametrize(
    "name",
    [
        "colour/Garden.exr",  # tiles
        "storage/v1.7.test.tiled.exr",  # tiles of another size in either direction, mixed pixel types
        "storage/ColorCodedLevels.exr",  # mip levels
        "storage/lineOrder_decreasing.exr",
        "storage/v1.7.test.interleaved.exr",  # data window with an offset
        "sequence/multipart.0001.exr",
        "windows/window_t08.exr",
        "compression/comp_dwaa_v2.exr",
    ],
)
def test_any_region_equals_the_same_pixels_of_the_whole(shared_exr, name):
    path, rng = shared_exr / name, np.random.default_rng(3)
    for part in read_header(path).parts:
        channel = part.channels[-1]
        expected = whole(path, part, channel)
        for _ in range(8):
            x0, x1 = sorted(rng.integers(part.data.x0, part.data.x1, 2).tolist())
            y0, y1 = sorted(rng.integers(part.data.y0, part.data.y1, 2).tolist())
            box = Box(x0, y0, x1 + 1, y1 + 1)
            with open_picture(path) as picture:
                got = read_channels(picture, part, (channel,), box, path=path)[..., 0]
            assert np.array_equal(got, expected[box.slices_in(part.data)], equal_nan=True)


def test_channels_come_in_the_order_asked_for_whatever_their_types(make):
    channels = make.channels(R="f2", G="f4", B="f2", id="u4")
    path = make.exr("mixed.exr", ({}, channels))
    header = read_header(path)
    part = header.parts[0]
    with open_picture(path) as picture:
        got = read_channels(picture, part, ("B", "R", "G", "id"), part.data, path=path)
    for i, name in enumerate(("B", "R", "G", "id")):
        assert np.array_equal(got[..., i], channels[name].astype(np.float32), equal_nan=True)


def test_integers_of_a_picture_are_not_taken_for_ids(make):
    path = make.flat("p.tif", np.full((4, 4, 1), 2**31, np.uint32))
    part = read_header(path).parts[0]
    with open_picture(path) as picture:
        assert np.allclose(read_channels(picture, part, part.channels, part.data, path=path), 0.5)


def test_headers_hold_every_part_and_its_windows(make):
    display = (0, 0, 40, 30)
    path = make.exr(
        "parts.exr",
        ({"name": "rgba", **make.windows((-4, -2, 44, 32), display)}, make.channels((34, 48))),
        ({"name": "depth", **make.windows((3, 4, 13, 9), display)}, make.channels((5, 10), Z="f4")),
    )
    header = read_header(path)
    assert header.format == "openexr"
    assert [part.name for part in header.parts] == ["rgba", "depth"]
    assert header.parts[0].data == Box(-4, -2, 44, 32)
    assert header.parts[1].data == Box(3, 4, 13, 9)
    assert header.parts[1].types == ("float",)
    assert {part.display for part in header.parts} == {Box(*display)}


def test_alpha_is_not_multiplied_into_colours(make):
    pixels = np.full((4, 4, 4), 200, np.uint8)
    pixels[..., 3] = 10
    path = make.flat("straight.png", pixels)
    part = read_header(path).parts[0]
    with open_picture(path) as picture:
        got = read_channels(picture, part, ("R",), part.data, path=path)
    assert np.allclose(got, 200 / 255)


def test_every_damaged_file_ends_in_an_input_error_that_names_it(shared_exr):
    files = sorted((shared_exr / "damaged").glob("*.exr"))
    assert len(files) > 10

    def read_everything(path):
        header = read_header(path, 5)
        with open_picture(path, 5) as picture:
            for part in header.parts:
                read_channels(picture, part, part.channels, part.data, path=path, frame=5)

    for path in files:
        with pytest.raises(InputError) as caught:
            read_everything(path)
        assert caught.value.path == str(path)
        assert caught.value.frame == 5
        assert caught.value.remedy
        assert "\n" not in str(caught.value)


def test_an_absurd_size_is_refused_before_any_pixel_is_read(tmp_path):
    side = int(MAX_PIXELS**0.5) + 1024
    spec = oiio.ImageSpec(side, side, 1, "uint8")
    spec.tile_width = spec.tile_height = 1024
    path = tmp_path / "huge.tif"
    output = oiio.ImageOutput.create(str(path))
    assert output is not None
    assert output.open(str(path), spec)
    output.write_tile(0, 0, 0, np.zeros((1024, 1024, 1), np.uint8))
    output.close()
    with pytest.raises(InputError, match="claims a picture of"):
        read_header(path)


def test_subsampled_chroma_is_refused_with_a_remedy(shared_exr):
    with pytest.raises(InputError, match="without chroma subsampling"):
        read_header(shared_exr / "colour" / "yc_subsampled_b44.exr")
