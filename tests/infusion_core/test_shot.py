"""Loading a shot: the right pixels, in the model's range, and errors before long work."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from infusion_core.box import Box
from infusion_core.colour import ColourTransform
from infusion_core.errors import Cancelled, InputError, JobError
from infusion_core.io.mattes import Matte, open_matte
from infusion_core.io.plates import Plate, open_plate
from infusion_core.io.results import write_frame
from infusion_core.progress import Progress
from infusion_core.settings import ShotSettings
from infusion_core.shot import Shot, load_shot, plan_holes

SIZE = (60, 80)
CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips"


def windows(data, display) -> dict:
    return {
        "dataWindow": (np.array(data[:2], np.int32), np.array([data[2] - 1, data[3] - 1], np.int32)),
        "displayWindow": (
            np.array(display[:2], np.int32),
            np.array([display[2] - 1, display[3] - 1], np.int32),
        ),
    }


class ShotFiles:
    """A plate of random half floats and a matte with a block that moves by one pixel a frame."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.rng = folder, np.random.default_rng(5)
        self.plate, self.matte = str(folder / "p.%04d.exr"), str(folder / "m.%04d.exr")

    def write(self, name: str, frame: int, header: dict | None = None, /, **channels: np.ndarray) -> None:
        OpenEXR.File(header or {}, channels).write(str(self.folder / f"{name}.{frame:04d}.exr"))

    def make(self, frames=range(1, 7)) -> "ShotFiles":
        for frame in frames:
            self.write("p", frame, R=self.pixels(), G=self.pixels(), B=self.pixels())
            self.write("m", frame, A=self.block(frame))
        return self

    def pixels(self) -> np.ndarray:
        return self.rng.lognormal(-1, 1, SIZE).astype(np.float16)

    def block(self, frame: int) -> np.ndarray:
        matte = np.zeros(SIZE, np.float16)
        matte[20:28, 30 + frame : 36 + frame] = 1
        return matte

    def load(self, **options) -> tuple[Plate, Shot]:
        settings = ShotSettings(**options)
        plate = open_plate(self.plate, settings.frames)
        return plate, load_shot(plate, open_matte(self.matte, plate, settings), settings)


@pytest.fixture
def files(tmp_path):
    return ShotFiles(tmp_path)


def test_known_pixels_are_the_plates_and_the_others_are_zero(files):
    plate, shot = files.make().load(context=8)
    assert shot.frames == shot.fill_frames == tuple(range(1, 7))
    assert shot.box == Box(21, 12, 53, 36)  # 31..42 by 20..28, 8 around it, whole multiples of 8
    assert shot.plate.shape == (6, 24, 32, 3)
    assert shot.plate.dtype == shot.blend.dtype == np.float32
    assert not shot.plate[~shot.known].any()
    assert np.array_equal(shot.known, ~shot.hole)
    assert shot.hole.sum() == 6 * 48
    for i, frame in enumerate(shot.frames):
        stored, _ = plate.read(frame, shot.box)
        known = shot.known[i]
        assert np.allclose(shot.colour.decode(shot.plate[i])[known], stored[known], rtol=1e-5)
        assert shot.hole[i, 20 - 12, 30 + frame - 21]


def test_handles_are_loaded_but_not_for_writing(files):
    _, shot = files.make(range(1, 11)).load(frames="4-6", handles=2, context=8)
    assert shot.frames == (2, 3, 4, 5, 6, 7, 8)
    assert shot.fill_frames == (4, 5, 6)
    assert shot.hole[0].any()  # what the matte covers on handles is not learned from


