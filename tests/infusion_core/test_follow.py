"""A shot whose camera moves: what is laid where, and that it comes back to its place."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from safetensors.numpy import save_file

import infusion_core
from infusion_core.box import Box
from infusion_core.bundle import open_bundle
from infusion_core.cli.plan import show_plan
from infusion_core.follow import followed_region, plan_shot
from infusion_core.io.mattes import open_matte
from infusion_core.io.plates import open_plate
from infusion_core.job import steps
from infusion_core.job.folder import JobFolder
from infusion_core.job.render import render_take
from infusion_core.job.spec import JobSpec
from infusion_core.metrics.regions import gaussian_blur
from infusion_core.placement import Placement
from infusion_core.resample import moved
from infusion_core.settings import Settings, ShotSettings
from infusion_core.shot import Shot, load_shot

FRAMES, ROWS, COLUMNS = range(11, 19), 64, 96
WAY = [(2 * i, i // 2) for i in range(len(FRAMES))]  # columns, rows
FINE = 4  # parts of a pixel
CREEP = [(-3 * i / FINE, 5 * i / FINE) for i in range(len(FRAMES))]
FOLLOWED = ShotSettings(follow_camera=True, context=16)


def world() -> np.ndarray:
    noise = np.random.default_rng(3).normal(size=(1, ROWS + 20, COLUMNS + 40, 3)).astype(np.float32)
    return np.exp(2.0 * gaussian_blur(noise, 1.5)[0]).astype(np.float16).astype(np.float32)


def shown(moves: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth and plate (F, H, W, 3), and the matte (F, H, W, 1) of somebody who walks with the camera."""
    way = WAY if moves else [(0, 0)] * len(WAY)
    truth = np.stack([world()[y:, x:][:ROWS, :COLUMNS] for x, y in way])
    plate, matte = truth.copy(), np.zeros((len(way), ROWS, COLUMNS, 1), np.float32)
    for i in range(len(way)):
        matte[i, 20:44, 40 + i : 52 + i] = 1
        plate[i, 20:44, 40 + i : 52 + i] = 9.0
    return truth, plate, matte


def crept() -> tuple[np.ndarray, np.ndarray]:
    """Truth (F, H, W, 3) of a camera that goes by parts of a pixel, and the hole (F, H, W)."""
    noise = np.random.default_rng(4).normal(size=(1, FINE * ROWS + 60, FINE * COLUMNS + 60, 3))
    soft = gaussian_blur(noise.astype(np.float32), 1.5 * FINE)[0]
    fine = np.exp(0.7 * soft / soft.std()).astype(np.float32)
    corners = [(round(FINE * y), 30 + round(FINE * x)) for x, y in CREEP]
    truth = np.stack([fine[y:, x:][: FINE * ROWS : FINE, : FINE * COLUMNS : FINE] for y, x in corners])
    hole = np.zeros(truth.shape[:3], bool)
    for i, one in enumerate(hole):
        one[20:44, 20 + 6 * i : 32 + 6 * i] = True
    return truth, hole


def write(path: Path, pixels: np.ndarray, channels: tuple[str, ...]) -> None:
    planes = np.ascontiguousarray(np.moveaxis(pixels, -1, 0), np.float16)
    OpenEXR.File({}, dict(zip(channels, planes, strict=True))).write(str(path))


def read(path: Path) -> np.ndarray:
    return np.asarray(oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT))


def job_of(folder: Path, plate: np.ndarray, matte: np.ndarray, settings: Settings) -> JobFolder:
    for frame, colours, mask in zip(FRAMES, plate, matte, strict=True):
        write(folder / f"plate.{frame}.exr", colours, ("R", "G", "B"))
        write(folder / f"matte.{frame}.exr", mask, ("A",))
    names = (str(folder / f"{name}.%02d.exr") for name in ("plate", "matte", "clean"))
    job = JobFolder(folder / "job")
    job.write_spec(JobSpec(*names, settings))
    return job


@pytest.fixture
def make_job(tmp_path):
    def make(settings: Settings, *, moves: bool = True) -> JobFolder:
        _, plate, matte = shown(moves)
        return job_of(tmp_path, plate, matte, settings)

    return make


def results(job: JobFolder, name: str = "clean") -> np.ndarray:
    return np.stack([read(job.path.parent / f"{name}.{frame}.exr") for frame in FRAMES])


def test_frames_lie_over_each_other_and_the_region_has_room_for_the_cameras_way(make_job):
    shot = steps.prepare(make_job(replace(Settings(), shot=FOLLOWED)))
    assert shot.placements == tuple(Placement(*way) for way in WAY)
    assert shot.box.x0 <= 40 - 16
    assert shot.box.x1 >= 52 + len(FRAMES) - 1 + WAY[-1][0] + 16
    either = shot.known[:, None] & shot.known[None]
    apart = np.abs(shot.plate[:, None] - shot.plate[None]).max(axis=-1)
    assert apart[either].max() < 1e-6
    beyond = ~shot.known & ~shot.hole
    assert beyond.any()
    assert not beyond[0, : ROWS - shot.box.y0, : COLUMNS - shot.box.x0].any()


