"""All steps of a job in one process: prepare, train, export, assemble."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from infusion_core.errors import Cancelled, InfusionError
from infusion_core.estimate import estimate
from infusion_core.job import steps
from infusion_core.job.events import OnEvent, done_event, ignore_event
from infusion_core.job.folder import JobFolder, start
from infusion_core.job.holding import alone
from infusion_core.job.log import logging_to
from infusion_core.job.pace import FLOPS_PER_S, Pace
from infusion_core.job.resources import told_as_resource_error
from infusion_core.job.spec import JobSpec
from infusion_core.octaves import with_octaves
from infusion_core.progress import OnProgress, ShouldStop, ignore_progress, never_stop
from infusion_core.settings import Settings
from infusion_core.shot import Shot

# Rough times on a desktop machine.
_EXPORT_S = 0.5
_FRAME_S = 0.1


def inpaint(
    spec: JobSpec,
    folder: JobFolder,
    *,
    resume: bool = False,
    on_progress: OnProgress = ignore_progress,
    on_event: OnEvent = ignore_event,
    should_stop: ShouldStop = never_stop,
) -> list[Path]:
    """Fill a shot, from the start or from where an earlier run of the same job stopped.

    Args:
        spec: What to do.
        folder: Where to keep all of the run.
        resume: Go on with the job in the folder; without one there, begin.
        on_progress: Reports of the whole run.
        on_event: Previews and the end, as of ``infusion_core.job.events``.
        should_stop: Polled between steps.

    Returns:
        The files of the result.

    Raises:
        JobError: another run is at work in the folder, or it holds another job.
        InputError, SettingsError, OutputError, ResourceError: naming file, frame and remedy.
        Cancelled: ``should_stop`` returned true; ``resume`` goes on from there.
    """
    is_new = not folder.path.exists()
    try:
        with alone(folder) as check:

            def stop_or_lost() -> bool:
                check()
                return should_stop()

            start(folder, spec, resume=resume)
            try:
                files = _logged(spec, folder, on_progress, on_event, stop_or_lost)
            except InfusionError:
                if is_new and not folder.shot.exists():
                    folder.remove()  # nothing was done yet: leave no trace of a mistyped path
                raise
    finally:
        if is_new:
            with suppress(OSError):
                folder.path.rmdir()
    on_event(done_event(folder.path, spec.output, len(files)))
    return files


def _logged(
    spec: JobSpec, folder: JobFolder, on_progress: OnProgress, on_event: OnEvent, should_stop: ShouldStop
) -> list[Path]:
    with logging_to(folder.log) as log:
        log.info("Filling %s with %s into %s", spec.plate, spec.matte, spec.output)
        try:
            with told_as_resource_error():
                files = _all_steps(spec, folder, on_progress, on_event, should_stop)
        except Cancelled as stopped:
            raise Cancelled(
                "Stopped; the work so far is kept.", path=folder.path, remedy="Go on with --resume."
            ) from stopped
        log.info("Done: %d frames", len(files))
    return files


def _all_steps(
    spec: JobSpec, folder: JobFolder, on_progress: OnProgress, on_event: OnEvent, should_stop: ShouldStop
) -> list[Path]:
    pace = Pace({"prepare": 1.0, "train": 60.0, "export": 2.0, "assemble": 2.0}, on_progress)
    # Each step reads the shot anew and lets go of it again: a large one would not fit twice.
    report = pace.step("prepare", tells_time=False)
    pace.expect(
        expected_seconds(steps.prepare(folder, on_progress=report, should_stop=should_stop), spec.settings)
    )
    steps.train(folder, on_progress=pace.step("train"), on_event=on_event, should_stop=should_stop)
    steps.export(folder, on_progress=pace.step("export"), should_stop=should_stop)
    return steps.assemble(folder, on_progress=pace.step("assemble"), should_stop=should_stop)


def expected_seconds(shot: Shot, settings: Settings) -> dict[str, float]:
    """Seconds that the steps of a run would take on a desktop machine, roughly."""
    settings = with_octaves(settings, shot.extent)
    work = estimate(shot.extent, settings)
    intervals = sum(stage.intervals for stage in settings.stages)
    return {
        "prepare": _FRAME_S * shot.size[0],
        "train": (work.training_flops + work.sampling_flops) / FLOPS_PER_S,
        "export": _EXPORT_S * intervals,
        "assemble": _FRAME_S * len(shot.fill_frames),
    }
