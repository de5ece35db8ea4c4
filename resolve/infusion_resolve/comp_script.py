"""The script of the Fusion page and of Fusion Studio: from the selected tools to a Loader with the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from infusion_plugin import job
from infusion_plugin.errors import PluginError
from infusion_plugin.files import read_json
from infusion_resolve import dialog, flow, footage, inputs, loader, memory, request, runs
from infusion_resolve.flow import Comp
from infusion_resolve.request import Request
from infusion_resolve.runs import Session
from infusion_resolve.status import Say

if TYPE_CHECKING:
    from fusionscript import Resolve


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
    with dialog.telling(comp, say):
        return run(Session(comp, say, lambda *result: _show(comp, *result)), resolve)
    return False


def run(session: Session, resolve: Resolve | None) -> bool:
    """As ``main``, with errors raised."""
    comp = session.comp
    flow.require_idle(comp)
    choices = runs.possible(comp)
    found = _find(comp, is_needed=not set(choices) - set(runs.NEW))
    answers = _ask(comp, found, choices)
    if answers is None:
        session.say("Infusion Inpaint: cancelled; nothing was changed.")
        return False
    folder = runs.last_job(comp)
    if answers["action"] not in runs.NEW and folder is not None:
        return runs.ACTIONS[answers["action"]](session, folder, answers)
    wanted = request.read(comp, found or footage.find(comp), answers, shot_name(comp, resolve))
    return _fill(session, wanted, answers)


def _find(comp: Comp, is_needed: bool) -> footage.Footage | None:
    """Plate and matte; None where nothing is selected and a run can be seen to without."""
    try:
        return footage.find(comp)
    except PluginError:
        if is_needed:
            raise
        return None


def _ask(comp: Comp, found: footage.Footage | None, choices: list[str]) -> dict[str, Any] | None:
    """Ask what to do, and how; None if the artist cancels."""
    kept = memory.recall(comp).get("answers", {})
    fields = [dialog.choice_field("action", "Do", choices, choices[0])]
    if found is not None:
        fields += request.fields(comp, found, kept)
    elif runs.TAKE in choices:
        fields.append(dialog.setting_field(dialog.control("run.seed"), kept.get("run_seed", 0)))
    return dialog.ask(comp, fields)


def shot_name(comp: Comp, resolve: Resolve | None) -> str:
    """What the folder is named after: the composition's file, or project and clip in Resolve."""
    file = str(flow.attribute(comp, "COMPS_FileName", "") or "")
    if file or resolve is None:
        return file or str(flow.attribute(comp, "COMPS_Name", "") or "")
    project = resolve.GetProjectManager().GetCurrentProject()
    timeline = project.GetCurrentTimeline()
    item = timeline.GetCurrentVideoItem() if timeline is not None else None
    return f"{project.GetName()}_{item.GetName() if item is not None else 'composition'}"


def _fill(session: Session, wanted: Request, answers: dict[str, Any]) -> bool:
    folder = wanted.paths.job
    job.discard(folder)
    session.say(f"Infusion Inpaint: rendering plate and matte into {wanted.paths.folder}")
    spec = write_inputs(session.comp, wanted)
    host = {
        "host": "Fusion",
        "composition": str(flow.attribute(session.comp, "COMPS_FileName", "") or ""),
        "plate": flow.name_of(wanted.plate),
        "reconnect": wanted.reconnect,
    }
    return runs.begin(session, folder, spec, answers, host)


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


def _show(comp: Comp, folder: Path, pattern: str, frames: list[int]) -> None:
    """Add a Loader with the result below the plate that was filled, if that is still there."""
    host = read_json(folder / "host.json") or {}
    plate = comp.FindTool(host["plate"]) if host.get("plate") else None
    loader.add(comp, pattern, frames[0], frames[-1], plate, bool(host.get("reconnect")))
