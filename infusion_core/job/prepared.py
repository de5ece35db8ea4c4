"""What earlier steps of a job left in its folder, or a word on which step is missing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from infusion_core.errors import JobError
from infusion_core.job.folder import JobFolder
from infusion_core.octaves import with_octaves
from infusion_core.settings import Settings
from infusion_core.shot import Shot


def prepared_shot(folder: JobFolder) -> Shot:
    """The shot that ``prepare`` left.

    Raises:
        JobError: there is none.
    """
    if not folder.shot.exists():
        raise JobError("This job is not prepared yet.", path=folder.path, remedy="Prepare it first.")
    return Shot.load(folder.shot)


def prepared_job(folder: JobFolder) -> tuple[Shot, Settings]:
    """The shot that ``prepare`` left, and the job's settings with the stages that its hole asks for.

    Raises:
        JobError: there is none.
    """
    shot = prepared_shot(folder)
    return shot, with_octaves(folder.read_spec().settings, shot.extent)


def kept_layout(folder: JobFolder) -> int:
    """Number of the layout that the run kept; 0 where there was but one.

    Raises:
        JobError: the file that says so is damaged.
    """
    try:
        return int(json.loads(folder.layout.read_text("utf-8"))["layout"])
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JobError(
            f"Cannot read the file: {error}.", path=folder.layout, remedy="Start the job anew."
        ) from error


def trained_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file that training leaves.

    Raises:
        JobError: it is not there yet, or damaged.
    """
    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise JobError(
            "The training of this job is not finished.", path=path, remedy="Train it first."
        ) from error
    except (OSError, SafetensorError) as error:
        raise JobError(f"Cannot read the file: {error}.", path=path, remedy="Start the job anew.") from error
