"""The procedural shot: deterministic, scene-linear, a clean truth, files that open."""

import time

import numpy as np
import pytest

from infusion_core.box import Box
from infusion_core.demo import render_demo, write_demo
from infusion_core.errors import OutputError
from infusion_core.io.mattes import open_matte
from infusion_core.io.plates import open_plate
from infusion_core.settings import ShotSettings

SMALL = {"frames": 6, "height": 40, "width": 64}


@pytest.fixture(scope="module")
def shot():
    return render_demo(**SMALL)


def test_a_seed_gives_one_shot_and_another_seed_another(shot):
    assert all(np.array_equal(a, b) for a, b in zip(shot, render_demo(**SMALL), strict=True))
    assert not np.array_equal(shot[1], render_demo(**SMALL, seed=2)[1])


def test_the_plate_is_the_truth_outside_the_matte(shot):
    plate, truth, matte = shot
    assert np.array_equal(plate[matte == 0], truth[matte == 0])
    assert np.abs(plate - truth)[matte == 1].mean() > 0.1


def test_the_fire_is_scene_linear_and_fits_half(shot):
    _, truth, _ = shot
    assert truth.max() > 4
    assert truth.min() >= 0
    assert np.isfinite(truth).all()
    assert np.array_equal(truth, truth.astype(np.float16))


def test_the_matte_is_soft_moves_and_leaves_most_of_the_frame(shot):
    matte = shot[2]
    assert ((matte > 0) & (matte < 1)).any(axis=(1, 2)).all()
    assert not np.array_equal(matte[0], matte[-1])
    assert 0.02 < (matte > 0).mean() < 0.2


def test_flames_rise_and_frames_hang_together(shot):
    """The frame before, moved up a little, predicts a frame better than the frame before itself."""
    _, truth, _ = render_demo(frames=8, height=80, width=128)
    fire = np.log1p(truth[:, 4:50].mean(-1))

    def error(rows: int) -> float:
        return float(np.abs(fire[1:, 4:-4] - np.roll(fire[:-1], -rows, axis=1)[:, 4:-4]).mean())

    assert min(error(1), error(2), error(3)) < error(0) < error(-2)
    shuffled = float(np.abs(fire[4:] - fire[:-4]).mean())
    assert error(0) < 0.8 * shuffled


def test_files_open_as_plate_matte_and_truth(shot, tmp_path):
    paths = write_demo(tmp_path / "new" / "demo", **SMALL)
    plate = open_plate(paths.plate, paths.frames)
    assert plate.frames == tuple(range(1001, 1007))
    assert plate.is_scene_linear
    assert plate.display == Box(0, 0, 64, 40)
    truth = open_plate(paths.truth, paths.frames)
    matte = open_matte(paths.matte, plate, ShotSettings())
    for index, frame in enumerate(plate.frames):
        assert np.array_equal(plate.read(frame, plate.display)[0], shot[0][index])
        assert np.array_equal(truth.read(frame, plate.display)[0], shot[1][index])
        assert np.array_equal(matte.read(frame, plate.display), shot[2][index])
    assert len(list((tmp_path / "new" / "demo").iterdir())) == 18


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        write_demo(tmp_path / "file" / "demo", **SMALL)


@pytest.mark.slow
def test_the_default_size_takes_seconds(tmp_path):
    start = time.process_time()
    write_demo(tmp_path)
    assert time.process_time() - start < 15
