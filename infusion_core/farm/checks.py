"""Everything wrong with a list of shots, found before anything starts; and their job folders."""

from __future__ import annotations

from collections.abc import Iterable

from infusion_core.errors import InfusionError, JobError
from infusion_core.farm.shot_list import ListedShot
from infusion_core.io.plates import open_plate
from infusion_core.io.sequences import output_sequence
from infusion_core.job.checks import open_inputs
from infusion_core.job.folder import JobFolder, start
from infusion_core.job.holding import alone
from infusion_core.job.spec import JobSpec
from infusion_core.job.write import is_written


def is_complete(shot: ListedShot) -> bool:
    """Whether an earlier run has done all of this very job: frames, result and bundle.

    Raises:
        InputError: the plate cannot be read.
        JobError, SettingsError: the job folder cannot be read.
    """
    folder = shot.folder
    if not folder.spec.exists() or folder.read_spec().differences(shot.spec):
        return False
    return frames_done(shot.spec, folder) > 0


def frames_done(spec: JobSpec, folder: JobFolder) -> int:
    """How many frames a finished job has written; 0 while any of them, or the bundle, is missing."""
    if not folder.result.exists() or not (folder.bundle / "manifest.json").exists():
        return 0
    settings = spec.settings.shot
    target = output_sequence(spec.output)
    frames = open_plate(spec.plate, settings.frames, layer=settings.layer).frames
    return len(frames) if all(is_written(target.path(frame), folder.result) for frame in frames) else 0


def check_shots(shots: Iterable[ListedShot]) -> dict[str, InfusionError]:
    """What is wrong with each shot's inputs, output and job folder, by the shot's name."""
    problems: dict[str, InfusionError] = {}
    for shot in shots:
        try:
            _check(shot)
        except InfusionError as error:
            problems[shot.name] = error
    return problems


def _check(shot: ListedShot) -> None:
    folder = shot.folder
    if folder.has_work and not shot.spec.overwrite:
        differences = folder.read_spec().differences(shot.spec)
        if differences:
            raise JobError(
                f"The job folder holds the work of another job ({'; '.join(differences[:3])}).",
                path=folder.path,
                remedy="Give the shot another 'job', or overwrite = true.",
            )
    open_inputs(shot.spec, is_finished=lambda path: is_written(path, folder.result))


def put_job(shot: ListedShot) -> None:
    """Put the shot's ``job.json`` into its folder; the work of the same job stays, that of another goes.

    Raises:
        JobError: another run is at work in the folder, or it holds work that would be lost.
        OutputError: the folder cannot be written.
    """
    folder = shot.folder
    with alone(folder):
        is_same = folder.spec.exists() and not folder.read_spec().differences(shot.spec)
        start(folder, shot.spec, resume=is_same)
