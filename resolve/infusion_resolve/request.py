"""What the artist asks for in a composition, put together and checked before anything is rendered."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infusion_plugin import frame_range, job
from infusion_plugin.errors import InputError
from infusion_resolve import dialog, flow
from infusion_resolve.flow import Comp, Tool
from infusion_resolve.footage import PLATE_ALPHA, Footage, Matte

ALPHA = "A"


@dataclass(frozen=True)
class Request:
    """One fill of a composition.

    Attributes:
        plate: The tool to fill.
        matte: What to fill.
        frames: Consecutive frames to fill.
        written: Those and their handles.
        paths: Where plate, matte, job and result lie.
        settings: Nested tables for the job.
        reconnect: Whether what reads the plate shall read the result.
    """

    plate: Tool
    matte: Matte
    frames: tuple[int, ...]
    written: tuple[int, ...]
    paths: job.ShotPaths
    settings: dict[str, Any]
    reconnect: bool


def fields(comp: Comp, found: Footage, kept: Mapping[str, Any]) -> list[dict[Any, Any]]:
    """The dialog's fields; ``kept`` are the answers given last time."""
    plates = [flow.name_of(tool) for tool in found.plates]
    mattes = [matte.label for matte in found.mattes]
    shown = {**kept, "shot_frames": render_range(comp)}
    reconnect = {1: "reconnect", 2: "Checkbox", "Name": "Connect the result in place of the plate"}
    return [
        dialog.choice_field("plate", "Plate", plates, plates[0]),
        dialog.choice_field("matte", "Matte", mattes, mattes[0]),
        *setting_fields(dialog.SETTINGS, shown),
        {**reconnect, "Default": int(bool(kept.get("reconnect", False)))},
        *place_fields(comp, kept),
    ]


def setting_fields(names: Sequence[str], shown: Mapping[str, Any]) -> list[dict[Any, Any]]:
    """The fields of settings of the schema, showing values or else defaults."""
    controls = [dialog.control(name) for name in names]
    return [
        dialog.setting_field(control, shown.get(control.identifier, control.default)) for control in controls
    ]


def place_fields(comp: Comp, kept: Mapping[str, Any]) -> list[dict[Any, Any]]:
    """Where the work is kept, and settings without a field of their own."""
    folder = str(kept.get("work_folder") or default_folder(comp))
    return [
        {1: "work_folder", 2: "PathBrowse", "Name": "Work folder", "Save": True, "Default": folder},
        dialog.text_field("more_settings", "More settings", str(kept.get("more_settings", "")), lines=3),
    ]


def render_range(comp: Comp) -> str:
    """The composition's render range as text."""
    attrs = comp.GetAttrs()
    return f"{int(attrs['COMPN_RenderStart'])}-{int(attrs['COMPN_RenderEnd'])}"


def default_folder(comp: Comp) -> str:
    """``infusion`` beside the composition's file; empty in Resolve, whose compositions have none."""
    return "Comp:/infusion" if flow.attribute(comp, "COMPS_FileName") else ""


def read(comp: Comp, found: Footage, answers: Mapping[str, Any], shot_name: str) -> Request:
    """The request that the answers make.

    Raises:
        InputError: no work folder, a range that cannot be filled, or a wrong setting.
    """
    plate = next(tool for tool in found.plates if flow.name_of(tool) == answers["plate"])
    matte = next(matte for matte in found.mattes if matte.label == answers["matte"])
    if matte.worn_on is None and matte.label == answers["plate"]:
        matte = Matte(PLATE_ALPHA)
    frames = _frames(comp, answers["shot_frames"])
    settings = dialog.settings_of(answers)
    shot = settings.setdefault("shot", {})
    shot["frames"] = frame_range.format_frames(frames)
    if matte.output is None:
        shot.setdefault("matte_channel", ALPHA)
    first, last = available(comp)
    written = frame_range.wanted(frames, int(shot.get("handles", 0)), first, last)
    folder = work_folder(comp, answers["work_folder"])
    name = flow.name_of(plate)
    version = job.next_version(folder, shot_name, name, 1)
    paths = job.shot_paths(folder, shot_name, name, version)
    reconnect = bool(answers["reconnect"])
    return Request(plate, matte, tuple(frames), tuple(written), paths, settings, reconnect)


def _frames(comp: Comp, text: str) -> list[int]:
    frames = frame_range.within(text or render_range(comp), *available(comp))
    if len(frames) != frames[-1] - frames[0] + 1:
        raise InputError(
            f"The range {text} has gaps.", remedy="Fill each part by itself; Loaders show no gaps."
        )
    return frames


def available(comp: Comp) -> tuple[int, int]:
    """First and last frame of the composition."""
    attrs = comp.GetAttrs()
    return int(attrs["COMPN_GlobalStart"]), int(attrs["COMPN_GlobalEnd"])


def work_folder(comp: Comp, text: str) -> Path:
    """The folder that the artist named, path maps resolved.

    Raises:
        InputError: none is named, or its path map is unknown.
    """
    if not text.strip():
        raise InputError("No work folder is set.", remedy="Choose where inputs, job and result are kept.")
    path = os.path.expanduser(str(comp.MapPath(text.strip()) or ""))
    if not os.path.isabs(path):
        raise InputError(
            f"The work folder {text!r} leads nowhere.", remedy="Choose a folder, or repair the path map."
        )
    return Path(path)
