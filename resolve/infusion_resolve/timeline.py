"""The current clip of a timeline: taken to EXRs by a render job, given its result as a take or above it."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from infusion_plugin.errors import InputError, PluginError

if TYPE_CHECKING:
    from fusionscript import Project, Resolve, Timeline, TimelineItem

TAKE, ABOVE = "As a take of the clip", "On a track above the clip"
SINGLE_CLIP: Final = 1  # render mode
VIDEO_ONLY = 1  # media type
LOOK_EVERY_S = 0.5
BY_HAND = "The files are complete: import them by hand."


@dataclass(frozen=True)
class Clip:
    """The clip under the playhead; frames of the timeline, inclusive."""

    project: Project
    timeline: Timeline
    item: TimelineItem
    first_frame: int
    last_frame: int

    @property
    def num_frames(self) -> int:
        return self.last_frame - self.first_frame + 1


def current_clip(resolve: Resolve) -> Clip:
    """The clip at the playhead.

    Raises:
        InputError: there is no timeline, or nothing under the playhead.
    """
    project = resolve.GetProjectManager().GetCurrentProject()
    timeline = project.GetCurrentTimeline() if project is not None else None
    item = timeline.GetCurrentVideoItem() if timeline is not None else None
    if project is None or timeline is None or item is None:
        raise InputError(
            "There is no clip under the playhead.", remedy="Put the playhead on the clip to fill."
        )
    first_frame = int(item.GetStart(False))
    return Clip(project, timeline, item, first_frame, first_frame + int(item.GetDuration(False)) - 1)


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


def place(clip: Clip, pattern: str, frames: list[int], where: str) -> None:
    """Import the result and put it on the timeline, as ``TAKE`` or ``ABOVE``.

    Raises:
        PluginError: Resolve refused; the files are complete nevertheless.
    """
    if len(frames) != clip.num_frames:
        raise PluginError(
            f"The result has {len(frames)} frames, the clip under the playhead {clip.num_frames}.",
            path=pattern,
            remedy="Put the playhead on the clip that was filled, or import the files by hand.",
        )
    media: Any = {"FilePath": pattern, "StartIndex": frames[0], "EndIndex": frames[-1]}
    imported = clip.project.GetMediaPool().ImportMedia([media])
    if not imported:
        raise PluginError("Resolve did not import the result.", path=pattern, remedy=BY_HAND)
    if where == TAKE:
        # The frames are left out: without them the whole clip is taken, however Resolve numbers it.
        is_added = clip.item.AddTake(imported[0])  # type: ignore[call-arg]
        if not is_added or not clip.item.SelectTakeByIndex(clip.item.GetTakesCount()):
            raise PluginError("Resolve did not add the take.", path=pattern, remedy=BY_HAND)
        return
    entry = {
        "mediaPoolItem": imported[0],
        "startFrame": 0,
        "endFrame": clip.num_frames - 1,
        "mediaType": VIDEO_ONLY,
        "trackIndex": free_track_above(clip),
        "recordFrame": clip.first_frame,
    }
    entries: Any = [entry]  # the stubs mix the three forms of this call up
    added = clip.project.GetMediaPool().AppendToTimeline(entries)
    if not added or not _covers(added[0], clip):
        raise PluginError("Resolve did not put the result over the clip.", path=pattern, remedy=BY_HAND)


def _covers(item: TimelineItem, clip: Clip) -> bool:
    return int(item.GetStart(False)) == clip.first_frame and int(item.GetDuration(False)) == clip.num_frames


def free_track_above(clip: Clip) -> int:
    """The lowest video track above the clip with nothing over it; a new one where there is none."""
    count = clip.timeline.GetTrackCount("video")
    for track in range(clip.item.GetTrackTypeAndIndex()[1] + 1, count + 1):
        others = clip.timeline.GetItemListInTrack("video", track) or []
        if all(_is_apart(other, clip) for other in others):
            return track
    if not clip.timeline.AddTrack("video"):  # type: ignore[call-overload]  # video has no sub-type
        raise PluginError("Resolve did not add a track.", remedy=BY_HAND)
    return clip.timeline.GetTrackCount("video")


def _is_apart(other: TimelineItem, clip: Clip) -> bool:
    start = int(other.GetStart(False))
    return start > clip.last_frame or start + int(other.GetDuration(False)) <= clip.first_frame
