"""The tasks of a list of shots, and what each waits for, in no farm's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infusion_core.farm.shot_list import ListedShot
from infusion_core.follow import plan_shot
from infusion_core.intervals import resolve_intervals
from infusion_core.io.mattes import open_matte
from infusion_core.io.plates import open_plate
from infusion_core.job.prepared import prepared_job
from infusion_core.octaves import with_octaves
from infusion_core.parallel import is_parallel
from infusion_core.settings import Settings


@dataclass(frozen=True)
class Task:
    """One command on a farm.

    Attributes:
        name: Unique in the list.
        shot: The shot it belongs to.
        step: The command: prepare, trunk, train, sample, export or assemble.
        interval: What train goes up to, or in parallel mode the one that it trains.
        frames: What assemble writes, to be cut into chunks.
        after: Names of the tasks it waits for.
        needs_gpu: Whether it trains or samples.
    """

    name: str
    shot: ListedShot
    step: str
    after: tuple[str, ...]
    interval: int | None = None
    frames: tuple[int, ...] = ()
    needs_gpu: bool = False


def tasks_of(shots: Sequence[ListedShot]) -> list[Task]:
    """The tasks of all shots; each comes after those it waits for."""
    tasks = []
    for shot in shots:
        settings = _settings_of(shot)
        prepared = f"{shot.name} prepare"
        tasks.append(Task(prepared, shot, "prepare", after=()))
        train = _side_by_side if is_parallel(settings.training) else _in_turn
        tasks += train(shot, settings, prepared)
        last = (tasks[-1].name,)
        frames = open_plate(shot.spec.plate, settings.shot.frames, layer=settings.shot.layer).frames
        tasks.append(Task(f"{shot.name} export", shot, "export", last))
        tasks.append(Task(f"{shot.name} assemble", shot, "assemble", last, frames=frames))
    return tasks


def _settings_of(shot: ListedShot) -> Settings:
    """The shot's settings with the stages that its hole asks for: its mattes are read."""
    if shot.folder.shot.exists():
        return prepared_job(shot.folder)[1]
    settings = shot.spec.settings
    plate = open_plate(shot.spec.plate, settings.shot.frames, layer=settings.shot.layer)
    holes = plan_shot(plate, open_matte(shot.spec.matte, plate, settings.shot), settings.shot)
    return with_octaves(settings, holes.extent)


def _in_turn(shot: ListedShot, settings: Settings, after: str) -> list[Task]:
    """Interval k starts from the weights and the fill that interval k-1 leaves (paper section 4.2)."""
    tasks = []
    for interval in resolve_intervals(settings):
        name, gpu = f"{shot.name} train {interval.index:02d}", settings.run.device != "cpu"
        tasks.append(Task(name, shot, "train", (after,), interval=interval.index, needs_gpu=gpu))
        after = name
    return tasks


def _side_by_side(shot: ListedShot, settings: Settings, after: str) -> list[Task]:
    """All experts wait for the trunk alone, and the sampling for all of them.

    The last intervals, which have the finest scale and take longest, are listed first.
    """
    trunk = f"{shot.name} trunk"
    gpu = settings.run.device != "cpu"
    experts = [
        Task(f"{shot.name} train {i.index:02d}", shot, "train", (trunk,), interval=i.index, needs_gpu=gpu)
        for i in reversed(resolve_intervals(settings))
    ]
    names = tuple(expert.name for expert in experts)
    return [
        Task(trunk, shot, "trunk", (after,), needs_gpu=gpu),
        *experts,
        Task(f"{shot.name} sample", shot, "sample", names, needs_gpu=gpu),
    ]
