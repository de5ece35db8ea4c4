"""The tasks of a list of shots, and what each waits for, in no farm's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infusion_core.farm.shot_list import ListedShot
from infusion_core.intervals import resolve_intervals
from infusion_core.io.plates import open_plate


@dataclass(frozen=True)
class Task:
    """One command on a farm.

    Attributes:
        name: Unique in the list.
        shot: The shot it belongs to.
        step: The command: prepare, train, export or assemble.
        interval: What train goes up to.
        frames: What assemble writes, to be cut into chunks.
        after: Name of the task it waits for; empty: none.
        needs_gpu: Whether it trains.
    """

    name: str
    shot: ListedShot
    step: str
    after: str
    interval: int | None = None
    frames: tuple[int, ...] = ()
    needs_gpu: bool = False


def tasks_of(shots: Sequence[ListedShot]) -> list[Task]:
    """The tasks of all shots; each comes after the one it waits for.

    Interval k starts from the weights and the fill that interval k-1 leaves (paper section 4.2), so the
    training tasks of a shot wait for each other; export and assemble then run side by side.
    """
    tasks = []
    for shot in shots:
        settings = shot.spec.settings
        previous = f"{shot.name} prepare"
        tasks.append(Task(previous, shot, "prepare", after=""))
        for interval in resolve_intervals(settings):
            name = f"{shot.name} train {interval.index:02d}"
            gpu = settings.run.device != "cpu"
            tasks.append(Task(name, shot, "train", previous, interval=interval.index, needs_gpu=gpu))
            previous = name
        frames = open_plate(shot.spec.plate, settings.shot.frames, layer=settings.shot.layer).frames
        tasks.append(Task(f"{shot.name} export", shot, "export", previous))
        tasks.append(Task(f"{shot.name} assemble", shot, "assemble", previous, frames=frames))
    return tasks