def test_nan_and_infinities_are_not_known_and_poison_nothing(files):
    files.make()
    red = files.pixels()
    red[13, 25], red[14, 26], red[22, 35] = np.nan, np.inf, np.nan  # the last one inside the hole
    files.write("p", 2, R=red, G=files.pixels(), B=files.pixels())
    _, shot = files.load(context=8)
    assert np.isfinite(shot.plate).all()
    assert np.isfinite([shot.colour.toe, shot.colour.gain, shot.colour.offset]).all()
    assert not shot.known[1, 13 - 12, 25 - 21]
    assert not shot.known[1, 14 - 12, 26 - 21]
    assert not shot.hole[1, 13 - 12, 25 - 21]
    assert shot.hole[1, 22 - 12, 35 - 21]


def test_windows_may_differ_and_absent_pixels_are_neither_known_nor_filled(files):
    files.make(range(1, 4))
    header = windows((33, 10, 60, 50), (0, 0, 80, 60))
    cropped = files.rng.random((40, 27)).astype(np.float16)
    files.write("p", 2, header, R=cropped, G=cropped, B=cropped)
    _, shot = files.load(context=8)
    inside = np.zeros(SIZE, bool)
    inside[10:50, 33:60] = True
    absent = ~inside[shot.box.y0 : shot.box.y1, shot.box.x0 : shot.box.x1]
    assert absent.any()
    assert not shot.known[1][absent].any()
    assert not shot.hole[1][absent].any()
    assert shot.hole[1].sum() == 8 * 5  # columns 32..37, of which 32 is not in the file


def test_overscan_is_known_and_can_be_filled(files):
    header = windows((-16, -8, 96, 68), (0, 0, 80, 60))
    pixels = files.rng.random((76, 112)).astype(np.float16)
    matte = np.zeros((76, 112), np.float16)
    matte[2:6, 2:6] = 1  # above and left of the display window
    files.write("p", 1, header, R=pixels, G=pixels, B=pixels)
    files.write("m", 1, header, A=matte)
    _, shot = files.load(context=8)
    assert shot.box == Box(-16, -8, 0, 8)
    assert shot.hole.sum() == 16
    assert shot.known.sum() == 16 * 16 - 16


def test_grow_and_feather_reach_in_from_outside_the_data_window(files):
    header = windows((33, 10, 60, 50), (0, 0, 80, 60))
    pixels = files.rng.random((40, 27)).astype(np.float16)
    matte = np.zeros(SIZE, np.float16)
    matte[20:30, 30:33] = 1
    files.write("p", 1, header, R=pixels, G=pixels, B=pixels)
    files.write("m", 1, A=matte)
    with pytest.raises(InputError, match="empty on every frame"):
        files.load()
    _, shot = files.load(grow=2)
    assert shot.hole.any()


def test_the_colour_is_chosen_from_the_file_and_can_be_overridden(files):
    assert files.make().load()[1].colour.name == "scene-linear"
    assert files.load(colour="display")[1].colour.name == "display"
    fixed = ColourTransform("scene-linear", 0.5, 0.3, 0.1)
    plate = open_plate(files.plate)
    matte = open_matte(files.matte, plate, ShotSettings())
    assert load_shot(plate, matte, ShotSettings(), colour=fixed).colour == fixed


def test_a_given_region_is_used_and_must_hold_the_hole(files):
    plate = open_plate(files.make().plate)
    matte = open_matte(files.matte, plate, ShotSettings())
    box = Box(24, 16, 72, 40)
    assert load_shot(plate, matte, ShotSettings(), box=box).plate.shape == (6, 24, 48, 3)
    with pytest.raises(InputError, match="leaves the region") as caught:
        load_shot(plate, matte, ShotSettings(), box=Box(24, 16, 40, 40))
    assert caught.value.frame == 5


def test_a_plan_reads_no_plate_and_can_be_loaded_later(files, monkeypatch):
    plate = open_plate(files.make().plate)
    matte = open_matte(files.matte, plate, ShotSettings())
    whole = load_shot(plate, matte, ShotSettings())
    with monkeypatch.context() as patch:
        patch.setattr(Plate, "read", lambda *_: pytest.fail("the plan read the plate"))
        plan = plan_holes(plate, matte, ShotSettings())
    shot = load_shot(plate, matte, ShotSettings(), plan=plan)
    assert shot.box == plan.box == whole.box
    assert np.array_equal(shot.plate, whole.plate)


