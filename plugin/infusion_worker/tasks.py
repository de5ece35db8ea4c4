"""What a worker can do, each a thin call of the core."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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


def render(folder: Path, run: Run, say: Say, should_stop: ShouldStop) -> None:
    """Fill the shot of ``job.json`` again from the job's bundle, with the seed and output of ``run``."""
    from infusion_core.bundle import open_bundle
    from infusion_core.job.folder import JobFolder
    from infusion_core.job.render import find_bundle, render_take

    spec = JobFolder(folder).read_spec()
    seed = spec.settings.run.seed if run.seed is None else run.seed
    settings = replace(spec.settings, run=replace(spec.settings.run, seed=seed))
    render_take(
        open_bundle(find_bundle(folder)),
        replace(spec, output=run.output or spec.output, settings=settings, overwrite=True),
        on_progress=lambda progress: say(progress.to_event()),
        on_event=say,
        should_stop=should_stop,
    )


TASKS = {"inpaint": inpaint, "render": render}
