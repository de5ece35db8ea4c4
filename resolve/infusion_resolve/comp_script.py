"""The script of the Fusion page and of Fusion Studio: from the selected tools to a Loader with the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infusion_plugin import frame_range, job, lock
from infusion_plugin.errors import PluginError
from infusion_plugin.files import read_json
from infusion_plugin.run_state import RunState
from infusion_resolve import dialog, flow, footage, inputs, loader, memory, request, status
from infusion_resolve.flow import Comp
from infusion_resolve.request import Request
from infusion_resolve.status import Say

if TYPE_CHECKING:
    from fusionscript import Resolve

FILL = "Fill (a new version)"
WATCH = "Watch the run"
CANCEL = "Cancel the run"
RESUME = "Resume the last run"
LOAD = "Load the last result"
TAKE = "Another take with this seed"


def main(comp: Comp | None, resolve: Resolve | None = None, say: Say = print) -> bool:
    """Ask, fill, load; tell in console and dialog what goes wrong.

    Args:
        comp: The composition, as Fusion hands it to scripts.
        resolve: Resolve, where it is there.
        say: Shows a line.

    Returns:
        Whether what was asked for was done.
    """
    if comp is None:
        say("Infusion Inpaint: open a composition first.")
        return False
    try:
        return run(comp, resolve, say)
    except flow.CompGoneError as error:
        say(f"Infusion Inpaint: {error}")
    except PluginError as error:
        say(f"Infusion Inpaint: {error}")
        dialog.tell(comp, str(error))
    return False


def run(comp: Comp, resolve: Resolve | None, say: Say) -> bool:
    """As ``main``, with errors raised."""
    flow.require_idle(comp)
    kept = memory.recall(comp)
    folder = Path(kept["job"]) if kept.get("job") else None
    choices = possible(comp, folder)
    try:
        found = footage.find(comp)
    except PluginError:
        if choices == [FILL]:
            raise
        found = None  # nothing selected: a run that was started before can still be seen to
    answers = _ask(comp, found, choices, kept)
    if answers is None:
        say("Infusion Inpaint: cancelled; nothing was changed.")
        return False
    action = answers["action"]
    if action == FILL:
        if found is None:
            found = footage.find(comp)  # raises, and says what to select
        return _fill(comp, request.read(comp, found, answers, shot_name(comp, resolve)), answers, say)
    assert folder is not None  # the other choices exist only with one
    return ACTIONS[action](comp, folder, answers, say)


def possible(comp: Comp, folder: Path | None) -> list[str]:
    """What can be done now, the likeliest first."""
    if folder is None or not (folder / "job.json").exists():
        return [FILL]
    if lock.holder(folder) is not None:
        return [WATCH, CANCEL]
    state = status.client_of(comp, folder).poll()
    if state.status == "done":
        run = job.read_run(folder)
        is_loaded = run is not None and run.run_id == memory.recall(comp).get("loaded")
        return [FILL, TAKE, LOAD] if is_loaded else [LOAD, FILL, TAKE]
    return [FILL] if state.status == "idle" else [RESUME, FILL]


def _ask(
    comp: Comp, found: footage.Footage | None, choices: list[str], kept: dict[str, Any]
) -> dict[str, Any] | None:
    """Ask what to do, and how; None if the artist cancels."""
    action = dialog.choice_field("action", "Do", choices, choices[0])
    if found is None:
        seed = dialog.setting_field(dialog.control("run.seed"), kept.get("answers", {}).get("run_seed", 0))
        return dialog.ask(comp, [action, seed] if TAKE in choices else [action])
    return dialog.ask(comp, [action, *request.fields(comp, found, kept.get("answers", {}))])


def shot_name(comp: Comp, resolve: Resolve | None) -> str:
    """What the folder is named after: the composition's file, or project and clip in Resolve."""
    file = str(flow.attribute(comp, "COMPS_FileName", "") or "")
    if file or resolve is None:
        return file or str(flow.attribute(comp, "COMPS_Name", "") or "")
    project = resolve.GetProjectManager().GetCurrentProject()
    timeline = project.GetCurrentTimeline()
    item = timeline.GetCurrentVideoItem() if timeline is not None else None
    return f"{project.GetName()}_{item.GetName() if item is not None else 'composition'}"


