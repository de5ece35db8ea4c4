"""Where the pixels of plate and matte come from: an upstream Read's own files, or EXRs written anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from infusion_nuke.export import Exr, write_exrs
from infusion_nuke.request import Request, resolved
from infusion_plugin import frame_range, job, schema

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
    plate_input, matte_input, reference = node.input(0), node.input(1), node.input(2)
    assert plate_input is not None  # read_request saw to that
    frames = wanted_frames(plate_input, request)
    # Reference frames are appended to plate and matte, which then have to be files of the job's own.
    direct = bool(node["read_directly"].value()) and reference is None
    plate = _direct(plate_input, request, frames) if direct else ""
    if not plate:
        plate = request.paths.plate
        write_exrs(plate_input, plate, frames, request.view, _plate_exr(node))
    if matte_input is None and reference is None:
        return job.Job(plate, plate, request.output, request.settings)
    matte = _direct(matte_input, request, frames) if direct and matte_input is not None else ""
    if not matte:
        matte = request.paths.matte
        write_exrs(matte_input or plate_input, matte, frames, request.view, _matte_exr(node))
    settings = request.settings
    if reference is not None:
        settings = add_reference(node, reference, request, frames)
    return job.Job(plate, matte, request.output, settings)


def add_reference(
    node: nuke.Node, reference: nuke.Node, request: Request, frames: list[int]
) -> dict[str, Any]:
    """Append the reference to the plate, with a black matte, as handles: learned from, never written.

    Args:
        node: The Infusion node.
        reference: Its third input; every frame of its range is used.
        request: What is filled.
        frames: Frames of the plate that are written already.

    Returns:
        The settings with as many more handles.
    """
    available = reference.frameRange()
    num_frames = int(available.last()) - int(available.first()) + 1
    first_frame = frames[-1] + 1
    shift = first_frame - int(available.first())
    appended = list(range(first_frame, first_frame + num_frames))
    plate, matte = request.paths.plate, request.paths.matte
    write_exrs(reference, plate, appended, request.view, replace(_plate_exr(node), shift=shift))
    write_exrs(reference, matte, appended, request.view, replace(_matte_exr(node), shift=shift, black=True))
    return schema.merged(request.settings, {"shot": {"handles": request.handles + num_frames}})


def _plate_exr(node: nuke.Node) -> Exr:
    return Exr(str(node["written_channels"].value()), str(node["datatype"].value()))


def _matte_exr(node: nuke.Node) -> Exr:
    channels = "all" if "." in str(node["shot_matte_channel"].value()) else "rgba"
    return Exr(channels, str(node["datatype"].value()))


def wanted_frames(plate: nuke.Node, request: Request) -> list[int]:
    """The frames to fill and those handles that the plate has."""
    available = plate.frameRange()
    first_available, last_available = int(available.first()), int(available.last())
    return frame_range.wanted(request.frames, request.handles, first_available, last_available)


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
