"""What a worker can do, each a thin call of the core."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from infusion_plugin.job import Run

Say = Callable[[dict[str, Any]], None]
ShouldStop = Callable[[], bool]


def inpaint(folder: Path, run: Run, say: Say, should_stop: ShouldStop) -> None:
    """Fill the shot of ``job.json``, from the start or from the checkpoint."""
    from infusion_core.job.folder import JobFolder
    from infusion_core.job.inpaint import inpaint as fill

    job = JobFolder(folder)
    fill(
        job.read_spec(),
        job,
        resume=run.resume,
        on_progress=lambda progress: say(progress.to_event()),
        on_event=say,
        should_stop=should_stop,
    )


TASKS = {"inpaint": inpaint}
