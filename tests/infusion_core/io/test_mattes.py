import numpy as np
import pytest

from infusion_core.box import Box
from infusion_core.errors import InputError
from infusion_core.io.mattes import open_matte
from infusion_core.io.plates import open_plate
from infusion_core.settings import ShotSettings

pytestmark = pytest.mark.usefixtures("way_to_read")


@pytest.fixture
def plate(make):
    return open_plate(make.sequence("plate", range(1, 9)), "3-6")


def test_a_sequence_is_read_frame_by_frame(make, plate):
    for frame in plate.frames:
        make.matte("m", range(frame, frame + 1), (frame, 2, frame + 4, 8))
    matte = open_matte(str(make.folder / "m.%04d.exr"), plate, ShotSettings())
    for frame in plate.frames:
        values = matte.read(frame, plate.display)
        assert values.sum() == 24
        assert values[2:8, frame : frame + 4].all()


def test_one_still_serves_every_frame(make, plate):
    pixels = np.zeros((24, 32, 1), np.uint8)
    pixels[4:6, 4:6] = 255
    matte = open_matte(str(make.flat("still.png", pixels)), plate, ShotSettings(handles=2))
    assert all(matte.read(frame, plate.display).sum() == 4 for frame in range(1, 9))


def test_inversion_and_what_lies_outside_the_data_window(make, plate):
    pixels = np.ones((6, 8), np.float16)
    header = make.windows((4, 4, 12, 10), (0, 0, 32, 24))
    path = str(make.exr("cropped.exr", (header, {"A": pixels})))
    box = Box(-2, -2, 34, 26)
    plain = open_matte(path, plate, ShotSettings()).read(3, box)
    inverted = open_matte(path, plate, ShotSettings(invert=True)).read(3, box)
    assert plain.sum() == 48
    assert np.array_equal(inverted, 1 - plain)


def test_values_are_clipped_and_nan_is_black(make, plate):
    pixels = np.full((24, 32), 0.25, np.float32)
    pixels[0, :4] = [np.nan, np.inf, -1, 7]
    matte = open_matte(str(make.exr("odd.exr", ({}, {"A": pixels}))), plate, ShotSettings())
    assert matte.read(3, plate.display)[0, :5].tolist() == [0, 1, 0, 1, 0.25]


def test_alpha_is_taken_where_it_varies_on_any_frame(make, plate):
    flat, red = np.ones((24, 32), np.float16), np.zeros((24, 32), np.float16)
    red[3:5, 3:5] = 1
    for frame in plate.frames:
        alpha = flat.copy()
        if frame == 5:
            alpha[:] = 0
            alpha[10:14, 10:14] = 1
        make.exr(f"m.{frame:04d}.exr", ({}, {"R": red, "G": red, "B": red, "A": alpha}))
    matte = open_matte(str(make.folder / "m.%04d.exr"), plate, ShotSettings())
    assert matte.read(5, plate.display).sum() == 16
    make.exr("m.0005.exr", ({}, {"R": red, "G": red, "B": red, "A": flat}))
    matte = open_matte(str(make.folder / "m.%04d.exr"), plate, ShotSettings())
    assert matte.read(5, plate.display).sum() == 4


def test_a_channel_can_be_named_and_a_wrong_name_lists_the_channels(make, plate):
    text = make.sequence("m", range(3, 7), **{"R": "f2", "roto.key": "f4"})
    assert open_matte(text, plate, ShotSettings(matte_channel="roto.key")).sources[3][1] == "roto.key"
    with pytest.raises(InputError, match=r"no channel 'A'.*R, roto\.key"):
        open_matte(text, plate, ShotSettings(matte_channel="A"))


def test_several_unnamed_channels_are_not_guessed(make, plate):
    text = make.sequence("m", range(3, 7), **{"roto.x": "f2", "roto.key": "f4"})
    with pytest.raises(InputError, match="not clear which channel"):
        open_matte(text, plate, ShotSettings())


def test_the_plate_itself_needs_a_channel(make, plate):
    with pytest.raises(InputError, match="plate itself"):
        open_matte(plate.sequence.text, plate, ShotSettings())
    matte = open_matte(plate.sequence.text, plate, ShotSettings(matte_channel="A"))
    assert matte.sources[3][1] == "A"


def test_missing_frames_are_named_handles_included(make, plate):
    text = make.matte("m", range(3, 7), (4, 4, 8, 8))
    open_matte(text, plate, ShotSettings())
    with pytest.raises(InputError, match="lacks frames 2,7") as caught:
        open_matte(text, plate, ShotSettings(handles=1))
    assert caught.value.frame == 2
    text = make.matte("numbered_from_100", range(100, 104), (4, 4, 8, 8))
    with pytest.raises(InputError, match="lacks frames 3-6; it has 100-103"):
        open_matte(text, plate, ShotSettings())


def test_another_size_is_named(make, plate):
    text = make.matte("m", range(3, 7), (4, 4, 8, 8), size=(24, 30))
    with pytest.raises(InputError, match="30x24, the plate is 32x24") as caught:
        open_matte(text, plate, ShotSettings())
    assert caught.value.frame == 3


def test_a_matte_with_another_origin_lies_on_the_plates_frame(make):
    header = make.windows((100, 50, 132, 74))
    plate = open_plate(str(make.exr("moved.exr", (header, make.channels(odd=False)))))
    pixels = np.zeros((24, 32, 1), np.uint8)
    pixels[2, 3] = 255
    matte = open_matte(str(make.flat("m.png", pixels)), plate, ShotSettings())
    assert matte.read(1, Box(103, 52, 104, 53)).tolist() == [[1.0]]
    assert matte.read(1, plate.display).sum() == 1


def test_a_broken_matte_is_refused_when_it_is_opened(make, plate):
    text = make.matte("m", range(3, 7), (4, 4, 8, 8))
    path = make.folder / "m.0005.exr"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError) as caught:
        open_matte(text, plate, ShotSettings())
    assert caught.value.frame == 5


def test_the_real_matte_inside_a_plate(shared_exr):
    path = str(shared_exr / "sequence" / "singlepart.%04d.exr")
    plate = open_plate(path)
    matte = open_matte(path, plate, ShotSettings(matte_channel="whitebarmask.left.mask"))
    values = matte.read(1, plate.display)
    assert 0 < (values > 0.5).mean() < 0.2
