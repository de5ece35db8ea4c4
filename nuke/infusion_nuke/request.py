"""What the node's knobs and inputs ask for, read once and checked before anything is written."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infusion_plugin import frame_range, job, schema
from infusion_plugin.errors import InputError

if TYPE_CHECKING:
    import nuke

_CHANNELS = {"red": "R", "green": "G", "blue": "B", "alpha": "A"}


@dataclass(frozen=True)
class Request:
    """One fill, as the artist set it up.

    Attributes:
        frames: Frames to fill.
        handles: Frames before and after that are learned from.
        view: The view to fill.
        paths: Where plate, matte and job lie.
        output: File pattern of the result.
        shown: The same for a Read; with ``%V`` in a stereo script, so that no view shows another's result.
        settings: Nested tables for the job.
    """

    frames: tuple[int, ...]
    handles: int
    view: str
    paths: job.ShotPaths
    output: str
    shown: str
    settings: dict[str, Any]

    @property
    def first_frame(self) -> int:
        return self.frames[0]

    @property
    def last_frame(self) -> int:
        return self.frames[-1]


def read_request(node: nuke.Node, version: int) -> Request:
    """Read the node for version ``version``.

    Raises:
        InputError: no plate, a range outside the plate, a setting that cannot be read.
    """
    plate = node.input(0)
    if plate is None:
        raise InputError("No plate is connected.", remedy="Connect the plate to the first input.")
    view = chosen_view(node)
    frames = _frames(node, plate)
    paths = _paths(node, _name_with_view(node.fullName(), view), version)
    settings = _settings(node)
    settings.setdefault("shot", {})["frames"] = frame_range.format_frames(frames)
    if node.input(1) is None:
        settings["shot"].setdefault("matte_channel", "A")
    handles = int(settings["shot"].get("handles", 0))
    output = _output(node, paths, version)
    return Request(tuple(frames), handles, view, paths, output.replace("%V", view), output, settings)


def _settings(node: nuke.Node) -> dict[str, Any]:
    names = (*schema.MAIN_PAGE, *schema.ADVANCED_PAGE)
    values = {name: node[name.replace(".", "_")].value() for name in names}
    channel = str(values["shot.matte_channel"]).strip()
    plain = channel[5:] if channel.startswith("rgba.") else channel
    values["shot.matte_channel"] = _CHANNELS.get(plain, channel)
    return schema.merged(schema.tables(values), schema.parse_extra(str(node["more_settings"].value())))


def _frames(node: nuke.Node, plate: nuke.Node) -> list[int]:
    available = plate.frameRange()
    text = str(node["shot_frames"].value())
    return frame_range.within(text, int(available.first()), int(available.last()))


def chosen_view(node: nuke.Node) -> str:
    """The view that the knob names, else the one being viewed.

    Raises:
        InputError: the script has no such view.
    """
    import nuke

    views = nuke.views()
    wanted = str(node["view"].value()).strip()
    if wanted and wanted not in views:
        raise InputError(f"The script has no view {wanted!r}.", remedy=f"Choose one of: {', '.join(views)}.")
    viewed = nuke.thisView()
    return wanted or (viewed if viewed in views else views[0])


def _name_with_view(name: str, view: str) -> str:
    import nuke

    return f"{name}_{view}" if len(nuke.views()) > 1 else name


def script_name() -> str:
    """The script's file; empty while it was never saved."""
    import nuke

    name = str(nuke.root().name())
    return "" if name == "Root" else name


def resolved(text: str) -> str:
    """A path that the artist typed, absolute, with forward slashes: relative to the project directory."""
    import nuke

    text = os.path.expanduser(text.strip().replace("\\", "/"))
    project = nuke.root()["project_directory"]
    base = str(project.evaluate() or "") if isinstance(project, nuke.EvalString_Knob) else ""
    base = base or os.path.dirname(script_name())
    return os.path.join(base, text).replace("\\", "/")


def work_folder(node: nuke.Node) -> Path:
    """Where the node keeps its work.

    Raises:
        InputError: none is set and the script has no place of its own yet.
    """
    text = str(node["work_folder"].value()).strip()
    if text:
        return Path(resolved(text))
    script = script_name()
    if not script:
        raise InputError("The script was never saved.", remedy="Save it, or set Work folder in Advanced.")
    return Path(script).absolute().parent / "infusion"


def _output(node: nuke.Node, paths: job.ShotPaths, version: int) -> str:
    """The pattern to write, with ``%V`` for the view in a stereo script."""
    import nuke

    is_stereo = len(nuke.views()) > 1
    text = str(node["output"].value()).strip()
    if not text:
        name = node.fullName()
        return _paths(node, f"{name}_%V", version).output if is_stereo else paths.output
    pattern = re.sub(r"v\d+", f"v{version:03d}", resolved(text))
    if not re.search(r"%\d*d|#", pattern):
        raise InputError(f"The output {text!r} has no frame number.", remedy="Write e.g. clean.%04d.exr.")
    if is_stereo and "%V" not in pattern:
        raise InputError(
            f"The output {text!r} would be the same for all views.", remedy="Put %V where the view belongs."
        )
    return pattern


def _paths(node: nuke.Node, name: str, version: int) -> job.ShotPaths:
    return job.shot_paths(work_folder(node), script_name(), name, version)


def next_version(node: nuke.Node) -> int:
    """The node's version, or the next free one where that has work in it already."""
    view = chosen_view(node)
    name = _name_with_view(node.fullName(), view)
    return job.next_version(work_folder(node), script_name(), name, int(node["version"].value()))
