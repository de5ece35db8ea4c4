"""Steps that need no training; whole runs are in tests/infusion_core/cli."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from safetensors.numpy import load_file, save_file

from infusion_core.bundle import open_bundle
from infusion_core.errors import Cancelled, JobError, OutputError
from infusion_core.farm.shot_list import ListedShot
from infusion_core.farm.tasks import tasks_of
from infusion_core.job import steps
from infusion_core.job.folder import JobFolder
from infusion_core.job.inpaint import inpaint
from infusion_core.job.spec import JobSpec
from infusion_core.render import render
from infusion_core.settings import Settings, ShotSettings

FRAMES = range(1, 7)


def write(path: Path, pixels: np.ndarray, channels: tuple[str, ...]) -> None:
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], oiio.FLOAT)
    spec.channelnames = channels
    buffer = oiio.ImageBuf(spec)
    buffer.set_pixels(spec.roi, np.ascontiguousarray(pixels, np.float32))
    assert buffer.write(str(path))


def read(path: Path) -> np.ndarray:
    return np.asarray(oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT))


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    """A job that fills frames 2 to 5 and learns from 1 and 6 as well."""
    generator = np.random.default_rng(0)
    for frame in FRAMES:
        write(tmp_path / f"p.{frame:03d}.exr", generator.random((16, 24, 3)), ("R", "G", "B"))
        matte = np.zeros((16, 24, 1))
        matte[4:9, frame : frame + 6] = 1
        write(tmp_path / f"m.{frame:03d}.exr", matte, ("A",))
    settings = replace(Settings(), shot=ShotSettings(frames="2-5", handles=1, context=4))
    spec = JobSpec(*(str(tmp_path / f"{name}.%03d.exr") for name in ("p", "m", "out")), settings)
    folder = JobFolder(tmp_path / "job")
    folder.write_spec(spec)
    return folder


def finish_training(job: JobFolder, value: float) -> None:
    """Put a constant fill where training would leave its result."""
    shot = steps.prepared_shot(job)
    x0 = np.full((*shot.hole.shape, 3), value, np.float32)
    save_file({"x0": x0}, job.result)


def outputs(job: JobFolder) -> dict[int, Path]:
    found = {frame: job.path.parent / f"out.{frame:03d}.exr" for frame in FRAMES}
    return {frame: path for frame, path in found.items() if path.exists()}


def test_prepare_reads_the_shot_once(job: JobFolder) -> None:
    reports = []
    shot = steps.prepare(job, on_progress=reports.append)
    assert shot.frames == tuple(FRAMES)
    assert shot.fill_frames == (2, 3, 4, 5)
    assert [report.fraction for report in reports] == sorted(report.fraction for report in reports)
    assert reports[-1].fraction == 1.0
    stamp = job.shot.stat().st_mtime_ns
    again = steps.prepare(job)
    assert job.shot.stat().st_mtime_ns == stamp
    np.testing.assert_array_equal(again.plate, shot.plate)


def test_each_step_asks_for_the_one_before(job: JobFolder) -> None:
    for step in (steps.train, steps.export, steps.assemble):
        with pytest.raises(JobError, match="not prepared"):
            step(job)
    steps.prepare(job)
    with pytest.raises(JobError, match="not finished"):
        steps.assemble(job)


def test_assemble_writes_the_fill_into_the_hole_and_no_handles(job: JobFolder) -> None:
    shot = steps.prepare(job)
    finish_training(job, 0.25)
    files = steps.assemble(job)
    assert set(files) == set(outputs(job).values())
    assert set(outputs(job)) == {2, 3, 4, 5}
    expected = shot.colour.decode(np.float32(0.25))
    for frame, path in outputs(job).items():
        plate, result = read(job.path.parent / f"p.{frame:03d}.exr"), read(path)
        hole = read(job.path.parent / f"m.{frame:03d}.exr")[..., 0] > 0
        assert plate[~hole].tobytes() == result[~hole].tobytes()
        np.testing.assert_allclose(result[hole], expected, rtol=1e-6)


def test_assemble_keeps_its_frames_and_replaces_older_ones(job: JobFolder) -> None:
    steps.prepare(job)
    finish_training(job, 0.0)
    steps.assemble(job)
    stamps = {frame: path.stat().st_mtime_ns for frame, path in outputs(job).items()}
    outputs(job)[3].unlink()
    os.utime(outputs(job)[4], (1, 1))
    steps.assemble(job)
    after = {frame: path.stat().st_mtime_ns for frame, path in outputs(job).items()}
    assert {frame for frame in after if after[frame] != stamps[frame]} == {3, 4}


def test_frames_of_somebody_else_are_an_obstacle_own_ones_are_not(job: JobFolder) -> None:
    steps.prepare(job)
    write(job.path.parent / "out.004.exr", np.zeros((16, 24, 3)), ("R", "G", "B"))
    with pytest.raises(OutputError, match="exist"):
        steps.prepare(job)
    (job.path.parent / "out.004.exr").unlink()
    finish_training(job, 0.0)
    steps.assemble(job)
    steps.prepare(job)


def test_a_cancelled_assembly_leaves_whole_frames_and_goes_on(job: JobFolder) -> None:
    steps.prepare(job)
    finish_training(job, 0.5)
    with pytest.raises(Cancelled):
        steps.assemble(job, should_stop=lambda: len(outputs(job)) == 2)
    assert set(outputs(job)) == {2, 3}
    stamps = [path.stat().st_mtime_ns for path in outputs(job).values()]
    steps.assemble(job)
    assert [path.stat().st_mtime_ns for path in outputs(job).values()][:2] == stamps


@pytest.mark.parametrize("name", ["checkpoint", "shot"])
def test_a_damaged_file_of_the_job_is_named(job: JobFolder, name: str) -> None:
    pytest.importorskip("torch")
    steps.prepare(job)
    getattr(job, name).write_bytes(b"\x08\x00\x00\x00garbage")
    with pytest.raises(JobError) as caught:
        steps.train(job)
    assert caught.value.path == str(getattr(job, name))
    assert caught.value.remedy


def test_cancelled_before_anything_is_done_leaves_no_folder(job: JobFolder, tmp_path: Path) -> None:
    folder = JobFolder(tmp_path / "fresh")
    with pytest.raises(Cancelled):
        inpaint(job.read_spec(), folder, should_stop=lambda: True)
    assert not folder.path.exists()


def test_a_mistake_in_a_folder_that_was_there_leaves_the_folder(job: JobFolder) -> None:
    spec = replace(job.read_spec(), matte=str(job.path.parent / "nothing.%03d.exr"))
    with pytest.raises(Exception, match="nothing"):
        inpaint(spec, job)
    assert job.spec.exists()
    assert not job.lock.exists()


def test_a_region_with_coarser_stages_is_trained_exported_and_rendered_with_them(
    job: JobFolder, tiny_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infusion_core.engine.work.likeliest_layout", lambda *_: 1)
    monkeypatch.setattr("infusion_core.octaves.THINNEST", 0)
    spec = job.read_spec()
    few = {"training_steps": 2, "sampling_steps": 2}
    settings = tiny_settings(
        shot={"frames": "2-5", "handles": 1, "context": 4},
        diffusion={"coarsest": 2},
        sampling={"layouts": 2},
        stages=[
            {"scale": 0.5, "t_low": 500, "intervals": 1, **few},
            {"t_high": 600, "intervals": 2, **few},
        ],
    )
    job.write_spec(replace(spec, settings=settings))
    shots = [ListedShot("a", job.read_spec(), job)]
    before = [task.name for task in tasks_of(shots)]
    shot = steps.prepare(job)
    assert [task.name for task in tasks_of(shots)] == before
    assert len([name for name in before if "train" in name]) == 1 + 2 + 2 + 2
    steps.train(job)
    steps.export(job)
    assert len(list(job.expert(0).parent.iterdir())) == 7
    bundle = open_bundle(job.bundle)
    assert bundle.layout == 1
    assert [stage.scale for stage in bundle.settings.stages] == [0.125, 0.25, 0.5, 1.0]
    rendered = render(bundle, shot, settings.run.seed)
    assert np.abs(rendered - load_file(job.result)["x0"]).max() < 1e-3
    job.layout.write_text("{}")
    job.bundle.joinpath("manifest.json").unlink()
    with pytest.raises(JobError, match="layout"):
        steps.export(job)
    job.clear()
    assert not job.layout.exists()


def test_a_stage_that_a_thick_hole_need_not_have_is_left_out_of_everything(
    job: JobFolder, tiny_settings: Callable[..., Settings]
) -> None:
    few = {"training_steps": 2, "sampling_steps": 2, "intervals": 2}
    settings = tiny_settings(
        shot={"frames": "2-5", "handles": 1, "context": 4},
        diffusion={"coarsest": 0, "laid_out": 1},
        sampling={"layouts": 2},
        stages=[{"scale": 0.25, **few}, {"scale": 0.5, "t_high": 600, **few}],
    )
    job.write_spec(replace(job.read_spec(), settings=settings))
    before = [task.name for task in tasks_of([ListedShot("a", job.read_spec(), job)])]
    shot = steps.prepare(job)
    steps.train(job)
    steps.export(job)
    bundle = open_bundle(job.bundle)
    assert [stage.scale for stage in bundle.settings.stages] == [0.25]
    assert len([name for name in before if "train" in name]) == len(bundle.intervals) == 2
    rendered = render(bundle, shot, settings.run.seed)
    assert np.abs(rendered - load_file(job.result)["x0"]).max() < 1e-3