def test_what_is_put_into_the_hole_lands_where_it_belongs_and_nothing_else_changes(make_job):
    job = make_job(replace(Settings(), shot=FOLLOWED))
    shot = steps.prepare(job)
    seen = np.where(shot.known[..., None], shot.plate, -np.inf).max(axis=0)
    assert np.isfinite(seen[shot.hole.any(axis=0)]).all()  # each place is shown by some frame
    save_file({"x0": np.ascontiguousarray(np.broadcast_to(seen, shot.plate.shape))}, job.result)
    steps.assemble(job)
    truth, plate, matte = shown(moves=True)
    hole = matte[..., 0] > 0
    filled = results(job)
    assert filled[~hole].tobytes() == plate[~hole].tobytes()
    np.testing.assert_allclose(filled[hole], truth[hole], rtol=2e-3)


def test_parts_of_a_pixel_that_a_camera_creeps_are_laid_and_taken_back(tmp_path):
    truth, hole = crept()
    job = job_of(tmp_path, truth, hole[..., None], replace(Settings(), shot=FOLLOWED))
    spec = job.read_spec()
    plate = open_plate(spec.plate)
    plan = plan_shot(plate, open_matte(spec.matte, plate, FOLLOWED), FOLLOWED)
    shot = steps.prepare(job)
    np.testing.assert_allclose([(one.x, one.y) for one in shot.placements], CREEP, atol=0.1)
    assert all(one.only_moves for one in shot.placements)
    assert (plan.extent.size, plan.extent.thickness) == (shot.extent.size, shot.extent.thickness)
    np.testing.assert_array_equal(plan.extent.occupied, shot.extent.occupied)

    still = replace(plan, placements=tuple(Placement(round(one.x), round(one.y)) for one in plan.placements))
    by_whole_pixels = load_shot(plate, open_matte(spec.matte, plate, FOLLOWED), FOLLOWED, plan=still)
    assert apart(shot) < 0.25 * apart(by_whole_pixels)

    seen = np.where(shot.known[..., None], shot.plate, 0).sum(axis=0) / shot.known.sum(axis=0)[..., None]
    assert np.isfinite(seen[shot.hole.any(axis=0)]).all()
    filled = np.broadcast_to(np.nan_to_num(seen), shot.plate.shape)
    save_file({"x0": np.ascontiguousarray(filled, np.float32)}, job.result)
    steps.assemble(job)
    written = results(job)
    assert written[~hole].tobytes() == truth[~hole].astype(np.float16).astype(np.float32).tobytes()
    np.testing.assert_allclose(written[hole], truth[hole], rtol=0.1)


def turned_way(i: int) -> Placement:
    """A camera that turns and zooms as it creeps."""
    return Placement.about((60.0, 40.0), 0.7 * i, -0.4 * i, 0.008 * i, 1.0 - 0.002 * i)


def panned_way(i: int) -> Placement:
    """A camera on a tripod that turns to the right, with a lens as long as the picture is wide."""
    angle = 0.01 * i
    bent = Placement.of_rows(
        (
            (math.cos(angle), 0.0, -COLUMNS * math.sin(angle)),
            (0.0, 1.0, 0.0),
            (math.sin(angle) / COLUMNS, 0.0, math.cos(angle)),
        )
    )
    return Placement(-60.0, -40.0).then(bent).then(Placement(60.0, 40.0))


def turned(way: Callable[[int], Placement]) -> tuple[np.ndarray, np.ndarray]:
    """Truth (F, H, W, 3) of a camera that goes that way, and a hole that reaches an edge."""
    noise = np.random.default_rng(5).normal(size=(1, ROWS + 40, COLUMNS + 40, 3)).astype(np.float32)
    soft = gaussian_blur(noise, 2.0)[0]
    picture, known = np.exp(0.7 * soft / soft.std()).astype(np.float32), np.ones(soft.shape[:2], bool)
    ways = [way(i) for i in range(len(WAY))]
    truth = np.stack([moved(picture, known, one)[0][20:, 20:][:ROWS, :COLUMNS] for one in ways])
    hole = np.zeros(truth.shape[:3], bool)
    for i, one in enumerate(hole):
        one[44:, 20 + 6 * i : 32 + 6 * i] = True
    return truth.astype(np.float16).astype(np.float32), hole


