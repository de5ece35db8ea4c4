"""From the words of a command line to a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infusion_core import settings as schema
from infusion_core.cli.options import given_tables
from infusion_core.errors import InputError, JobError
from infusion_core.job.folder import JobFolder, default_job_folder
from infusion_core.job.spec import JobSpec
from infusion_core.settings import Settings


def settings_from(options: Mapping[str, Any]) -> Settings:
    """Settings of a new run: preset, then --config files, then options, then --set."""
    return schema.resolve(
        options["preset"],
        files=options["config"],
        tables=given_tables(options, "shot", "run", "training"),
        assignments=options["assignments"],
    )


def settings_over(base: Settings, options: Mapping[str, Any]) -> Settings:
    """``base`` with what the user gave laid over it; a preset or a file begins anew from the preset."""
    if options["preset"] or options["config"]:
        return settings_from(options)
    changed = schema.override(base, given_tables(options, "shot", "run", "training"))
    return schema.apply_assignments(changed, options["assignments"])


def job_from(
    plate: str | None, matte: str | None, output: str | None, options: Mapping[str, Any]
) -> tuple[JobSpec, JobFolder]:
    """The job that a command line asks for, and its folder.

    With ``resume``, what is not said on the command line is as it was when the job was started.

    Raises:
        InputError: plate, matte or output is missing.
        SettingsError: a setting is unknown or outside its range.
    """
    folder = JobFolder(_folder(output, options["job"]).absolute())
    if options["resume"] and folder.spec.exists():
        spec = folder.read_spec()
        return replace(
            spec,
            plate=plate or spec.plate,
            matte=matte or spec.matte,
            output=output or spec.output,
            overwrite=spec.overwrite or options["overwrite"],
            settings=settings_over(spec.settings, options),
        ), folder
    if plate is None or matte is None or output is None:
        if options["resume"]:
            raise JobError("There is no job in this folder.", path=folder.path)
        raise InputError("PLATE, MATTE and OUTPUT are needed.", remedy="See 'infusion inpaint --help'.")
    return JobSpec(plate, matte, output, settings_from(options), options["overwrite"]), folder


def _folder(output: str | None, job: str | None) -> Path:
    if job is not None:
        return Path(job)
    if output is None:
        raise InputError(
            "PLATE, MATTE and OUTPUT are needed.",
            remedy="See 'infusion inpaint --help'; to go on with a job, give --job DIR --resume.",
        )
    return default_job_folder(output)
