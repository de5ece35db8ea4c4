"""Who may work in a job folder at the same time: one run alone, or several tasks of parallel mode.

A run alone holds the folder's lock and sees to it that no task is at work. A task takes its own lock while
it holds the folder's for a moment. Both are lock files as in ``infusion_core.job.lock``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from infusion_core.job.folder import JobFolder
from infusion_core.job.lock import FolderLock

Check = Callable[[], None]


@contextmanager
def alone(folder: JobFolder) -> Iterator[Check]:
    """Hold the folder with nobody else at work in it.

    Yields:
        What raises JobError once another run has taken the folder over.

    Raises:
        JobError: another run or a task is at work in the folder.
        OutputError: the folder cannot be written.
    """
    with FolderLock(folder.lock) as lock:
        for other in folder.tasks.glob("*/lock"):
            with FolderLock(other):
                pass  # whoever made it is dead
        yield lock.check


@contextmanager
def as_task(folder: JobFolder, task: str) -> Iterator[Check]:
    """Hold one task of parallel mode, beside others.

    Yields:
        What raises JobError once another run has taken the task over.

    Raises:
        JobError: a run is alone in the folder, or another has this task.
        OutputError: the folder cannot be written.
    """
    own = FolderLock(folder.task(task).lock)
    with FolderLock(folder.lock):
        own.__enter__()
    try:
        yield own.check
    finally:
        own.__exit__(None, None, None)
