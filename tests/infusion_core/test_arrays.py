import subprocess
import sys

import numpy as np
import pytest

import infusion_core
from infusion_core.errors import Cancelled, InputError


def clip(frames=5, height=24, width=30):
    """A plate brighter than 1 and below 0, and a moving hole."""
    f, y, x = np.mgrid[:frames, :height, :width].astype(np.float32)
    wave = 1.5 + 2 * np.sin(x / 3 + f) + 0.4 * np.cos(y / 2)
    plate = np.stack([wave, 0.5 * wave, 0.1 * wave], -1).astype(np.float32)
    plate[:, 0, 0] = -0.0
    hole = np.zeros((frames, height, width), bool)
    for i in range(frames):
        hole[i, 8:14, 10 + i : 16 + i] = True
    return plate, hole


@pytest.fixture
def settings(tiny_settings):
    return tiny_settings(shot={"context": 8})


@pytest.fixture
def filled(settings):
    plate, hole = clip()
    return infusion_core.inpaint(plate, hole, settings)


def test_known_pixels_are_bit_identical_and_the_hole_is_filled(filled):
    plate, hole = clip()
    assert filled.dtype == np.float32
    assert filled.shape == plate.shape
    assert filled[~hole].tobytes() == plate[~hole].tobytes()
    assert np.isfinite(filled).all()
    assert (filled[hole] != plate[hole]).any()


def test_the_arguments_are_left_alone(settings):
    plate, hole = clip()
    before = plate.copy(), hole.copy()
    infusion_core.inpaint(plate, hole, settings)
    np.testing.assert_array_equal(plate, before[0])
    np.testing.assert_array_equal(hole, before[1])


def test_what_the_hole_holds_is_not_looked_at(filled, settings):
    plate, hole = clip()
    plate[hole] = np.nan
    np.testing.assert_array_equal(infusion_core.inpaint(plate, hole, settings), filled)


def test_nan_and_infinities_outside_the_hole_stay_and_poison_nothing(settings):
    plate, hole = clip()
    plate[1, 5, 12] = np.nan
    plate[2, 16, 14, 1] = np.inf
    plate[3, 7, 20, 0] = -np.inf
    result = infusion_core.inpaint(plate, hole, settings)
    assert result[~hole].tobytes() == plate[~hole].tobytes()
    assert np.isfinite(result[hole]).all()


def test_display_values_are_taken_as_they_are(settings):
    plate, hole = clip()
    display = (plate - plate.min()) / np.ptp(plate)
    result = infusion_core.inpaint(display, hole, settings, colour="display")
    assert result[~hole].tobytes() == display[~hole].tobytes()


def test_a_seed_chooses_the_take(filled, settings):
    plate, hole = clip()
    np.testing.assert_array_equal(infusion_core.inpaint(plate, hole, settings, seed=0), filled)
    other = infusion_core.inpaint(plate, hole, settings, seed=1)
    assert (other[hole] != filled[hole]).any()


def test_work_is_kept_to_the_region_around_the_hole(tiny_settings):
    plate, hole = clip()
    settings = tiny_settings(shot={"context": 8, "follow_camera": False})
    wide = np.full((5, 24, 200, 3), 1.0, np.float32)
    wide[:, :, :30] = plate
    far = np.zeros((5, 24, 200), bool)
    far[:, :, :30] = hole
    elsewhere = wide.copy()
    elsewhere[:, :, 100:] = 77.0
    one, two = (infusion_core.inpaint(p, far, settings) for p in (wide, elsewhere))
    np.testing.assert_array_equal(one[far], two[far])


@pytest.mark.parametrize(
    ("plate", "hole", "message"),
    [
        (np.zeros((2, 8, 8)), np.ones((2, 8, 8), bool), "shape"),
        (np.zeros((2, 8, 8, 4)), np.ones((2, 8, 8), bool), "shape"),
        (np.zeros((2, 8, 8, 3)), np.ones((2, 8, 9), bool), "shape"),
        (np.zeros((2, 8, 8, 3)), np.ones((2, 8, 8)), "float64"),
        (np.zeros((2, 8, 8, 3)), np.zeros((2, 8, 8), bool), "empty"),
        (np.zeros((0, 8, 8, 3)), np.zeros((0, 8, 8), bool), "empty"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(plate, hole, message):
    with pytest.raises(InputError, match=message):
        infusion_core.inpaint(plate, hole)


@pytest.mark.parametrize("colour", ["scene-linear", "display"])
@pytest.mark.parametrize("covered", ["every frame", "one frame"])
def test_a_frame_with_nothing_known_is_refused(settings, colour, covered):
    plate, hole = clip()
    hole[2 if covered == "one frame" else slice(None)] = True
    with pytest.raises(InputError, match=r"known"):
        infusion_core.inpaint(plate, hole, settings, colour=colour)


def test_it_can_be_watched_and_stopped(settings):
    plate, hole = clip()
    reports = []
    with pytest.raises(Cancelled):
        infusion_core.inpaint(
            plate, hole, settings, on_progress=reports.append, should_stop=lambda: len(reports) == 3
        )
    assert len(reports) == 3


def test_importing_the_library_does_not_import_torch():
    code = "import sys, infusion_core; infusion_core.inpaint; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with pytest.raises(AttributeError):
        _ = infusion_core.nothing
