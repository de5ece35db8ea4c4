"""OpenCue jobs through PyOutline: a layer for each task, as the XML that a Cuebot takes.

PyOutline is the optional extra ``opencue``. Its wrapper scripts, which know one studio's shells, are not
used: RQD is given our own command lines. Facts of Cuebot here are those of its JobSpec.java.
"""

from __future__ import annotations

import math
import re
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Any

from infusion_core.errors import FarmError, InputError
from infusion_core.farm.tasks import Task
from infusion_core.io.sequences import format_frames

_UTILITIES = ("prepare", "export")
_LAST_FRAME = 999_999
_REMEDY = "Install the extra 'opencue' beside Infusion: pip install '.[opencue]'."


def opencue_job(name: str, tasks: Sequence[Task], command: Sequence[str], chunk: int) -> str:
    """The XML of a job with a layer for each task. Show, shot and facility are those of PyOutline's settings.

    Args:
        name: The job's name.
        tasks: What to do, as of ``tasks_of``.
        command: The words that start ``infusion`` on the farm's machines.
        chunk: Frames that one assemble task writes.

    Raises:
        InputError: PyOutline is not installed, or OpenCue cannot hold a shot's name, frames or device.
    """
    try:
        from outline import Outline
        from outline.backend.cue import serialize_simple
        from outline.cuerun import OutlineLauncher
        from outline.depend import DependType
        from outline.modules.shell import Shell
    except ImportError as error:
        raise InputError(f"OpenCue's PyOutline is not installed: {error}.", remedy=_REMEDY) from error

    _check(tasks)
    job = Outline(f"infusion_{_conform(name)}")
    layers: dict[str, Any] = {}
    for task in tasks:
        layer = Shell(_conform(task.name), **_layer(task, command, chunk))
        job.add_layer(layer)
        for earlier in task.after:
            layer.depend_on(layers[earlier], DependType.LayerOnLayer)
        layers[task.name] = layer
    return str(serialize_simple(OutlineLauncher(job, nomail=True)))


def launch(xml: str) -> str:
    """Hand a job to the Cuebot that PyCue's settings or CUEBOT_HOSTS name; return the job's name there.

    Raises:
        FarmError: no Cuebot answers, or it refuses the job.
    """
    import opencue

    try:
        jobs = opencue.api.launchSpecAndWait(xml)
    except opencue.exception.ConnectionException as error:
        raise FarmError(
            "No Cuebot answers.",
            remedy="Set CUEBOT_HOSTS to it, or write the job's XML with --output FILE.xml.",
        ) from error
    except opencue.CueException as error:
        raise FarmError(
            f"The Cuebot did not take the job: {error}",
            remedy="SHOW and SHOT must name what it knows; ask the farm's keeper.",
        ) from error
    return ", ".join(job.name() for job in jobs)


def _conform(name: str) -> str:
    """A name as Cuebot keeps it: lower case, letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


def _check(tasks: Sequence[Task]) -> None:
    names = Counter(_conform(task.name) for task in tasks)
    for task in tasks:
        shot, device = task.shot.name, task.shot.spec.settings.run.device
        if names[_conform(task.name)] > 1:
            raise InputError(
                f"The shot name {shot!r} is that of another shot to OpenCue.", remedy="Rename it."
            )
        if task.frames and not 0 <= task.frames[0] <= task.frames[-1] <= _LAST_FRAME:
            raise InputError(
                f"OpenCue has no frames below 0 or above {_LAST_FRAME}.",
                path=task.shot.spec.plate,
                remedy=f"Number the frames of {shot!r} anew.",
            )
        if ":" in device:
            raise InputError(
                f"The device {device!r} of {shot!r} is one machine's.",
                remedy="Choose auto or cuda: OpenCue reserves the GPU.",
            )


def _layer(task: Task, command: Sequence[str], chunk: int) -> dict[str, Any]:
    """Arguments of the task's layer."""
    words = [*command, task.step, str(task.shot.folder.path), "--progress", "plain"]
    if task.interval is not None:
        words += ["--interval", str(task.interval)]
    layer: dict[str, Any] = {"type": "Util" if task.step in _UTILITIES else "Render", "range": "1"}
    if task.frames:
        words += ["--frames", "#FRAMESPEC#"]  # Cuebot puts the chunk's frames there
        layer |= {"range": format_frames(task.frames), "chunk": chunk}
    if task.needs_gpu:
        layer["gpus"] = 1
    memory = task.shot.spec.settings.run.memory
    if memory:
        layer["memory"] = f"{math.ceil(memory)}g"
    return {**layer, "command": [shlex.quote(word) for word in words]}
