from dataclasses import replace
from pathlib import Path

import pytest

from infusion_core.errors import JobError
from infusion_core.job.folder import JobFolder, default_job_folder, start
from infusion_core.job.spec import JobSpec
from infusion_core.settings import RunSettings, Settings

SPEC = JobSpec("/a/plate.%04d.exr", "/a/matte.exr", "/b/out.%04d.exr", Settings())
OTHER = replace(SPEC, settings=replace(Settings(), run=RunSettings(seed=1)))


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    return JobFolder(tmp_path / "job")


@pytest.fixture
def worked(folder: JobFolder) -> JobFolder:
    start(folder, SPEC, resume=False)
    folder.checkpoint.write_bytes(b"work")
    return folder


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("/s/clean.%04d.exr", "clean.infusion"),
        ("/s/clean_####.exr", "clean.infusion"),
        ("/s/clean.@@@@.exr", "clean.infusion"),
        ("/s/a-b.$F4.exr", "a-b.infusion"),
        ("/s/%04d.png", "result.infusion"),
    ],
)
def test_the_default_job_folder_lies_beside_the_output(output: str, name: str) -> None:
    assert default_job_folder(output) == Path("/s") / name


def test_a_new_job_writes_its_file(folder: JobFolder) -> None:
    start(folder, SPEC, resume=False)
    assert folder.read_spec() == SPEC


def test_resume_without_a_job_begins_one(folder: JobFolder) -> None:
    start(folder, SPEC, resume=True)
    assert folder.read_spec() == SPEC


def test_work_is_not_lost_by_starting_again(worked: JobFolder) -> None:
    with pytest.raises(JobError, match=r"--resume.*--overwrite"):
        start(worked, SPEC, resume=False)
    assert worked.checkpoint.read_bytes() == b"work"


def test_a_job_that_failed_before_its_training_is_replaced(folder: JobFolder) -> None:
    start(folder, SPEC, resume=False)
    folder.shot.write_bytes(b"shot of the wrong plate")
    start(folder, OTHER, resume=False)
    assert folder.read_spec() == OTHER
    assert not folder.shot.exists()


def test_resume_keeps_the_work_and_takes_another_machine(worked: JobFolder) -> None:
    moved = replace(SPEC, settings=replace(Settings(), run=RunSettings(threads=7)))
    start(worked, moved, resume=True)
    assert worked.read_spec() == moved
    assert worked.checkpoint.exists()


def test_resume_says_what_differs(worked: JobFolder) -> None:
    with pytest.raises(JobError, match=r"run\.seed: 1, not 0"):
        start(worked, OTHER, resume=True)
    assert worked.read_spec() == SPEC


def test_overwrite_starts_afresh_and_spares_other_files(worked: JobFolder) -> None:
    (worked.path / "notes.txt").write_text("mine")
    worked.experts.mkdir()
    start(worked, replace(OTHER, overwrite=True), resume=False)
    assert not worked.has_work
    assert (worked.path / "notes.txt").read_text() == "mine"
    assert worked.read_spec().settings.run.seed == 1


def test_a_folder_without_a_job_says_so(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="no job in this folder"):
        JobFolder(tmp_path).read_spec()
    (tmp_path / "job.json").write_text('{"schema_ver')
    with pytest.raises(JobError, match="Cannot read the job file"):
        JobFolder(tmp_path).read_spec()
