"""Where the pixels of plate and matte come from: an upstream Read's own files, or EXRs written anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infusion_nuke.export import Exr, write_exrs
from infusion_nuke.request import Request, resolved
from infusion_plugin import frame_range, job

if TYPE_CHECKING:
    import nuke

PASSIVE = ("Dot", "NoOp")
LINEAR = (
    "linear",
    "scene_linear",
    "scene-linear",
    "raw",
    "data",
    "default (linear)",
    "default (scene_linear)",
)


def gather(node: nuke.Node, request: Request) -> job.Job:
    """Make sure that plate and matte lie on disk as the core reads them, and describe the job.

    Raises:
        InputError: a Write failed or left frames out.
        StoppedError: the artist stopped the writing.
    """
    plate_input, matte_input = node.input(0), node.input(1)
    assert plate_input is not None  # read_request saw to that
    direct = bool(node["read_directly"].value())
    frames = wanted_frames(plate_input, request)
    plate = _direct(plate_input, request, frames) if direct else ""
    if not plate:
        plate = request.paths.plate
        write_exrs(
            plate_input, plate, frames, request.view, _exr(node, str(node["written_channels"].value()))
        )
    if matte_input is None:
        return job.Job(plate, plate, request.output, request.settings)
    matte = _direct(matte_input, request, frames) if direct else ""
    if not matte:
        matte = request.paths.matte
        channels = "all" if "." in str(node["shot_matte_channel"].value()) else "rgba"
        write_exrs(matte_input, matte, frames, request.view, _exr(node, channels))
    return job.Job(plate, matte, request.output, request.settings)


def _exr(node: nuke.Node, channels: str) -> Exr:
    return Exr(channels, str(node["datatype"].value()))


def wanted_frames(plate: nuke.Node, request: Request) -> list[int]:
    """The frames to fill and those handles that the plate has."""
    available = plate.frameRange()
    with_handles = frame_range.with_handles(request.first_frame, request.last_frame, request.handles)
    handles = {
        frame
        for frame in with_handles
        if int(available.first()) <= frame <= int(available.last())
        and not request.first_frame <= frame <= request.last_frame
    }
    return sorted(handles | set(request.frames))


def _direct(source: nuke.Node, request: Request, frames: list[int]) -> str:
    """The pattern of the EXRs that reach the node unchanged; empty where they have to be written."""
    read = upstream_read(source)
    if read is None or not _gives_files_unchanged(read, frames):
        return ""
    pattern = resolved(str(read["file"].value()))
    return _for_view(pattern, request.view)


def upstream_read(node: nuke.Node | None) -> nuke.Node | None:
    """The Read that ``node`` is, or passes on through Dots; None where something lies between."""
    while node is not None and node.Class() in PASSIVE:
        node = node.input(0)
    return node if node is not None and node.Class() == "Read" else None


def _gives_files_unchanged(read: nuke.Node, frames: list[int]) -> bool:
    """Whether the Read's output has the pixel values and frame numbers of its EXR files."""
    pattern = str(read["file"].value())
    if not pattern.lower().endswith(".exr") or "[" in pattern or not _has_frame_number(pattern):
        return False
    changes = ("disable", "premultiplied", "auto_alpha")
    if any(bool(read[name].value()) for name in changes):
        return False
    if not bool(read["raw"].value()) and str(read["colorspace"].value()).lower() not in LINEAR:
        return False
    if str(read["frame"].value()).strip():  # an expression, offset or start renumbers the frames
        return False
    covered = int(read["first"].value()) <= frames[0] and frames[-1] <= int(read["last"].value())
    return covered and _one_view(pattern)


def _has_frame_number(pattern: str) -> bool:
    return "#" in pattern or "%0" in pattern or "%d" in pattern


def _one_view(pattern: str) -> bool:
    """Whether the file holds one view: in a stereo script an EXR without %V may hold several."""
    import nuke

    return len(nuke.views()) == 1 or "%V" in pattern or "%v" in pattern


def _for_view(pattern: str, view: str) -> str:
    return pattern.replace("%V", view).replace("%v", view[:1])