@pytest.mark.parametrize("settings", [{}, {"frames": "3-5", "handles": 2, "context": 3}, {"grow": 5}])
def test_a_plan_and_its_shot_have_one_extent(files, settings):
    """A farm lays out its tasks by the plan, the run its stages by the shot: they must agree."""
    shot_settings = ShotSettings(**settings)
    plate = open_plate(files.make(range(1, 11)).plate, shot_settings.frames)
    matte = open_matte(files.matte, plate, shot_settings)
    plan = plan_holes(plate, matte, shot_settings)
    shot = load_shot(plate, matte, shot_settings, plan=plan)
    assert (plan.extent.size, plan.extent.thickness) == (shot.extent.size, shot.extent.thickness)
    assert np.array_equal(plan.extent.occupied, shot.extent.occupied)
    assert shot.extent.thickness > 0


def test_a_still_matte_is_not_read_again_for_every_frame(files, monkeypatch):
    files.make(range(1, 31))
    plate = open_plate(files.plate)
    matte = open_matte(str(files.folder / "m.0003.exr"), plate, ShotSettings())
    reads, read = [], Matte.read

    def counting_read(self: Matte, frame: int, box: Box) -> np.ndarray:
        reads.append(frame)
        return read(self, frame, box)

    monkeypatch.setattr(Matte, "read", counting_read)
    plan = plan_holes(plate, matte, ShotSettings())
    assert len(reads) <= 4  # as many as there are threads
    assert len({hole.box for hole in plan.holes}) == 1
    assert len(plan.holes) == 30


def test_only_the_region_of_interest_is_held(files, tmp_path):
    size, frames = 700, range(1, 41)
    pixels, matte = np.full((size, size), 0.5, np.float16), np.zeros((size, size), np.float16)
    matte[300:308, 300:308] = 1
    files.write("p", 1, R=pixels, G=pixels, B=pixels)
    files.write("m", 1, A=matte)
    for frame in frames[1:]:
        for name in "pm":
            os.link(tmp_path / f"{name}.0001.exr", tmp_path / f"{name}.{frame:04d}.exr")
    plate = open_plate(files.plate)
    settings = ShotSettings(context=8)
    opened = open_matte(files.matte, plate, settings)
    tracemalloc.start()
    shot = load_shot(plate, opened, settings)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert shot.plate.shape == (40, 24, 24, 3)
    whole = 4 * 3 * size * size * len(frames)
    assert peak < whole / 5  # a few frames at a time, for the threads that read them


def test_an_empty_matte_is_refused_but_an_empty_frame_is_not(files):
    files.make()
    for frame in range(1, 7):
        files.write("m", frame, A=np.zeros(SIZE, np.float16))
    with pytest.raises(InputError, match="empty on every frame") as caught:
        files.load()
    assert caught.value.path == files.matte
    files.write("m", 3, A=files.block(3))
    _, shot = files.load()
    assert shot.hole.any(axis=(1, 2)).tolist() == [False, False, True, False, False, False]


def test_a_hole_on_handles_only_is_an_empty_matte(files):
    files.make()
    for frame in range(2, 6):
        files.write("m", frame, A=np.zeros(SIZE, np.float16))
    with pytest.raises(InputError, match="empty"):
        files.load(frames="2-5", handles=1)


@pytest.mark.parametrize("covered", [[4], [3, 4], [1, 2, 3, 4, 5, 6]])
def test_a_matte_that_leaves_nothing_known_is_refused(files, covered):
    files.make()
    for frame in covered:
        files.write("m", frame, A=np.ones(SIZE, np.float16))
    with pytest.raises(InputError, match="covers the whole picture") as caught:
        files.load()
    assert caught.value.frame == covered[0]
    assert caught.value.path == files.matte.replace("%04d", f"{covered[0]:04d}")


