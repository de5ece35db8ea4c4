"""How far all the training of a job is, as told by one of its tasks that run side by side.

Each task writes how far it is into a file of its own and adds up those of the others.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from infusion_core.atomic import write_json
from infusion_core.errors import OutputError
from infusion_core.job.folder import JobFolder
from infusion_core.progress import OnProgress, Progress

SHARE_EVERY_S = 3.0


class WholeProgress:
    """Turns one task's own fraction into that of all the training.

    Args:
        folder: The job.
        task: Whose progress it is given.
        work: Work of every task by name; only its ratios matter.
        on_progress: Gets the reports of all the training.
        clock: Seconds, rising.
    """

    def __init__(
        self,
        folder: JobFolder,
        task: str,
        work: Mapping[str, float],
        on_progress: OnProgress,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._task, self._work = folder, task, work
        self._on_progress = on_progress
        self._clock = clock
        self._last = float("-inf")
        self._others = 0.0

    def __call__(self, progress: Progress) -> None:
        """Report, and every few seconds look at the other tasks and tell them."""
        if self._clock() - self._last >= SHARE_EVERY_S:
            self._last = self._clock()
            self._tell(progress.fraction)
            others = (name for name in self._work if name != self._task)
            self._others = sum(self._work[name] * fraction_of(self._folder, name) for name in others)
        done = self._others + self._work[self._task] * progress.fraction
        self._on_progress(replace(progress, fraction=min(1.0, done / sum(self._work.values()))))

    def _tell(self, fraction: float) -> None:
        try:
            write_json(self._folder.task(self._task).progress, {"fraction": fraction})
        except OutputError:
            return  # the work matters more


def fraction_of(folder: JobFolder, task: str) -> float:
    """How far a task is, 0 to 1."""
    if folder.product(task).exists():
        return 1.0
    try:
        return min(1.0, float(json.loads(folder.task(task).progress.read_text("utf-8"))["fraction"]))
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0
