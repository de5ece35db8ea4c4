"""Open Job Description templates (specification jobtemplate-2023-09), for Deadline Cloud and others."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from infusion_core.errors import InputError
from infusion_core.farm.tasks import Task
from infusion_core.io.sequences import format_frames

STOP_WITHIN_S = 120
_LONGEST_NAME = 64


def openjd_template(name: str, tasks: Sequence[Task], command: Sequence[str], chunk: int) -> dict[str, Any]:
    """A job template with a step for each task; experts of one shot are the tasks of one step.

    Job folders are told as a root and folders below it. The root is a text and no PATH: a path's default
    may not be absolute, and plates, mattes and outputs, which ``job.json`` names, are not mapped either.

    Args:
        name: The job's name.
        tasks: What to do, as of ``tasks_of``.
        command: The words that start ``infusion`` on the farm's machines.
        chunk: Frames that one assemble task writes by default.

    Raises:
        InputError: a name is too long, or job folders have no common root.
    """
    root = _root(tasks)
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": name[:128],
        "parameterDefinitions": [
            {"name": "Root", "type": "STRING", "default": root.as_posix(),
             "description": "Folder that holds all job folders."},
            {"name": "Infusion", "type": "STRING", "default": command[0],
             "description": "Program that runs Infusion Inpaint on the farm's machines."},
            {"name": "ChunkSize", "type": "INT", "default": chunk, "minValue": 1,
             "description": "Frames that one task writes."},
        ],
        "steps": _steps(tasks, root, command[1:]),
    }  # fmt: skip


def _root(tasks: Sequence[Task]) -> Path:
    try:
        return Path(os.path.commonpath([task.shot.folder.path.parent for task in tasks]))
    except ValueError as error:
        raise InputError(
            "The job folders have no common root.", remedy="Give shots on other drives a list of their own."
        ) from error


def _steps(tasks: Sequence[Task], root: Path, more: Sequence[str]) -> list[dict[str, Any]]:
    """Tasks that differ in the interval alone become one step over these intervals."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[Task]] = {}
    for task in tasks:
        groups.setdefault((task.shot.name, task.step, task.after), []).append(task)
    names = {task.name: _name(group) for group in groups.values() for task in group}
    return [_step(group, names, root, more) for group in groups.values()]


def _name(group: Sequence[Task]) -> str:
    task = group[0]
    name = task.name if len(group) == 1 else f"{task.shot.name} {task.step}"
    if len(name) > _LONGEST_NAME:
        raise InputError(f"The shot name {task.shot.name!r} is too long for OpenJD.", remedy="Shorten it.")
    return name


def _step(group: Sequence[Task], names: Mapping[str, str], root: Path, more: Sequence[str]) -> dict[str, Any]:
    task = group[0]
    below = task.shot.folder.path.relative_to(root).as_posix()
    words = [*more, task.step, "{{Param.Root}}/" + below, "--progress", "openjd"]
    step: dict[str, Any] = {"name": names[task.name]}
    if task.after:
        step["dependencies"] = [{"dependsOn": name} for name in dict.fromkeys(map(names.get, task.after))]
    if task.interval is not None:
        space = {"name": "Interval", "type": "INT", "range": [each.interval for each in group]}
        step["parameterSpace"] = {"taskParameterDefinitions": [space]}
        words += ["--interval", "{{Task.Param.Interval}}"]
    if task.frames:
        step["parameterSpace"] = {"taskParameterDefinitions": [_frames(task.frames)]}
        words += ["--frames", "{{Task.Param.Frames}}"]
    if task.needs_gpu:
        step["hostRequirements"] = {"amounts": [{"name": "amount.worker.gpu", "min": 1}]}
    run = {
        "command": "{{Param.Infusion}}",
        "args": words,
        "cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": STOP_WITHIN_S},
    }
    return {**step, "script": {"actions": {"onRun": run}}}


def _frames(frames: tuple[int, ...]) -> dict[str, Any]:
    return {
        "name": "Frames",
        "type": "CHUNK[INT]",
        "range": format_frames(frames).replace("x", ":"),
        "chunks": {"defaultTaskCount": "{{Param.ChunkSize}}", "rangeConstraint": "CONTIGUOUS"},
    }
