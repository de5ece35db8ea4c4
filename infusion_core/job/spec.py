"""What a job is asked to do: the contents of ``job.json``."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from infusion_core import settings as schema
from infusion_core.errors import JobError
from infusion_core.settings import Settings

JOB_SCHEMA_VERSION = 1

# These say where the work runs, not what comes out: a job may be resumed with others.
_FREE_RUN_SETTINGS = ("device", "precision", "threads", "memory")


@dataclass(frozen=True)
class JobSpec:
    """One shot to fill.

    Attributes:
        plate: Sequence, e.g. ``/shots/a/plate.%04d.exr``; absolute.
        matte: Sequence or still that is white where to fill; absolute.
        output: Sequence to write; absolute.
        settings: Everything else.
        overwrite: Whether existing output frames may be replaced.
    """

    plate: str
    matte: str
    output: str
    settings: Settings
    overwrite: bool = False

    def __post_init__(self) -> None:
        for name in ("plate", "matte", "output"):
            object.__setattr__(self, name, absolute(getattr(self, name)))

    def to_dict(self) -> dict[str, Any]:
        """The job as plain data for ``job.json``."""
        return {
            "schema_version": JOB_SCHEMA_VERSION,
            "plate": self.plate,
            "matte": self.matte,
            "output": self.output,
            "overwrite": self.overwrite,
            "settings": self.settings.to_dict(),
        }

    @staticmethod
    def from_dict(data: Any, path: Path | None = None) -> JobSpec:
        """Read a job; settings it leaves out are those of its preset.

        Args:
            data: What ``job.json`` holds.
            path: The file, for error messages.

        Raises:
            JobError: keys are missing, unknown or of the wrong type, or another release wrote the file.
            SettingsError: a setting is unknown or outside its range.
        """
        _check_keys(data, path)
        tables = dict(data.get("settings", {}))
        return JobSpec(
            plate=data["plate"],
            matte=data["matte"],
            output=data["output"],
            overwrite=data.get("overwrite", False),
            settings=schema.resolve(tables.pop("preset", None), tables=tables),
        )

    def differences(self, other: JobSpec) -> list[str]:
        """What ``other`` asks for that would give another result, e.g. ``run.seed: 1, not 0``."""
        ours, theirs = _flat(self), _flat(other)
        return [
            f"{name}: {theirs.get(name)!r}, not {ours.get(name)!r}"
            for name in {**ours, **theirs}
            if ours.get(name) != theirs.get(name)
        ]


def absolute(path: str) -> str:
    """The path with the home folder and the working folder filled in; patterns such as %04d stay."""
    return os.path.abspath(os.path.expanduser(path))


def _check_keys(data: Any, path: Path | None) -> None:
    if not isinstance(data, Mapping):
        raise JobError("The job file does not hold a job.", path=path)
    if data.get("schema_version") != JOB_SCHEMA_VERSION:
        raise JobError(
            f"The job file has schema version {data.get('schema_version')}; "
            f"this release reads {JOB_SCHEMA_VERSION}.",
            path=path,
            remedy="Start the job again with this release, in another folder.",
        )
    known = {"schema_version", *(item.name for item in fields(JobSpec))}
    unknown = sorted(set(data) - known)
    if unknown:
        raise JobError(
            f"The job file has unknown keys: {', '.join(unknown)}.",
            path=path,
            remedy=f"Known: {', '.join(sorted(known))}.",
        )
    for name, wanted in (("plate", str), ("matte", str), ("output", str)):
        if not isinstance(data.get(name), wanted) or not data[name]:
            raise JobError(f"The job file names no {name}.", path=path)
    if not isinstance(data.get("overwrite", False), bool) or not isinstance(
        data.get("settings", {}), Mapping
    ):
        raise JobError(
            "The job file needs 'overwrite' to be true or false and 'settings' to be a table.", path=path
        )


def _flat(job: JobSpec) -> dict[str, Any]:
    flat: dict[str, Any] = {"plate": job.plate, "matte": job.matte, "output": job.output}
    for section in schema.SECTIONS:
        for name, value in dataclasses.asdict(getattr(job.settings, section)).items():
            if section != "run" or name not in _FREE_RUN_SETTINGS:
                flat[f"{section}.{name}"] = value
    for index, stage in enumerate(job.settings.stages):
        flat |= {f"stages.{index}.{name}": value for name, value in dataclasses.asdict(stage).items()}
    return flat