def _fill(comp: Comp, wanted: Request, answers: dict[str, Any], say: Say) -> bool:
    folder = wanted.paths.job
    job.discard(folder)
    say(f"Infusion Inpaint: rendering plate and matte into {wanted.paths.folder}")
    spec = write_inputs(comp, wanted)
    job.write_job(folder, spec, _host(comp, wanted))
    memory.remember(comp, answers=answers, job=folder.as_posix())
    return start(comp, folder, job.Run(), say)


def write_inputs(comp: Comp, wanted: Request) -> job.Job:
    """Render plate and matte and describe the job."""
    paths, matte = wanted.paths, wanted.matte
    is_source = flow.kind_of(wanted.plate) in footage.SOURCES
    wears = matte.worn_on is not None and flow.name_of(matte.worn_on.GetTool()) == flow.name_of(wanted.plate)
    bare = matte.worn_on if is_source and wears else None  # a mask cuts a source's picture out
    inputs.write(comp, wanted.plate.Output, paths.plate, wanted.written, bare)
    if matte.output is None:
        return job.Job(paths.plate, paths.plate, paths.output, wanted.settings)
    inputs.write(comp, matte.output, paths.matte, wanted.written)
    return job.Job(paths.plate, paths.matte, paths.output, wanted.settings)


def _host(comp: Comp, wanted: Request) -> dict[str, Any]:
    """What the job folder remembers of us."""
    return {
        "host": "Fusion",
        "composition": str(flow.attribute(comp, "COMPS_FileName", "") or ""),
        "plate": flow.name_of(wanted.plate),
        "reconnect": wanted.reconnect,
    }


def start(comp: Comp, folder: Path, task: job.Run, say: Say) -> bool:
    """Start a run and see it to its end."""
    client = status.client_of(comp, folder)
    client.start(task)
    say(f"Infusion Inpaint: at work in {folder}; make a file named cancel there to stop it from outside.")
    return watch(comp, folder, {}, say)


def watch(comp: Comp, folder: Path, answers: dict[str, Any], say: Say) -> bool:
    """See a run to its end and load what it made."""
    state = status.watch(comp, status.client_of(comp, folder), say)
    if state.status == "done":
        return load(comp, folder, answers, say)
    if state.status == "failed":
        raise PluginError(resume_hint(state))
    say(f"Infusion Inpaint: {state.describe()}")
    return False


def resume_hint(state: RunState) -> str:
    """The error of a failed run, in the words of this dialog."""
    return state.error.replace("Press Resume", f"Run the script again and choose '{RESUME}'")


def cancel(comp: Comp, folder: Path, answers: dict[str, Any], say: Say) -> bool:
    """Stop the run and wait for its end."""
    client = status.client_of(comp, folder)
    client.cancel()
    say(f"Infusion Inpaint: {client.wait(2 * client.grace_s).describe()}")
    return True


def resume(comp: Comp, folder: Path, answers: dict[str, Any], say: Say) -> bool:
    """Go on from the last checkpoint."""
    return start(comp, folder, job.Run(resume=True), say)


def take(comp: Comp, folder: Path, answers: dict[str, Any], say: Say) -> bool:
    """Fill again from the trained models with the seed of the dialog, beside the first result."""
    seed = int(answers["run_seed"])
    output = job.take_pattern(job.read_job(folder).output, seed)
    return start(comp, folder, job.Run(task="render", seed=seed, output=output), say)


def load(comp: Comp, folder: Path, answers: dict[str, Any], say: Say) -> bool:
    """Add a Loader with what the last run in ``folder`` made."""
    spec = job.read_job(folder)
    last_run = job.read_run(folder) or job.Run(run_id="farm")
    pattern = last_run.output or spec.output
    frames = frame_range.parse(str(spec.settings["shot"]["frames"]))
    host = read_json(folder / "host.json") or {}
    plate = comp.FindTool(host["plate"]) if host.get("plate") else None
    loader.add(comp, pattern, frames[0], frames[-1], plate, bool(host.get("reconnect")))
    memory.remember(comp, loaded=last_run.run_id)
    say(f"Infusion Inpaint: done; {pattern} is in the composition.")
    return True


ACTIONS: dict[str, Callable[[Comp, Path, dict[str, Any], Say], bool]] = {
    WATCH: watch,
    CANCEL: cancel,
    RESUME: resume,
    TAKE: take,
    LOAD: load,
}
