"""Another take from a bundle: the same sampler over ONNX Runtime. No torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from infusion_core.bundle import Bundle
from infusion_core.errors import InputError
from infusion_core.estimate import estimate
from infusion_core.follow import with_camera
from infusion_core.job.checks import Inputs, open_inputs
from infusion_core.job.events import OnEvent, done_event, ignore_event
from infusion_core.job.pace import FLOPS_PER_S, Pace
from infusion_core.job.resources import check_memory, told_as_resource_error
from infusion_core.job.spec import JobSpec
from infusion_core.job.write import write_shot
from infusion_core.progress import OnProgress, ShouldStop, half, ignore_progress, never_stop
from infusion_core.region import HolePlan, plan_holes
from infusion_core.render import render
from infusion_core.settings import ShotSettings
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


def render_take(
    bundle: Bundle,
    spec: JobSpec,
    *,
    on_progress: OnProgress = ignore_progress,
    on_event: OnEvent = ignore_event,
    should_stop: ShouldStop = never_stop,
) -> list[Path]:
    """Fill a shot with the models of a bundle and write the frames.

    The colour transform is the bundle's. So are the region of interest, where the hole lies within it, and
    the way of a camera that was followed; for another shot, or a hole elsewhere, they are found anew.

    Args:
        bundle: The models.
        spec: The shot, where to write it, and the settings: ``run.seed`` chooses the take.
        on_progress: Reports of the whole run.
        on_event: Told of the end.
        should_stop: Polled between steps.

    Returns:
        The files of the result.

    Raises:
        InputError, SettingsError, OutputError, ResourceError: naming file, frame and remedy.
        Cancelled: ``should_stop`` returned true; the frames written so far are whole.
    """
    settings, shot_settings = spec.settings, spec.settings.shot
    pace = Pace({"prepare": 1.0, "denoise": 20.0, "assemble": 2.0}, on_progress)
    inputs = open_inputs(spec)
    report = pace.step("prepare", tells_time=False)
    plan = _plan(bundle, inputs, shot_settings, half(report, 0.0), should_stop)
    work = estimate(plan.extent, settings)
    check_memory(work.memory_bytes, settings.run.memory)
    pace.expect({"denoise": work.sampling_flops / FLOPS_PER_S})
    shot = load_shot(
        inputs.plate,
        inputs.matte,
        shot_settings,
        colour=bundle.colour,
        plan=plan,
        on_progress=half(report, 0.5),
        should_stop=should_stop,
    )
    with told_as_resource_error():
        x0 = render(
            replace(bundle, settings=settings),
            shot,
            settings.run.seed,
            on_progress=pace.step("denoise"),
            should_stop=should_stop,
        )
    files = write_shot(
        inputs.plate,
        inputs.target,
        shot,
        x0,
        alpha=shot_settings.alpha,
        on_progress=pace.step("assemble"),
        should_stop=should_stop,
    )
    on_event(done_event(None, spec.output, len(files)))
    return files


def _plan(
    bundle: Bundle, inputs: Inputs, settings: ShotSettings, on_progress: OnProgress, should_stop: ShouldStop
) -> HolePlan:
    first, second = half(on_progress, 0.0), half(on_progress, 0.5)
    plan = plan_holes(inputs.plate, inputs.matte, settings, on_progress=first, should_stop=should_stop)
    placed = dict(zip(bundle.frames, bundle.placements, strict=False))
    if not placed or set(plan.frames) <= set(placed):
        placements = tuple(placed[frame] for frame in plan.frames) if placed else ()
        own = replace(plan, box=bundle.box, placements=placements)
        boxes = [(hole.box, own.box_of(i)) for i, hole in enumerate(plan.holes)]
        if all(hole.is_empty or hole.intersection(region) == hole for hole, region in boxes):
            return own
    return with_camera(plan, inputs.plate, settings, on_progress=second, should_stop=should_stop)
