"""The clip under the playhead, and the result given to it: as a take, or on a track above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infusion_plugin.errors import InputError, PluginError

if TYPE_CHECKING:
    from fusionscript import Project, Resolve, Timeline, TimelineItem

TAKE, ABOVE = "As a take of the clip", "On a track above the clip"
VIDEO_ONLY = 1  # media type
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
