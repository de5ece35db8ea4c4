"""Another take from a bundle: the same sampler over ONNX Runtime. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from infusion_core.bundle import Bundle, open_bundle
from infusion_core.errors import InputError
from infusion_core.job.checks import check_room, open_inputs, region_size
from infusion_core.job.events import done_event
from infusion_core.job.inpaint import expected_seconds
from infusion_core.job.pace import Pace
from infusion_core.job.spec import JobSpec
from infusion_core.job.steps import OnEvent, ignore_event, part_of
from infusion_core.job.write import write_shot
from infusion_core.progress import OnProgress, ShouldStop, ignore_progress, never_stop
from infusion_core.region import plan_holes
from infusion_core.render import render
from infusion_core.shot import load_shot


def find_bundle(path: Path) -> Path:
    """The bundle in a job folder, or the folder itself where it is one.

    Raises:
        InputError: there is none.
    """
    for folder in (path, path / "bundle"):
        if (folder / "manifest.json").is_file():
            return folder
    raise InputError(
        "There is no bundle here: no manifest.json in the folder or in its 'bundle'.",
        path=path,
        remedy="Name a job folder whose run has finished, or a bundle.",
    )
