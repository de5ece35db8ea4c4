"""The clip as EXRs: the plate by a render job of Resolve, the matte by a sequence of the artist."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from infusion_plugin.errors import InputError
from infusion_resolve.timeline import Clip

if TYPE_CHECKING:
    from fusionscript import Project

SINGLE_CLIP: Final = 1  # render mode
LOOK_EVERY_S = 0.5


def render_plate(clip: Clip, folder: Path) -> tuple[str, list[int]]:
    """Render what the timeline shows of the clip's frames as EXRs with alpha.

    Returns:
        File pattern and the frame numbers that Resolve gave the files.

    Raises:
        InputError: Resolve refused, stopped or failed the job, or left frames out.
    """
    project = clip.project
    if project.IsRenderingInProgress():
        raise InputError("Resolve is rendering.", remedy="Run the script again when it has finished.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("plate*.exr"):
            old.unlink()
    except OSError as error:
        raise InputError(f"Cannot use the folder: {error.strerror}.", path=folder) from error
    with _exr_format(project):
        settings: Any = {
            "SelectAllFrames": False,
            "MarkIn": clip.first_frame,
            "MarkOut": clip.last_frame,
            "TargetDir": str(folder),
            "CustomName": "plate",
            "ExportVideo": True,
            "ExportAudio": False,
            "ExportAlpha": True,
        }
        if not project.SetRenderSettings(settings):
            raise InputError("Resolve did not take the render settings.", remedy="Try from the Deliver page.")
        _run_job(project)
    return _sequence_in(folder, clip.num_frames)


@contextmanager
def _exr_format(project: Project) -> Iterator[None]:
    """EXR as the project's render format while the block runs; format and mode are restored."""
    before, mode = project.GetCurrentRenderFormatAndCodec(), project.GetCurrentRenderMode()
    codecs = list((project.GetRenderCodecs("exr") or {}).values())
    wanted = sorted(codecs, key=lambda codec: ("Half" not in codec, "ZIP" not in codec.upper()))
    if not wanted or not project.SetCurrentRenderFormatAndCodec("exr", wanted[0]):
        raise InputError("This Resolve renders no EXRs.", remedy="Render the clip by hand.")
    try:
        project.SetCurrentRenderMode(SINGLE_CLIP)
        yield
    finally:
        project.SetCurrentRenderMode(mode)
        if before:
            project.SetCurrentRenderFormatAndCodec(before["format"], before["codec"])


def _run_job(project: Project) -> None:
    number = project.AddRenderJob()
    if not number:
        raise InputError("Resolve did not add the render job.", remedy="Try from the Deliver page.")
    try:
        is_started = project.StartRendering([number], False)
        while is_started and project.IsRenderingInProgress():
            time.sleep(LOOK_EVERY_S)
        status: dict[str, Any] = dict(project.GetRenderJobStatus(number) or {})
    finally:
        project.DeleteRenderJob(number)
    if not is_started or status.get("JobStatus") != "Complete":
        reason = status.get("Error") or status.get("JobStatus") or "it did not start"
        raise InputError(f"Resolve did not render the clip: {reason}.", remedy="Look at the Deliver page.")


def _sequence_in(folder: Path, num_frames: int) -> tuple[str, list[int]]:
    """The pattern and numbers of the EXRs in ``folder``, whatever digits Resolve gave them."""
    numbered = []
    for path in sorted(folder.glob("plate*.exr")):
        match = re.fullmatch(r"(.*?)(\d+)\.exr", path.name)
        if match is not None:
            numbered.append((int(match[2]), f"{match[1]}%0{len(match[2])}d.exr"))
    frames = [frame for frame, _ in numbered]
    patterns = {pattern for _, pattern in numbered}
    if len(patterns) != 1 or frames != list(range(frames[0], frames[0] + num_frames)):
        raise InputError(
            f"Resolve wrote {len(frames)} frames instead of {num_frames}.", path=folder, remedy="Try again."
        )
    return (folder / patterns.pop()).as_posix(), frames


def take_matte(file: str, folder: Path, frames: list[int]) -> str:
    """Copy the sequence that ``file`` belongs to under the plate's frame numbers, in order; its pattern.

    Raises:
        InputError: there are not as many frames as the plate has.
    """
    path = Path(file)
    match = re.fullmatch(r"(.*?)(\d+)(\.\w+)", path.name)
    if match is None or not path.exists():
        raise InputError("The matte is no numbered file.", path=path, remedy="Choose a frame of a sequence.")
    is_one = re.compile(re.escape(match[1]) + r"(\d+)" + re.escape(match[3]))
    found = {int(hit[1]): other for other in path.parent.iterdir() if (hit := is_one.fullmatch(other.name))}
    if len(found) != len(frames):
        raise InputError(
            f"The matte has {len(found)} frames, the clip {len(frames)}.",
            path=path,
            remedy="Render the matte for exactly the frames of the clip.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for frame, number in zip(frames, sorted(found)):
        shutil.copyfile(str(found[number]), str(folder / f"matte.{frame:04d}{match[3]}"))
    return (folder / f"matte.%04d{match[3]}").as_posix()