def test_a_plate_of_nan_around_the_hole_is_refused(files):
    files.make()
    nan = np.full(SIZE, np.nan, np.float16)
    files.write("p", 2, R=nan, G=nan, B=nan)
    with pytest.raises(InputError, match="No pixel around the hole is known") as caught:
        files.load()
    assert caught.value.frame == 2


def test_damage_in_the_middle_of_a_frame_is_found_while_loading(files):
    files.make()
    path = files.folder / "p.0003.exr"
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 200] = b"\xff" * 200
    path.write_bytes(bytes(data))
    with pytest.raises(InputError) as caught:
        files.load(context=60)
    assert caught.value.frame == 3


def test_progress_goes_up_and_stopping_stops(files):
    plate = open_plate(files.make().plate)
    matte = open_matte(files.matte, plate, ShotSettings())
    reports: list[Progress] = []
    load_shot(plate, matte, ShotSettings(), on_progress=reports.append)
    assert [report.message for report in reports] == ["Reading mattes"] * 6 + ["Reading plates"] * 6
    assert all(report.stage == "prepare" for report in reports)
    assert [report.fraction for report in reports[:6]] == [pytest.approx((i + 1) / 6) for i in range(6)]
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        load_shot(plate, matte, ShotSettings(), on_progress=seen.append, should_stop=lambda: len(seen) >= 8)
    assert len(seen) == 8


def test_a_shot_survives_saving(files, tmp_path):
    _, shot = files.make().load(frames="2-5", handles=1)
    path = tmp_path / "job" / "shot.safetensors"
    shot.save(path)
    shot.save(path)
    back = Shot.load(path)
    for name in ("plate", "hole", "known", "blend"):
        assert getattr(back, name).dtype == getattr(shot, name).dtype
        assert np.array_equal(getattr(back, name), getattr(shot, name))
    for name in ("frames", "handles", "fill_frames", "box", "colour"):
        assert getattr(back, name) == getattr(shot, name)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_damaged_shot_is_a_job_error(tmp_path, content):
    path = tmp_path / "shot.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(JobError) as caught:
        Shot.load(path)
    assert caught.value.path == str(path)


def test_a_filled_shot_differs_from_its_plate_only_in_the_hole(files, tmp_path):
    files.make()
    plate, shot = files.load(grow=1, feather=2.0, context=8)
    for i, frame in enumerate(shot.frames):
        target = tmp_path / "out" / f"o.{frame:04d}.exr"
        rgb = np.full((*shot.hole[i].shape, 3), 9.0, np.float32)
        write_frame(plate, frame, target, shot.box, rgb, shot.blend[i], hole=shot.hole[i])
        before = OpenEXR.File(str(plate.path(frame)), separate_channels=True).channels()
        after = OpenEXR.File(str(target), separate_channels=True).channels()
        hole = np.zeros(SIZE, bool)
        hole[shot.box.y0 : shot.box.y1, shot.box.x0 : shot.box.x1] = shot.hole[i]
        for name in "RGB":
            changed = before[name].pixels.view(np.uint16) != after[name].pixels.view(np.uint16)
            assert not changed[~hole].any()
            assert changed[hole].mean() > 0.9


def test_a_real_shot_with_its_real_matte():
    clip = CLIPS / "chatelet"
    if not clip.is_dir():
        pytest.skip("the shared clips are not here")
    settings = ShotSettings(frames="10-13", handles=1)
    plate = open_plate(str(clip / "frames"), settings.frames)
    shot = load_shot(plate, open_matte(str(clip / "mask"), plate, settings), settings)
    assert shot.frames == (9, 10, 11, 12, 13, 14)
    assert shot.colour.name == "display"
    assert 0.01 < shot.hole.mean() < 0.5
    assert -1 <= shot.plate.min() < shot.plate.max() <= 1
