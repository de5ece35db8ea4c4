"""The tasks of parallel mode over a job folder; as processes they are in tests/infusion_core/farm."""

import json
from dataclasses import replace

import numpy as np
import pytest

from infusion_core.errors import Cancelled, JobError
from infusion_core.job import tasks
from infusion_core.job.folder import JobFolder
from infusion_core.job.holding import alone, as_task
from infusion_core.job.losses import read_losses
from infusion_core.job.prepared import trained_arrays
from infusion_core.job.spec import JobSpec
from infusion_core.job.task_progress import SHARE_EVERY_S, WholeProgress, fraction_of
from infusion_core.progress import Progress
from infusion_core.settings import override

pytest.importorskip("torch")
TRUNK_STEPS, STEPS, INTERVALS = 5, 4, 3


@pytest.fixture
def make_job(tmp_path, tiny_settings, waves):
    """A prepared job in a folder of its own."""

    def make(name="job", mode="parallel"):
        settings = override(tiny_settings(), {"training": {"mode": mode, "trunk_steps": TRUNK_STEPS}})
        folder = JobFolder(tmp_path / name)
        folder.write_spec(JobSpec("/a/p.%04d.exr", "/a/m.exr", "/a/out.%04d.exr", settings))
        waves.save(folder.shot)
        return folder

    return make


def do_all(folder, order=range(INTERVALS)):
    job = tasks.open_job(folder)
    tasks.train_trunk(job, tasks.Told())
    for k in order:
        tasks.train_expert(job, k, tasks.Told())
    tasks.sample(job, tasks.Told())
    return trained_arrays(folder.result)["x0"]


def stopping_after(count):
    """Told of a task, and stops it after so many reports."""
    reports = []
    return tasks.Told(of_task=reports.append, should_stop=lambda: len(reports) >= count)


def test_the_order_of_the_experts_and_stops_do_not_matter(make_job):
    expected = do_all(make_job())
    folder = make_job("other")
    job = tasks.open_job(folder)
    for reports_before_the_stop in (3, 4):  # in its training, then in its sampling
        with pytest.raises(Cancelled):
            tasks.train_trunk(job, stopping_after(reports_before_the_stop))
        assert folder.task("trunk").checkpoint.exists()
    tasks.train_trunk(job, tasks.Told())
    with pytest.raises(Cancelled):
        tasks.train_expert(job, 1, stopping_after(2))
    assert folder.task("interval_01").checkpoint.exists()
    np.testing.assert_array_equal(do_all(folder, order=(2, 0, 1)), expected)


def test_each_task_asks_for_those_before(make_job):
    job = tasks.open_job(make_job())
    with pytest.raises(JobError, match="trunk of this job is not trained"):
        tasks.train_expert(job, 0, tasks.Told())
    with pytest.raises(JobError, match="no interval 3"):
        tasks.train_expert(job, INTERVALS, tasks.Told())
    tasks.train_trunk(job, tasks.Told())
    tasks.train_expert(job, 0, tasks.Told())
    with pytest.raises(JobError, match=r"not finished") as caught:
        tasks.sample(job, tasks.Told())
    assert caught.value.path == str(job.folder.expert(1))


def test_a_job_in_sequential_mode_has_no_such_tasks(make_job):
    with pytest.raises(JobError, match=r"one after the other.*training\.mode=parallel"):
        tasks.open_job(make_job(mode="sequential"))


def test_done_tasks_do_nothing_and_leave_their_losses(make_job):
    folder = make_job()
    do_all(folder)
    made = [folder.trunk, *(folder.expert(k) for k in range(INTERVALS)), folder.result]
    stamps = [path.stat().st_mtime_ns for path in made]
    do_all(folder)
    assert [path.stat().st_mtime_ns for path in made] == stamps
    assert [row[:2] for row in read_losses(folder.losses)] == [
        *((-1, step) for step in range(TRUNK_STEPS)),
        *((k, step) for k in range(INTERVALS) for step in range(STEPS)),
    ]
    assert {path.name for path in folder.tasks.rglob("*") if path.is_file()} == {"losses.jsonl"}
    assert {path.name for path in folder.previews.iterdir()} == {
        "trunk.png", *(f"interval_{k:02d}.png" for k in range(INTERVALS))
    }  # fmt: skip


def test_fractions_of_all_the_training_count_what_others_have_done(make_job):
    folder, reports, now = make_job(), [], [0.0]
    work = {"trunk": 2.0, "interval_00": 3.0, "interval_01": 3.0, "sample": 2.0}
    both = [
        WholeProgress(folder, name, work, reports.append, lambda: now[0])
        for name in ("interval_00", "interval_01")
    ]
    folder.trunk.write_bytes(b"done")
    both[0](Progress("train", 0.5))
    assert reports[-1].fraction == pytest.approx(0.35)
    both[1](Progress("train", 1 / 3))
    assert reports[-1].fraction == pytest.approx(0.45)
    both[0](Progress("train", 0.6))  # it looks at others now and then only
    assert reports[-1].fraction == pytest.approx(0.38)
    now[0] += SHARE_EVERY_S
    both[0](Progress("train", 0.6))
    assert reports[-1].fraction == pytest.approx(0.48)
    folder.expert(1).parent.mkdir()
    folder.expert(1).write_bytes(b"done")
    assert fraction_of(folder, "interval_01") == 1.0
    folder.task("interval_00").progress.write_text("garbage")
    assert fraction_of(folder, "interval_00") == 0.0


def test_all_tasks_in_turn_report_rising_fractions_up_to_one(make_job):
    folder, reports, events = make_job(), [], []
    tasks.do_all_tasks(folder, on_progress=reports.append, on_event=events.append, should_stop=lambda: False)
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert [event["interval"] for event in events] == [None, 0, 1, 2]
    json.dumps(events)


def test_tasks_share_a_folder_and_a_run_alone_does_not(make_job):
    folder = make_job()
    with as_task(folder, "interval_00"), as_task(folder, "interval_01"):
        assert not folder.lock.exists()
        with pytest.raises(JobError, match="Another run"), as_task(folder, "interval_01"):
            pass
        with pytest.raises(JobError, match="Another run"), alone(folder):
            pass
        assert folder.task("interval_01").lock.exists()
    with alone(folder), pytest.raises(JobError, match="Another run"), as_task(folder, "interval_00"):
        pass
    dead = {**json.loads(_lock_of_a_dead_task(folder)), "pid": 2**22 + 1}
    folder.task("interval_00").lock.write_text(json.dumps(dead))
    with alone(folder):
        assert not folder.task("interval_00").lock.exists()


def _lock_of_a_dead_task(folder):
    with as_task(folder, "interval_00"):
        return folder.task("interval_00").lock.read_text()


def test_what_tasks_left_is_work_and_goes_with_the_job(make_job):
    folder = make_job()
    assert not folder.has_work
    tasks.train_trunk(tasks.open_job(folder), tasks.Told())
    assert folder.has_work
    spec = folder.read_spec()
    other = replace(spec, settings=override(spec.settings, {"training": {"mode": "sequential"}}))
    assert any(text.startswith("training.mode") for text in spec.differences(other))
    folder.clear()
    assert not folder.has_work
    assert not folder.tasks.exists()