@pytest.mark.parametrize(
    ("way", "line"),
    [
        (turned_way, r"followed: \d+ px across, \d+ px down, turns by 3\.[12]\d°, zooms by 1\.\d%\n"),
        (panned_way, r"followed: \d px across, \d px down, turns by .*, zooms by .*%, in perspective\n"),
    ],
)
def test_a_camera_that_turns_is_followed_and_the_fill_turned_back(tmp_path, capsys, way, line):
    truth, hole = turned(way)
    settings = replace(FOLLOWED, context=0)
    job = job_of(tmp_path, truth, hole[..., None], replace(Settings(), shot=settings))
    shot = steps.prepare(job)
    assert not all(one.only_moves for one in shot.placements)
    assert steps.prepare(job).placements == shot.placements  # as read from its file
    assert [int((one > 0).sum()) for one in shot.blend] == [int(one.sum()) for one in hole]
    assert all(np.count_nonzero(one) >= 20 * 12 for one in shot.hole)
    assert apart(shot) < 0.1

    seen = shot.plate.sum(axis=0) / shot.known.sum(axis=0).clip(1)[..., None]
    filled = np.broadcast_to(seen, shot.plate.shape)
    save_file({"x0": np.ascontiguousarray(filled, np.float32)}, job.result)
    steps.assemble(job)
    written = results(job)
    assert written[~hole].tobytes() == truth[~hole].tobytes()
    away = np.abs(np.log(np.maximum(written, 1e-3) / truth))[hole]
    assert np.median(away) < 0.02
    assert np.quantile(away, 0.9) < 0.15

    show_plan(job.read_spec(), job, as_json=False)
    assert re.search(line, capsys.readouterr().out)


ANGLES, SHIFTS = st.floats(-0.15, 0.15), st.floats(-200, 200)
FRAME = Box(-20, 10, 380, 260)


@given(
    st.lists(st.tuples(ANGLES, ANGLES, ANGLES, ANGLES, SHIFTS, SHIFTS), min_size=1, max_size=6),
    st.integers(0, 60),
    st.data(),
)
def test_the_region_holds_every_hole_and_each_file_is_cut_with_its_own(ways, context, data):
    placements = [
        Placement.similarity(x, y, turn, 1 + zoom).then(Placement(wx=pan / 400, wy=tilt / 400))
        for turn, zoom, pan, tilt, x, y in ways
    ]
    holes = []
    for _ in placements:
        x, y = (
            data.draw(st.integers(FRAME.x0, FRAME.x1 - 30)),
            data.draw(st.integers(FRAME.y0, FRAME.y1 - 30)),
        )
        holes.append(data.draw(st.sampled_from([Box(x, y, x + 30, y + 25), Box(0, 0, 0, 0)])))
    assume(not all(one.is_empty for one in holes))
    box = followed_region(holes, [FRAME] * len(holes), placements, context)
    for hole, way in zip(holes, placements, strict=True):
        if not hole.is_empty:
            assert hole.intersection(way.box_in_file(box)) == hole
            laid = way.box_in_region(hole)
            assert laid.intersection(box) == laid


def apart(shot: Shot) -> float:
    """How far frames lie from the first one in what both show, root mean square."""
    both = shot.known[1:] & shot.known[0]
    return float(np.sqrt(np.mean((shot.plate[1:] - shot.plate[0])[both] ** 2)))


def test_where_the_camera_stands_still_all_is_as_without(make_job):
    job = make_job(replace(Settings(), shot=FOLLOWED), moves=False)
    spec = job.read_spec()
    plate = open_plate(spec.plate)
    plans = [
        plan_shot(plate, open_matte(spec.matte, plate, settings), settings)
        for settings in (FOLLOWED, replace(FOLLOWED, follow_camera=False))
    ]
    assert plans[0].placements == ()
    assert plans[0].box == plans[1].box


@pytest.mark.parametrize("mode", ["sequential", "parallel"])
def test_arrays_are_filled_in_their_place(tiny_settings, mode):
    _, plate, matte = shown(moves=True)
    hole = matte[..., 0] > 0
    settings = tiny_settings(shot={"follow_camera": True, "context": 16}, training={"mode": mode})
    plate[hole] = np.nan
    filled = infusion_core.inpaint(plate, hole, settings)
    assert filled[~hole].tobytes() == plate[~hole].tobytes()
    assert np.isfinite(filled).all()
    unfollowed = infusion_core.inpaint(plate, hole, tiny_settings(training={"mode": mode}))
    assert (filled != unfollowed)[hole].any()


def test_another_take_follows_the_camera_as_its_run_did(make_job, tiny_settings):
    pytest.importorskip("onnxruntime")
    settings = tiny_settings(shot={"follow_camera": True, "context": 16})
    job = make_job(settings)
    steps.prepare(job)
    steps.train(job)
    steps.export(job)
    steps.assemble(job)
    bundle = open_bundle(job.bundle)
    assert bundle.placements == tuple(Placement(*way) for way in WAY)
    spec = job.read_spec()
    again = replace(
        spec,
        output=spec.output.replace("clean", "again"),
        settings=replace(settings, shot=replace(settings.shot, follow_camera=False)),
    )
    render_take(bundle, again)
    np.testing.assert_allclose(results(job, "again"), results(job), rtol=0.02, atol=0.02)


def test_a_dry_run_says_how_far_the_camera_goes(make_job, capsys):
    for moves, line in ((True, "followed: 14 px across, 3 px down"), (False, "stands still")):
        job = make_job(replace(Settings(), shot=FOLLOWED), moves=moves)
        show_plan(job.read_spec(), job, as_json=False)
        assert line in capsys.readouterr().out
