"""The job folder as hosts see it: where it lies, what ``job.json`` and ``run.json`` say.

``job.json`` is the core's own file (what to fill); ``run.json`` says what the next run of the worker
does with it; ``host.json`` remembers which script and node asked.
"""

from __future__ import annotations

import re
import shutil
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infusion_plugin import lock
from infusion_plugin.errors import InputError, JobError
from infusion_plugin.files import read_json, write_json

JOB_SCHEMA_VERSION = 1
RUN_SCHEMA_VERSION = 1
TASKS = ("inpaint", "render")
_WORK = (
    "checkpoint.safetensors",
    "trunk.safetensors",
    "tasks",
    "experts",
    "result.safetensors",
    "bundle",
    "submitted",
)


@dataclass(frozen=True)
class ShotPaths:
    """Where one version of one node's work lies; patterns carry ``%04d``."""

    folder: Path
    plate: str
    matte: str
    output: str

    @property
    def job(self) -> Path:
        return self.folder / "job"


@dataclass(frozen=True)
class Job:
    """What is to be filled, as the core's ``job.json`` has it.

    Attributes:
        plate, matte, output: File patterns with forward slashes.
        settings: Nested tables, e.g. ``{"preset": "draft", "shot": {"grow": 4}}``.
        overwrite: Whether an existing output may be replaced.
    """

    plate: str
    matte: str
    output: str
    settings: dict[str, Any] = field(default_factory=dict)
    overwrite: bool = False


@dataclass(frozen=True)
class Run:
    """What one run of the worker does with a job.

    Attributes:
        run_id: Names the run in events, heartbeat and lock.
        task: "inpaint", or "render" for another take from the job's ONNX bundle.
        resume: Go on from the checkpoint (inpaint only).
        seed, output: The take's own (render only).
    """

    run_id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    task: str = "inpaint"
    resume: bool = False
    seed: int | None = None
    output: str | None = None


def safe_name(text: str) -> str:
    """``text`` with everything that a path may not hold replaced by ``_``."""
    return re.sub(r"[^\w.%-]+", "_", text).strip("._") or "untitled"


def shot_paths(root: Path, script: str, node: str, version: int) -> ShotPaths:
    """The paths of version ``version`` of node ``node`` in ``script``, under the work folder ``root``."""
    stem = safe_name(Path(script.replace("\\", "/")).stem if script else "unsaved")
    name = safe_name(node)
    folder = root / stem / name / f"v{version:03d}"
    return ShotPaths(
        folder=folder,
        plate=(folder / "plate" / "plate.%04d.exr").as_posix(),
        matte=(folder / "matte" / "matte.%04d.exr").as_posix(),
        output=(folder / "result" / f"{name}_v{version:03d}.%04d.exr").as_posix(),
    )


def latest_version(root: Path, script: str, node: str) -> int:
    """The highest version that has a folder; 0 where there is none."""
    parent = shot_paths(root, script, node, 1).folder.parent
    found = [int(path.name[1:]) for path in parent.glob("v*") if path.name[1:].isdigit()]
    return max(found, default=0)


def next_version(root: Path, script: str, node: str, version: int) -> int:
    """``version``, or the next free one where that has work in it already."""
    if has_work(shot_paths(root, script, node, version).job):
        return max(version, latest_version(root, script, node)) + 1
    return version


def take_pattern(pattern: str, seed: int) -> str:
    """Where another take of the result ``pattern`` is written: beside it, with the seed in its name."""
    return re.sub(r"(%\d*d|#+)", rf"seed{seed}.\1", pattern)


def has_work(folder: Path) -> bool:
    """Whether a run is at work in the job folder or has left there what cannot be had back in a moment."""
    return lock.holder(folder) is not None or any((folder / name).exists() for name in _WORK)


def discard(folder: Path) -> None:
    """Remove a job folder whose run came to nothing.

    Raises:
        JobError: there is work in it, or it cannot be removed.
    """
    if not folder.exists():
        return
    if has_work(folder):
        raise JobError("The job folder has work in it.", path=folder, remedy="Take another version.")
    try:
        shutil.rmtree(str(folder))
    except OSError as error:
        raise JobError(f"Cannot remove the job folder: {error.strerror}.", path=folder) from error


def write_job(folder: Path, job: Job, host: dict[str, Any] | None = None) -> None:
    """Write ``job.json`` (and ``host.json``) into ``folder``, which is made if need be.

    Raises:
        JobError: the folder cannot be written.
    """
    for name in ("plate", "matte", "output"):
        if not getattr(job, name):
            raise InputError(f"The job has no {name}.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "job.json", {"schema_version": JOB_SCHEMA_VERSION, **asdict(job)})
        if host is not None:
            write_json(folder / "host.json", {"schema_version": 1, **host})
    except OSError as error:
        raise JobError(
            f"Cannot write the job folder: {error.strerror}.",
            path=folder,
            remedy="Choose another work folder.",
        ) from error


def read_job(folder: Path) -> Job:
    """Read ``job.json``.

    Raises:
        JobError: the file is missing, damaged, or of another schema version.
    """
    path = folder / "job.json"
    data = read_json(path)
    if data is None:
        raise JobError("There is no job here, or its job.json is damaged.", path=path)
    version = data.pop("schema_version", None)
    if version != JOB_SCHEMA_VERSION:
        raise JobError(
            f"This job has schema version {version}; this release reads {JOB_SCHEMA_VERSION}.",
            path=path,
            remedy="Press Inpaint to start a new version of the job, or use the release that wrote it.",
        )
    try:
        return Job(**data)
    except TypeError as error:
        raise JobError(f"job.json has fields this release does not know: {error}.", path=path) from error


def write_run(folder: Path, run: Run) -> None:
    """Write ``run.json``."""
    write_json(folder / "run.json", {"schema_version": RUN_SCHEMA_VERSION, **asdict(run)})


def read_run(folder: Path) -> Run | None:
    """The latest run asked for; None where there was none.

    Raises:
        JobError: the file is of another schema version or names an unknown task.
    """
    path = folder / "run.json"
    data = read_json(path)
    if data is None:
        return None
    version = data.pop("schema_version", None)
    if version != RUN_SCHEMA_VERSION or data.get("task") not in TASKS:
        raise JobError(f"run.json has schema version {version} and task {data.get('task')!r}.", path=path)
    known = {name: value for name, value in data.items() if name in Run.__dataclass_fields__}
    return Run(**known)
