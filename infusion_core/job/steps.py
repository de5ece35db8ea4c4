"""The steps of a job. Each does what is still missing and shares nothing with the others but the folder.

``prepare`` reads the shot, ``train`` trains and denoises, ``export`` makes the bundle, ``assemble``
writes the frames. ``infusion_core.job.inpaint`` is these in turn, in one process. What ``train`` does in
parallel mode are tasks of their own, see ``infusion_core.job.tasks``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infusion_core.array_files import save_arrays
from infusion_core.errors import Cancelled, InputError
from infusion_core.follow import plan_shot
from infusion_core.intervals import resolve_intervals
from infusion_core.io.plates import open_plate
from infusion_core.io.sequences import format_frames, output_sequence, parse_frames
from infusion_core.job.checks import check_room, open_inputs
from infusion_core.job.events import OnEvent, ignore_event, preview_event
from infusion_core.job.folder import JobFolder
from infusion_core.job.losses import LossLog
from infusion_core.job.prepared import kept_layout, prepared_job, prepared_shot, trained_arrays
from infusion_core.job.previews import write_preview
from infusion_core.job.tasks import check_interval, do_all_tasks, save_layout
from infusion_core.job.write import is_written, write_shot
from infusion_core.parallel import is_parallel
from infusion_core.progress import OnProgress, Progress, ShouldStop, half, ignore_progress, never_stop
from infusion_core.shot import Shot, load_shot

if TYPE_CHECKING:
    from infusion_core.engine.checkpoint import State
    from infusion_core.engine.run import IntervalResult


def prepare(
    folder: JobFolder, *, on_progress: OnProgress = ignore_progress, should_stop: ShouldStop = never_stop
) -> Shot:
    """Check all inputs and read the shot into ``shot.safetensors``.

    Raises:
        InputError, SettingsError, OutputError, ResourceError: naming file, frame and remedy.
        Cancelled: ``should_stop`` returned true.
    """
    spec = folder.read_spec()
    inputs = open_inputs(spec, is_finished=lambda path: is_written(path, folder.result))
    if folder.shot.exists():
        return Shot.load(folder.shot)
    halves = [half(on_progress, 0.0), half(on_progress, 0.5)]
    shot_settings = spec.settings.shot
    plan = plan_shot(
        inputs.plate, inputs.matte, shot_settings, on_progress=halves[0], should_stop=should_stop
    )
    check_room(plan.extent, spec.settings, folder.path)
    shot = load_shot(
        inputs.plate, inputs.matte, shot_settings, plan=plan, on_progress=halves[1], should_stop=should_stop
    )
    shot.save(folder.shot)
    return shot


def train(
    folder: JobFolder,
    *,
    through: int | None = None,
    on_progress: OnProgress = ignore_progress,
    on_event: OnEvent = ignore_event,
    should_stop: ShouldStop = never_stop,
) -> None:
    """Train each interval's model and denoise with it, from where an earlier run stopped.

    Leaves ``experts``, ``losses.jsonl``, ``previews`` and ``result.safetensors``: x0 (F, H, W, 3)
    float32 in model range. With ``through``, which sequential mode alone has, stops once that interval is
    denoised and checkpointed.

    Raises:
        JobError: ``prepare`` was not run, or there is no interval ``through``.
        Cancelled: ``should_stop`` returned true; a checkpoint is written.
    """
    if folder.result.exists():
        return
    if is_parallel(folder.read_spec().settings.training):
        do_all_tasks(folder, on_progress=on_progress, on_event=on_event, should_stop=should_stop)
    else:
        _train_in_sequence(folder, through, on_progress, on_event, should_stop)


def _train_in_sequence(
    folder: JobFolder,
    through: int | None,
    on_progress: OnProgress,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> None:
    """Train and denoise interval by interval (paper section 4.2)."""
    from infusion_core.engine.checkpoint import State
    from infusion_core.engine.run import run

    shot, settings = prepared_job(folder)
    check_interval(through, len(resolve_intervals(settings)), folder)
    state = State.load(folder.checkpoint) if folder.checkpoint.exists() else None
    is_far_enough = _is_past(state, through)
    if is_far_enough:
        return
    where = (0, 0)
    if state is not None:
        # The training of an interval that is being denoised is over: its lines are all kept.
        where = (state.interval, state.step) if state.phase in ("start", "train") else (state.interval + 1, 0)

    def keep(result: IntervalResult) -> None:
        save_arrays(folder.expert(result.index), result.weights)
        save_layout(folder, result.layout)
        write_preview(folder.preview(result.index), shot, result.x0_hat)
        on_event(preview_event(folder.preview(result.index), result.index))

    def save(state: State) -> None:
        nonlocal is_far_enough
        state.save(folder.checkpoint)
        is_far_enough = _is_past(state, through)

    try:
        with LossLog(folder.losses, *where) as losses:
            x0 = run(
                shot,
                settings,
                state=state,
                on_progress=on_progress,
                should_stop=lambda: is_far_enough or should_stop(),
                on_checkpoint=save,
                on_loss=losses.add,
                on_interval=keep,
            )
    except Cancelled:
        if is_far_enough:
            return
        raise
    save_arrays(folder.result, {"x0": x0})


def _is_past(state: State | None, through: int | None) -> bool:
    """Whether the run has come to the interval after ``through``."""
    return through is not None and state is not None and state.interval > through


def export(
    folder: JobFolder, *, on_progress: OnProgress = ignore_progress, should_stop: ShouldStop = never_stop
) -> None:
    """Make the ONNX bundle of the experts, for other takes without PyTorch.

    Raises:
        JobError: an interval was not trained.
    """
    if (folder.bundle / "manifest.json").exists():
        return
    from infusion_core.bundle import export_bundle

    shot, settings = prepared_job(folder)
    weights = [trained_arrays(folder.expert(interval.index)) for interval in resolve_intervals(settings)]
    export_bundle(folder.bundle, settings, weights, shot, layout=kept_layout(folder))
    on_progress(Progress("export", 1.0, message="Exported the models"))


def assemble(
    folder: JobFolder,
    *,
    frames: str = "",
    on_progress: OnProgress = ignore_progress,
    should_stop: ShouldStop = never_stop,
) -> list[Path]:
    """Write the frames of the result that are not written yet; return the files of all of them.

    With ``frames``, e.g. ``1001-1010``, only these. Several processes may write frames of one job.

    Raises:
        JobError: ``train`` was not run to its end.
        InputError: ``frames`` are not frames of the job.
        OutputError: a frame cannot be written.
        Cancelled: ``should_stop`` returned true; the frames written so far are whole.
    """
    spec, shot = folder.read_spec(), prepared_shot(folder)
    x0 = trained_arrays(folder.result)["x0"]
    settings = spec.settings.shot
    return write_shot(
        open_plate(spec.plate, settings.frames, layer=settings.layer),
        output_sequence(spec.output),
        shot,
        x0,
        alpha=settings.alpha,
        only=_chosen(frames, shot),
        newer_than=folder.result,
        on_progress=on_progress,
        should_stop=should_stop,
    )


def _chosen(frames: str, shot: Shot) -> frozenset[int]:
    chosen = frozenset(parse_frames(frames)) if frames else frozenset(shot.fill_frames)
    strange = sorted(chosen - set(shot.fill_frames))
    if strange:
        raise InputError(
            "The job does not write this frame.",
            frame=strange[0],
            remedy=f"It writes {format_frames(shot.fill_frames)}.",
        )
    return chosen
