"""Job folders as hosts write and name them."""

from __future__ import annotations

from pathlib import Path

import pytest
from infusion_plugin import job, lock
from infusion_plugin.errors import InputError, JobError, JobLockedError

from infusion_core.job.folder import JobFolder

JOB = job.Job("/a/p.%04d.exr", "/a/m.%04d.exr", "/a/o.%04d.exr", {"preset": "standard", "shot": {"grow": 4}})


def test_the_core_reads_what_a_host_wrote(tmp_path: Path) -> None:
    job.write_job(tmp_path, JOB, {"host": "Nuke", "node": "Infusion1"})
    spec = JobFolder(tmp_path).read_spec()
    assert (spec.plate, spec.settings.preset, spec.settings.shot.grow) == ("/a/p.%04d.exr", "standard", 4)
    assert job.read_job(tmp_path) == JOB


def test_a_host_reads_what_the_core_wrote(tmp_path: Path) -> None:
    job.write_job(tmp_path, JOB)
    spec = JobFolder(tmp_path).read_spec()
    JobFolder(tmp_path).write_spec(spec)
    assert job.read_job(tmp_path).settings["shot"]["grow"] == 4


def test_jobs_need_their_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no matte"):
        job.write_job(tmp_path, job.Job("/a/p.exr", "", "/a/o.exr"))
    with pytest.raises(JobError, match="no job here"):
        job.read_job(tmp_path)


def test_script_and_node_are_in_the_path(tmp_path: Path) -> None:
    paths = job.shot_paths(tmp_path, "C:\\shots\\sh 010 v3.nk", "Infusion Inpaint1", 2)
    assert paths.folder == tmp_path / "sh_010_v3" / "Infusion_Inpaint1" / "v002"
    assert paths.job.parent == paths.folder
    assert "%04d" in paths.plate
    assert paths.output.endswith("_v002.%04d.exr")


def test_the_latest_version_counts_folders(tmp_path: Path) -> None:
    assert job.latest_version(tmp_path, "a.nk", "n") == 0
    for version in (1, 12, 3):
        job.shot_paths(tmp_path, "a.nk", "n", version).folder.mkdir(parents=True)
    assert job.latest_version(tmp_path, "a.nk", "n") == 12


def test_runs_survive_the_file(tmp_path: Path) -> None:
    assert job.read_run(tmp_path) is None
    run = job.Run(task="render", seed=7, output="/a/take.%04d.exr")
    job.write_run(tmp_path, run)
    assert job.read_run(tmp_path) == run
    (tmp_path / "run.json").write_text('{"schema_version": 1, "task": "paint"}')
    with pytest.raises(JobError, match="paint"):
        job.read_run(tmp_path)


def test_only_its_owner_frees_a_lock(tmp_path: Path) -> None:
    lock.acquire(tmp_path, "one")
    with pytest.raises(JobLockedError):
        lock.acquire(tmp_path, "two")
    lock.release(tmp_path, "two")
    assert lock.holder(tmp_path) is not None
    lock.release(tmp_path, "one")
    lock.acquire(tmp_path, "two")


def test_the_lock_of_a_silent_worker_elsewhere_goes_stale(tmp_path: Path) -> None:
    (tmp_path / "run.lock").write_text('{"run_id": "a", "pid": 1, "host": "farm07", "time": 0}')
    held = lock.read_lock(tmp_path)
    assert held is not None
    assert lock.is_stale(tmp_path, held)
    (tmp_path / "heartbeat.json").touch()
    assert not lock.is_stale(tmp_path, held)


def test_only_jobs_that_came_to_nothing_are_discarded(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    job.discard(folder)
    job.write_job(folder, JOB)
    (folder / "log.txt").touch()
    lock.acquire(folder, "one")
    with pytest.raises(JobError, match="has work"):
        job.discard(folder)
    lock.release(folder, "one")
    (folder / "checkpoint.safetensors").touch()
    with pytest.raises(JobError, match="has work"):
        job.discard(folder)
    (folder / "checkpoint.safetensors").unlink()
    job.discard(folder)
    assert not folder.exists()
