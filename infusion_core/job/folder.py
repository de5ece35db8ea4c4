"""The job folder: where everything of one run lies, and whether a run may start in it."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from infusion_core.atomic import write_json
from infusion_core.errors import JobError, OutputError, SettingsError
from infusion_core.job.spec import JobSpec
from infusion_core.parallel import SAMPLE, TRUNK, expert_task


@dataclass(frozen=True)
class TaskFolder:
    """Names of what one task of parallel mode keeps for itself."""

    path: Path

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint.safetensors"

    @property
    def losses(self) -> Path:
        return self.path / "losses.jsonl"

    @property
    def progress(self) -> Path:
        return self.path / "progress.json"

    @property
    def lock(self) -> Path:
        return self.path / "lock"


@dataclass(frozen=True)
class JobFolder:
    """Names of a job's files; making one touches nothing on disk."""

    path: Path

    @property
    def spec(self) -> Path:
        return self.path / "job.json"

    @property
    def shot(self) -> Path:
        return self.path / "shot.safetensors"

    @property
    def losses(self) -> Path:
        return self.path / "losses.jsonl"

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint.safetensors"

    @property
    def trunk(self) -> Path:
        """What the experts of parallel mode start from."""
        return self.path / "trunk.safetensors"

    @property
    def tasks(self) -> Path:
        return self.path / "tasks"

    def task(self, name: str) -> TaskFolder:
        """Where a task of parallel mode keeps its own files."""
        return TaskFolder(self.tasks / name)

    @property
    def experts(self) -> Path:
        return self.path / "experts"

    def expert(self, interval: int) -> Path:
        """Weights of one interval's model."""
        return self.product(expert_task(interval))

    @property
    def result(self) -> Path:
        return self.path / "result.safetensors"

    def product(self, task: str) -> Path:
        """What a task of parallel mode leaves once it is done."""
        products = {TRUNK: self.trunk, SAMPLE: self.result}
        return products.get(task, self.experts / f"{task}.safetensors")

    @property
    def layout(self) -> Path:
        """Which of several layouts was kept."""
        return self.path / "layout.json"

    @property
    def bundle(self) -> Path:
        return self.path / "bundle"

    @property
    def previews(self) -> Path:
        return self.path / "previews"

    def preview(self, interval: int) -> Path:
        """Picture of the fill after one interval."""
        return self.previews / f"interval_{interval:02d}.png"

    @property
    def trunk_preview(self) -> Path:
        """Picture of the trunk's own fill."""
        return self.previews / "trunk.png"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    def read_spec(self) -> JobSpec:
        """The job as it was started.

        Raises:
            JobError: there is no job, or its file cannot be read.
            SettingsError: the job file holds settings that this release does not know.
        """
        try:
            data = json.loads(self.spec.read_text("utf-8"))
        except FileNotFoundError as error:
            raise JobError(
                "There is no job in this folder.",
                path=self.path,
                remedy="Name the folder that has a job.json.",
            ) from error
        except (OSError, ValueError) as error:
            raise JobError(f"Cannot read the job file: {error}.", path=self.spec) from error
        try:
            return JobSpec.from_dict(data, self.spec)
        except SettingsError as error:
            raise SettingsError(error.message, path=self.spec, remedy=error.remedy) from error

    def write_spec(self, spec: JobSpec) -> None:
        """Make the folder and put ``job.json`` in it."""
        write_json(self.spec, spec.to_dict())

    @property
    def has_work(self) -> bool:
        """Whether training has left anything here that another run would lose."""
        made = (self.checkpoint, self.trunk, self.tasks, self.experts, self.result, self.bundle)
        return any(item.exists() for item in made)

    def clear(self) -> None:
        """Remove what runs have made here, all but ``job.json``; files of other names stay.

        Raises:
            OutputError: a file cannot be removed.
        """
        trained = (self.result, self.checkpoint, self.trunk, self.tasks, self.experts, self.layout)
        try:
            for item in (*trained, self.bundle, self.shot, self.losses, self.log, self.previews):
                if item.is_dir() and not item.is_symlink():
                    shutil.rmtree(item)
                else:
                    item.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"Cannot clear the job folder: {error.strerror}.", path=self.path) from error

    def remove(self) -> None:
        """Remove what runs have made here and ``job.json``."""
        self.clear()
        self.spec.unlink(missing_ok=True)


def default_job_folder(output: str) -> Path:
    """The job folder beside an output sequence: ``clean.infusion`` for ``clean.%04d.exr``."""
    path = Path(output)
    stem = re.split(r"[.%#@$]", path.name)[0].rstrip("_- ")
    return path.parent / f"{stem or 'result'}.infusion"


def _listed(differences: list[str]) -> str:
    shown, hidden = differences[:5], len(differences[5:])
    return "; ".join([*shown, f"and {hidden} more"] if hidden else shown)


def start(folder: JobFolder, spec: JobSpec, *, resume: bool) -> None:
    """Put ``spec`` into ``folder``, or make sure that the job there is the same one and go on with it.

    The caller holds the folder's lock.

    Raises:
        JobError: the folder holds another job, or work that would be lost.
    """
    if not folder.spec.exists():
        if folder.has_work:
            raise JobError(
                "The folder holds files of a job but no job.json.",
                path=folder.path,
                remedy="Choose another folder with --job, or remove it.",
            )
        folder.write_spec(spec)
    elif resume:
        differences = folder.read_spec().differences(spec)
        if differences:
            raise JobError(
                f"The job in this folder was started otherwise ({_listed(differences)}).",
                path=folder.path,
                remedy="Resume with the same inputs and settings, choose another folder with --job, "
                "or start again with --overwrite.",
            )
        folder.write_spec(spec)
    elif folder.has_work and not spec.overwrite:
        raise JobError(
            "The folder holds a job with work in it.",
            path=folder.path,
            remedy="Go on with --resume, or start again with --overwrite.",
        )
    else:
        folder.clear()
        folder.write_spec(spec)
