"""The tasks of parallel mode over a job folder: the trunk, an expert for each interval, the sampling.

Each does what is still missing and shares nothing with the others but the folder: experts need the trunk
alone and may run side by side, the sampling needs all experts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infusion_core.array_files import save_arrays
from infusion_core.atomic import write_json
from infusion_core.basis import shot_basis
from infusion_core.clip import frames_last
from infusion_core.errors import JobError
from infusion_core.intervals import resolve_intervals
from infusion_core.job.events import OnEvent, ignore_event, preview_event
from infusion_core.job.folder import JobFolder
from infusion_core.job.losses import LossLog, gather_losses
from infusion_core.job.prepared import prepared_job, trained_arrays
from infusion_core.job.previews import write_preview
from infusion_core.job.task_progress import WholeProgress
from infusion_core.meter import task_work
from infusion_core.parallel import SAMPLE, TRUNK, expert_task, is_parallel
from infusion_core.progress import OnProgress, Progress, ShouldStop, ignore_progress, never_stop
from infusion_core.settings import Settings
from infusion_core.shot import Shot

if TYPE_CHECKING:
    from infusion_core.engine.checkpoint import State
    from infusion_core.engine.parallel import Trunk
    from infusion_core.engine.phases import Watch

OnLoss = Callable[[int, float], None]
_TRUNK_LOSSES = -1  # in place of the interval


@dataclass(frozen=True)
class Told:
    """Who is told of a task.

    Attributes:
        of_task: Reports with fractions of the task alone.
        of_all: The same with fractions of all the training.
        of_event: Previews.
        should_stop: Polled between steps.
    """

    of_task: OnProgress = ignore_progress
    of_all: OnProgress = ignore_progress
    of_event: OnEvent = ignore_event
    should_stop: ShouldStop = never_stop


@dataclass(frozen=True)
class ParallelJob:
    """A job in parallel mode that is prepared; its settings have the stages that the shot asks for."""

    folder: JobFolder
    shot: Shot
    settings: Settings

    def preview(self, told: Told, interval: int | None, x0_hat: np.ndarray) -> None:
        """Write a picture of the fill as it stands, (F, h, w, 3) in model range."""
        path = self.folder.trunk_preview if interval is None else self.folder.preview(interval)
        write_preview(path, self.shot, x0_hat)
        told.of_event(preview_event(path, interval))


def open_job(folder: JobFolder) -> ParallelJob:
    """The job in a folder.

    Raises:
        JobError: it is not prepared, or its intervals are trained one after the other.
    """
    if not is_parallel(folder.read_spec().settings.training):
        raise JobError(
            "The intervals of this job are trained and denoised one after the other.",
            path=folder.path,
            remedy="Use 'infusion train', or start the job anew with --set training.mode=parallel.",
        )
    return ParallelJob(folder, *prepared_job(folder))


def do_all_tasks(
    folder: JobFolder, *, on_progress: OnProgress, on_event: OnEvent, should_stop: ShouldStop
) -> None:
    """All tasks in turn.

    Args:
        on_progress: Reports of all the training.

    Raises:
        JobError: the job is not prepared.
        Cancelled: ``should_stop`` returned true; what was done is kept.
    """
    job = open_job(folder)
    told = Told(of_all=on_progress, of_event=on_event, should_stop=should_stop)
    train_trunk(job, told)
    for interval in resolve_intervals(job.settings):
        train_expert(job, interval.index, told)
    sample(job, told)


def train_trunk(job: ParallelJob, told: Told) -> None:
    """Train what all experts start from; leaves ``trunk.safetensors``.

    Raises:
        Cancelled: ``told.should_stop`` returned true; a checkpoint is written.
    """
    if job.folder.trunk.exists():
        return
    from infusion_core.engine import parallel

    task = _Task(job, TRUNK, told)
    with task.losses(_TRUNK_LOSSES) as on_loss:
        trunk = parallel.train_trunk(job.shot, job.settings, state=task.state, watch=task.watch(on_loss))
    arrays = {f"weight/{name}": array for name, array in trunk.weights.items()}
    if trunk.fill is not None:
        job.preview(told, None, frames_last(trunk.fill, shot_basis(job.shot, job.settings)))
        arrays["fill"] = trunk.fill
    task.finish(arrays)


def train_expert(job: ParallelJob, interval: int, told: Told) -> None:
    """Train one interval's expert; leaves its file in ``experts``.

    Raises:
        JobError: there is no such interval, or the trunk is missing.
        Cancelled: ``told.should_stop`` returned true; a checkpoint is written.
    """
    check_interval(interval, len(resolve_intervals(job.settings)), job.folder)
    if job.folder.expert(interval).exists():
        return
    from infusion_core.engine import parallel

    trunk, task = _read_trunk(job.folder), _Task(job, expert_task(interval), told)
    with task.losses(interval) as on_loss:
        weights = parallel.train_expert(
            job.shot, job.settings, interval, trunk, state=task.state, watch=task.watch(on_loss)
        )
    task.finish(weights)


def sample(job: ParallelJob, told: Told) -> None:
    """Fill the hole with the experts; leaves ``previews`` and ``result.safetensors``.

    Raises:
        JobError: an expert is missing.
        Cancelled: ``told.should_stop`` returned true; a checkpoint is written.
    """
    if job.folder.result.exists():
        return
    from infusion_core.engine import parallel

    experts = [trained_arrays(job.folder.expert(i.index)) for i in resolve_intervals(job.settings)]
    task = _Task(job, SAMPLE, told)

    def on_interval(interval: int, x0_hat: np.ndarray, layout: int | None) -> None:
        job.preview(told, interval, x0_hat)
        save_layout(job.folder, layout)

    x0 = parallel.sample(
        job.shot,
        job.settings,
        experts.__getitem__,
        state=task.state,
        watch=task.watch(lambda *_: None),
        on_interval=on_interval,
    )
    task.finish({"x0": x0})


def check_interval(interval: int | None, count: int, folder: JobFolder) -> None:
    """Raise JobError where a job of ``count`` intervals has no ``interval``."""
    if interval is not None and not 0 <= interval < count:
        raise JobError(
            f"There is no interval {interval}.", path=folder.path, remedy=f"They are 0 to {count - 1}."
        )


def save_layout(folder: JobFolder, layout: int | None) -> None:
    """Write down which layout was kept, where one was."""
    if layout is not None:
        write_json(folder.layout, {"layout": layout})


def _read_trunk(folder: JobFolder) -> Trunk:
    from infusion_core.engine.parallel import Trunk

    if not folder.trunk.exists():
        raise JobError(
            "The trunk of this job is not trained yet.", path=folder.path, remedy="Train it first."
        )
    arrays = trained_arrays(folder.trunk)
    fill = arrays.pop("fill", None)
    return Trunk({name.removeprefix("weight/"): array for name, array in arrays.items()}, fill)


class _Task:
    """A task's own files: where it stood, its losses, how far it is."""

    def __init__(self, job: ParallelJob, name: str, told: Told) -> None:
        from infusion_core.engine.checkpoint import State

        self._folder, self._name, self._told = job.folder, name, told
        self._own = job.folder.task(name)
        work = task_work(job.shot.extent, job.settings)
        self._whole = WholeProgress(job.folder, name, work, told.of_all)
        self.state = State.load(self._own.checkpoint) if self._own.checkpoint.exists() else None

    @contextmanager
    def losses(self, interval: int) -> Iterator[OnLoss]:
        """Yield what adds to the task's own loss curve, from where the task goes on."""
        step = 0 if self.state is None else self.state.step
        is_training = self.state is None or self.state.phase == "train"
        with LossLog(self._own.losses, *((interval, step) if is_training else (interval + 1, 0))) as log:
            yield lambda step, loss: log.add(interval, step, loss)

    def watch(self, on_loss: OnLoss) -> Watch:
        """The task's reports and checkpoints."""
        from infusion_core.engine.phases import Watch

        return Watch(self._report, self._told.should_stop, self._save, on_loss)

    def finish(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Leave what the task has made; the checkpoint goes."""
        save_arrays(self._folder.product(self._name), arrays)
        gather_losses(self._folder.tasks.glob("*/losses.jsonl"), self._folder.losses)
        for path in (self._own.checkpoint, self._own.progress):
            path.unlink(missing_ok=True)

    def _report(self, progress: Progress) -> None:
        self._told.of_task(progress)
        self._whole(progress)

    def _save(self, state: State) -> None:
        self._own.path.mkdir(parents=True, exist_ok=True)
        state.save(self._own.checkpoint)
