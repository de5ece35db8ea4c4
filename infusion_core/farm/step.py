"""One step of a job as one task of a farm: it may be killed, come twice, or come on another machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from infusion_core.errors import Cancelled, JobError
from infusion_core.farm.checks import frames_done
from infusion_core.farm.event_file import EventFile, both
from infusion_core.job import steps
from infusion_core.job.events import OnEvent, done_event, error_event, started_event
from infusion_core.job.folder import JobFolder
from infusion_core.job.lock import STALE_AFTER_S, FolderLock
from infusion_core.job.log import logging_to
from infusion_core.job.pace import Pace
from infusion_core.job.resources import told_as_resource_error
from infusion_core.progress import OnProgress, ShouldStop

# A task that died on another machine is known to be dead only once its lock has been silent for a while.
WAIT_S = STALE_AFTER_S + 60.0
_ASK_EVERY_S = 1.0


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
        name: prepare, train, export or assemble.
        interval: train stops once this interval is denoised; None: after the last.
        frames: assemble writes these only; empty: all.
        on_progress: Reports of this step alone; the folder's are of the whole job.
        on_event: Previews, and the end once the whole job is done.
        should_stop: Polled between steps.
        wait_s: Seconds to wait for another run that is at work in the folder.

    Raises:
        JobError: an earlier step is missing, or another run is at work here.
        InputError, SettingsError, OutputError, ResourceError: naming file, frame and remedy.
        Cancelled: ``should_stop`` returned true; the same step again goes on from there.
    """
    spec = folder.read_spec()
    events = EventFile(folder.path / "events.jsonl")
    pace = Pace({"prepare": 1.0, "train": 60.0, "export": 2.0, "assemble": 2.0}, events.progress)
    report = both(on_progress, pace.step(name))

    def tell(event: dict[str, object]) -> None:
        events.add(event)
        on_event(event)

    try:
        with ExitStack() as stack:
            if name != "assemble":  # chunks of frames are written side by side, each file whole or not at all
                should_stop = stack.enter_context(_holding(folder, should_stop, wait_s))
            stack.enter_context(logging_to(folder.log))
            stack.enter_context(told_as_resource_error())
            if name == "prepare":
                events.add(started_event(folder.path, os.getpid()))
                steps.prepare(folder, on_progress=report, should_stop=should_stop)
            elif name == "train":
                steps.train(
                    folder, through=interval, on_progress=report, on_event=tell, should_stop=should_stop
                )
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


@contextmanager
def _holding(folder: JobFolder, should_stop: ShouldStop, wait_s: float) -> Iterator[Callable[[], bool]]:
    """Hold the folder's lock, waiting for whoever has it; yield a ``should_stop`` that notices its loss."""
    until = time.monotonic() + wait_s
    while True:
        lock = FolderLock(folder.lock)
        try:
            lock.__enter__()
            break
        except JobError:
            if should_stop():
                raise Cancelled("Stopped while waiting for another run.", path=folder.path) from None
            if time.monotonic() > until:
                raise
        time.sleep(_ASK_EVERY_S)

    def stop_or_lost() -> bool:
        lock.check()
        return should_stop()

    with ExitStack() as stack:
        stack.push(lock.__exit__)
        yield stop_or_lost
