"""One step of a job as one task of a farm: it may be killed, come twice, or come on another machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from infusion_core.errors import Cancelled, JobError
from infusion_core.farm.checks import frames_done
from infusion_core.farm.event_file import EventFile, both
from infusion_core.job import steps, tasks
from infusion_core.job.events import OnEvent, done_event, error_event, started_event
from infusion_core.job.folder import JobFolder
from infusion_core.job.holding import Check, alone, as_task
from infusion_core.job.lock import STALE_AFTER_S
from infusion_core.job.log import logging_to
from infusion_core.job.pace import Pace
from infusion_core.job.resources import told_as_resource_error
from infusion_core.job.spec import JobSpec
from infusion_core.parallel import expert_task, is_parallel
from infusion_core.progress import OnProgress, ShouldStop

# A task that died on another machine is known to be dead only once its lock has been silent for a while.
WAIT_S = STALE_AFTER_S + 60.0
_ASK_EVERY_S = 1.0
# Steps that train; in parallel mode the fractions of all of them are added up for the folder's events.
_TRAINING = ("trunk", "train", "sample")


def run_step(
    folder: JobFolder,
    name: str,
    *,
    interval: int | None = None,
    frames: str = "",
    on_progress: OnProgress,
    on_event: OnEvent,
    should_stop: ShouldStop,
    wait_s: float = WAIT_S,
) -> None:
    """Do what is still missing of one step; its events go to the job folder too.

    Args:
        folder: The job.
        name: prepare, trunk, train, sample, export or assemble.
        interval: train stops once this interval is denoised, or in parallel mode trains this expert alone;
            None: all of the training.
        frames: assemble writes these only; empty: all.
        on_progress: Reports of this step alone; the folder's are of the whole job.
        on_event: Previews, and the end once the whole job is done.
        should_stop: Polled between steps.
        wait_s: Seconds to wait for another run that is at work in the folder.

    Raises:
        JobError: an earlier step is missing, another run is at work here, or the job has no such step.
        InputError, SettingsError, OutputError, ResourceError: naming file, frame and remedy.
        Cancelled: ``should_stop`` returned true; the same step again goes on from there.
    """
    spec = folder.read_spec()
    events = EventFile(folder.path / "events.jsonl")
    pace = Pace({"prepare": 1.0, "train": 60.0, "export": 2.0, "assemble": 2.0}, events.progress)
    of_job = pace.step("train" if name in _TRAINING else name, tells_time=name != "prepare")

    def tell(event: dict[str, object]) -> None:
        events.add(event)
        on_event(event)

    try:
        with ExitStack() as stack:
            hold = _hold(folder, spec, name, interval)
            if hold is not None:
                should_stop = stack.enter_context(_holding(folder, hold, should_stop, wait_s))
            stack.enter_context(logging_to(folder.log))
            stack.enter_context(told_as_resource_error())
            report = both(on_progress, of_job)
            if name == "prepare":
                events.add(started_event(folder.path, os.getpid()))
                steps.prepare(folder, on_progress=report, should_stop=should_stop)
            elif name in _TRAINING:
                _train(folder, spec, name, interval, tasks.Told(on_progress, of_job, tell, should_stop))
            elif name == "export":
                steps.export(folder, on_progress=report, should_stop=should_stop)
            else:
                steps.assemble(folder, frames=frames, on_progress=report, should_stop=should_stop)
    except (Exception, KeyboardInterrupt) as error:
        events.add(error_event(error))
        raise
    written = frames_done(spec, folder) if name in ("export", "assemble") else 0
    if written:
        tell(done_event(folder.path, spec.output, written))


def _train(folder: JobFolder, spec: JobSpec, name: str, interval: int | None, told: tasks.Told) -> None:
    if name == "trunk":
        tasks.train_trunk(tasks.open_job(folder), told)
    elif name == "sample":
        tasks.sample(tasks.open_job(folder), told)
    elif interval is not None and is_parallel(spec.settings.training):
        tasks.train_expert(tasks.open_job(folder), interval, told)
    else:
        steps.train(
            folder,
            through=interval,
            on_progress=both(told.of_task, told.of_all),
            on_event=told.of_event,
            should_stop=told.should_stop,
        )


def _hold(
    folder: JobFolder, spec: JobSpec, name: str, interval: int | None
) -> Callable[[], AbstractContextManager[Check]] | None:
    """How a step keeps others out of the folder; None where it need not.

    Chunks of frames are written side by side, each file whole or not at all, and experts train side by side.
    """
    if name == "assemble":
        return None
    if interval is not None and is_parallel(spec.settings.training):
        task = expert_task(interval)
        return lambda: as_task(folder, task)
    return lambda: alone(folder)


@contextmanager
def _holding(
    folder: JobFolder,
    hold: Callable[[], AbstractContextManager[Check]],
    should_stop: ShouldStop,
    wait_s: float,
) -> Iterator[Callable[[], bool]]:
    """Hold the folder, waiting for whoever has it; yield a ``should_stop`` that notices its loss."""
    until = time.monotonic() + wait_s
    with ExitStack() as stack:
        while True:
            try:
                check = stack.enter_context(hold())
                break
            except JobError:
                if should_stop():
                    raise Cancelled("Stopped while waiting for another run.", path=folder.path) from None
                if time.monotonic() > until:
                    raise
            time.sleep(_ASK_EVERY_S)

        def stop_or_lost() -> bool:
            check()
            return should_stop()

        yield stop_or_lost
