"""A stand-in for Resolve's project, timeline and media pool; its methods are held to fusionscript-stubs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fake_fusion.composition import Composition, write_exr
from fusion_shot import matte_at, plate_at

CODECS = {"RGB float": "RGBFloat", "RGB half (ZIP)": "RGBHalfZIP", "RGB half": "RGBHalf"}


class MediaPoolItem:
    def __init__(self, info: dict[str, Any]) -> None:
        self.info = info
        self.num_frames = info["EndIndex"] - info["StartIndex"] + 1


class TimelineItem:
    """A clip: ``start`` and ``num_frames`` in frames of the timeline."""

    def __init__(self, name: str, start: int, num_frames: int, track: int = 1) -> None:
        self.name, self.start, self.num_frames, self.track = name, start, num_frames, track
        self.comps: list[Composition] = []
        self.takes: list[MediaPoolItem | None] = []
        self.selected_take = 0
        self.refuses_takes = False

    def GetName(self) -> str:  # noqa: N802
        return self.name

    def GetStart(self, subframe_precision: bool) -> int:  # noqa: N802
        return self.start

    def GetDuration(self, subframe_precision: bool) -> int:  # noqa: N802
        return self.num_frames

    def GetTrackTypeAndIndex(self) -> tuple[str, int]:  # noqa: N802
        return "video", self.track

    def GetFusionCompCount(self) -> int:  # noqa: N802
        return len(self.comps)

    def GetFusionCompByIndex(self, compIndex: int) -> Composition:  # noqa: N802, N803
        return self.comps[compIndex - 1]

    def AddTake(self, mediaPoolItem: MediaPoolItem) -> bool:  # noqa: N802, N803
        if self.refuses_takes:
            return False
        self.takes = self.takes or [None]  # the clip itself becomes the first
        self.takes.append(mediaPoolItem)
        return True

    def GetTakesCount(self) -> int:  # noqa: N802
        return len(self.takes)

    def SelectTakeByIndex(self, idx: int) -> bool:  # noqa: N802
        self.selected_take = idx
        return 1 <= idx <= len(self.takes)


class Timeline:
    def __init__(self, items: list[TimelineItem]) -> None:
        self.items = items
        self.num_tracks = max((item.track for item in items), default=1)

    def GetCurrentVideoItem(self) -> TimelineItem | None:  # noqa: N802
        return self.items[0] if self.items else None

    def GetTrackCount(self, trackType: str) -> int:  # noqa: N802, N803
        return self.num_tracks

    def AddTrack(self, trackType: str) -> bool:  # noqa: N802, N803
        self.num_tracks += 1
        return True

    def GetItemListInTrack(self, trackType: str, index: int) -> list[TimelineItem]:  # noqa: N802, N803
        return [item for item in self.items if item.track == index]


class MediaPool:
    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.imported: list[MediaPoolItem] = []
        self.refuses = False

    def ImportMedia(self, clipInfo: list[dict[str, Any]]) -> list[MediaPoolItem]:  # noqa: N802, N803
        for info in clipInfo:
            for frame in range(info["StartIndex"], info["EndIndex"] + 1):
                if self.refuses or not Path(info["FilePath"] % frame).exists():
                    return []
        self.imported += [MediaPoolItem(info) for info in clipInfo]
        return self.imported[-len(clipInfo) :]

    def AppendToTimeline(self, clipInfo: list[dict[str, Any]]) -> list[TimelineItem]:  # noqa: N802, N803
        added = [
            TimelineItem(
                "added",
                info["recordFrame"],
                min(info["endFrame"] + 1, info["mediaPoolItem"].num_frames) - info["startFrame"],
                info["trackIndex"],
            )
            for info in clipInfo
        ]
        self.timeline.items += added
        return added


class Project:
    """Renders what ``plate_at`` and ``matte_at`` paint, under timeline frame numbers with eight digits."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.pool = MediaPool(timeline)
        self.format: dict[str, str] = {"format": "mov", "codec": "ProRes422HQ"}
        self.mode = 0
        self.settings: dict[str, Any] = {}
        self.jobs: dict[str, str] = {}
        self.outcome = "Complete"
        self.lost_frames = 0
        self.looks = 0

    def GetName(self) -> str:  # noqa: N802
        return "Fire film"

    def GetCurrentTimeline(self) -> Timeline:  # noqa: N802
        return self.timeline

    def GetMediaPool(self) -> MediaPool:  # noqa: N802
        return self.pool

    def GetRenderCodecs(self, renderFormat: str) -> dict[str, str]:  # noqa: N802, N803
        return CODECS if renderFormat == "exr" else {}

    def GetCurrentRenderFormatAndCodec(self) -> dict[str, str]:  # noqa: N802
        return dict(self.format)

    def SetCurrentRenderFormatAndCodec(self, format: str, codec: str) -> bool:  # noqa: N802
        self.format = {"format": format, "codec": codec}
        return True

    def GetCurrentRenderMode(self) -> int:  # noqa: N802
        return self.mode

    def SetCurrentRenderMode(self, renderMode: int) -> bool:  # noqa: N802, N803
        self.mode = renderMode
        return True

    def SetRenderSettings(self, settings: dict[str, Any]) -> bool:  # noqa: N802
        self.settings = settings
        return True

    def AddRenderJob(self) -> str:  # noqa: N802
        self.jobs["job1"] = "Ready"
        return "job1"

    def StartRendering(self, jobIds: list[str], isInteractiveMode: bool = False) -> bool:  # noqa: N802, N803
        assert (self.format, self.mode) == ({"format": "exr", "codec": "RGBHalfZIP"}, 1)
        self.jobs["job1"], self.looks = self.outcome, 2
        last = self.settings["MarkOut"] - self.lost_frames
        for frame in range(self.settings["MarkIn"], last + 1):
            pixels = plate_at(frame)
            if self.settings["ExportAlpha"]:
                pixels[..., 3] = matte_at(frame)[..., 3]
            name = f"{self.settings['CustomName']}_{frame:08d}.exr"
            write_exr(Path(self.settings["TargetDir"]) / name, pixels)
        return self.outcome != "Refused"

    def IsRenderingInProgress(self) -> bool:  # noqa: N802
        self.looks -= 1
        return self.looks > 0

    def GetRenderJobStatus(self, jobId: str) -> dict[str, Any]:  # noqa: N802, N803
        return {"JobStatus": self.jobs[jobId], "CompletionPercentage": 100}

    def DeleteRenderJob(self, jobId: str) -> bool:  # noqa: N802, N803
        return self.jobs.pop(jobId, None) is not None


class ProjectManager:
    def __init__(self, project: Project) -> None:
        self.project = project

    def GetCurrentProject(self) -> Project:  # noqa: N802
        return self.project


class Resolve:
    def __init__(self, items: list[TimelineItem]) -> None:
        self.project = Project(Timeline(items))

    def GetProjectManager(self) -> ProjectManager:  # noqa: N802
        return ProjectManager(self.project)


CLASSES = (MediaPoolItem, TimelineItem, Timeline, MediaPool, Project, ProjectManager, Resolve)
