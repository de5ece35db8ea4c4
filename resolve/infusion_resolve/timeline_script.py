"""The script of the Edit and Color pages: the clip under the playhead is filled and given back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from infusion_plugin import frame_range, job
from infusion_plugin.errors import InputError
from infusion_plugin.files import read_json
from infusion_resolve import comp_script, dialog, flow, footage, memory, render_job, request, runs, timeline
from infusion_resolve.flow import Comp
from infusion_resolve.runs import Session
from infusion_resolve.status import Say
from infusion_resolve.timeline import Clip

if TYPE_CHECKING:
    from fusionscript import Resolve

COMPOSITION = "The clip's Fusion composition"
RENDER_JOB = "A render job (what the timeline shows)"
WHOLE_CLIP = ("shot.frames", "shot.handles")
SETTINGS = tuple(name for name in dialog.SETTINGS if name not in WHOLE_CLIP)


def main(resolve: Resolve | None, fusion: Any = None, say: Say = print) -> bool:
    """Ask, fill, put the result on the timeline; tell in console and dialog what goes wrong.

    Args:
        resolve: Resolve, as it hands itself to scripts.
        fusion: Its Fusion.
        say: Shows a line.

    Returns:
        Whether what was asked for was done.
    """
    if resolve is None:
        say("Infusion Inpaint: this script runs in DaVinci Resolve; Fusion Studio has another.")
        return False
    try:
        clip = timeline.current_clip(resolve)
        comp, is_own = dialog_comp(clip, fusion)
    except InputError as error:
        say(f"Infusion Inpaint: {error}")
        return False
    with dialog.telling(comp, say):
        return run(Session(comp, say, lambda *result: _show(clip, *result)), clip, is_own)
    return False


def dialog_comp(clip: Clip, fusion: Any) -> tuple[Comp, bool]:
    """The composition that shows our dialog, and whether it is the clip's own.

    Raises:
        InputError: there is none.
    """
    if clip.item.GetFusionCompCount():
        return clip.item.GetFusionCompByIndex(1), True
    comp = fusion.GetCurrentComp() if fusion is not None else None
    if comp is None:
        raise InputError(
            "There is no composition to show the dialog.", remedy="Open the clip on the Fusion page once."
        )
    return comp, False


def run(session: Session, clip: Clip, is_own: bool) -> bool:
    """As ``main``, with errors raised."""
    comp = session.comp
    flow.require_idle(comp)
    found = _footage(comp) if is_own else None
    choices = runs.possible(comp)
    answers = dialog.ask(comp, _fields(comp, choices, found))
    if answers is None:
        session.say("Infusion Inpaint: cancelled; nothing was changed.")
        return False
    folder = runs.last_job(comp)
    if answers["action"] not in runs.NEW and folder is not None:
        return runs.ACTIONS[answers["action"]](session, folder, answers)
    return _fill(session, clip, found, answers)


def _footage(comp: Comp) -> footage.Footage | None:
    try:
        return footage.find(comp)
    except InputError:
        return None  # nothing to go by in the composition: the render job remains


def _fields(comp: Comp, choices: list[str], found: footage.Footage | None) -> list[dict[Any, Any]]:
    kept = memory.recall(comp).get("answers", {})
    mattes = [matte.label for matte in found.mattes] if found is not None else [footage.PLATE_ALPHA]
    # A composition that gives a matte is what the artist made for this; else what the timeline shows.
    ways = [COMPOSITION, RENDER_JOB] if len(mattes) > 1 else [RENDER_JOB, COMPOSITION]
    ways = ways if found is not None else [RENDER_JOB]
    matte_file = {1: "matte_file", 2: "FileBrowse", "Name": "Matte files (render job)", "Save": False}
    return [
        dialog.choice_field("action", "Do", choices, choices[0]),
        dialog.choice_field("way", "Plate from", ways, ways[0]),
        dialog.choice_field("matte", "Matte", mattes, mattes[0]),
        {**matte_file, "Default": ""},
        *request.setting_fields(SETTINGS, kept),
        dialog.choice_field(
            "where", "Result", (timeline.TAKE, timeline.ABOVE), kept.get("where", timeline.TAKE)
        ),
        *request.place_fields(comp, kept),
    ]


def _fill(session: Session, clip: Clip, found: footage.Footage | None, answers: dict[str, Any]) -> bool:
    name = f"{clip.project.GetName()}_{clip.item.GetName()}"
    host = {"host": "Resolve", "clip": clip.item.GetName(), "where": answers["where"]}
    if answers["way"] == COMPOSITION and found is not None:
        given = {**answers, "plate": flow.name_of(found.plates[0]), "reconnect": False}
        defaults = {"shot_frames": "", "shot_handles": 0}
        wanted = request.read(session.comp, found, {**defaults, **given}, name)
        job.discard(wanted.paths.job)
        spec = comp_script.write_inputs(session.comp, wanted)
        return runs.begin(session, wanted.paths.job, spec, answers, host)
    folder = request.work_folder(session.comp, answers["work_folder"])
    paths = job.shot_paths(folder, name, "clip", job.next_version(folder, name, "clip", 1))
    settings = dialog.settings_of(answers)
    shot = settings.setdefault("shot", {})
    job.discard(paths.job)
    session.say(f"Infusion Inpaint: rendering the clip into {paths.folder}")
    plate, frames = render_job.render_plate(clip, Path(paths.plate).parent)
    shot["frames"] = frame_range.format_frames(frames)
    matte = plate
    if answers["matte_file"]:
        file = session.comp.MapPath(answers["matte_file"])
        matte = render_job.take_matte(file, Path(paths.matte).parent, frames)
    else:
        shot.setdefault("matte_channel", request.ALPHA)
    return runs.begin(session, paths.job, job.Job(plate, matte, paths.output, settings), answers, host)


def _show(clip: Clip, folder: Path, pattern: str, frames: list[int]) -> None:
    """Put the result over the clip, or into its takes."""
    host = read_json(folder / "host.json") or {}
    timeline.place(clip, pattern, frames, str(host.get("where") or timeline.TAKE))
