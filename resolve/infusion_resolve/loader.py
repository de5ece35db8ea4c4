"""Putting a result into the composition: a Loader, and what read the plate reads it if asked."""

from __future__ import annotations

from infusion_plugin import sequence
from infusion_plugin.errors import PluginError
from infusion_resolve import flow
from infusion_resolve.flow import Comp, Tool

LOADER = "InfusionResult"
MERGE = "InfusionOverPlate"


def add(
    comp: Comp, pattern: str, first_frame: int, last_frame: int, plate: Tool | None, reconnect: bool
) -> Tool:
    """Add a Loader with frames ``first_frame`` to ``last_frame`` of ``pattern`` in one undo step.

    Args:
        plate: The tool that was filled; the Loader is put below it. None where it is gone.
        reconnect: Let what is downstream of the plate read the result.

    Raises:
        PluginError: Fusion does not take the files as they are; nothing of ours is left then.
    """
    with flow.undo_step(comp, "Infusion Inpaint"):
        across, down = flow.position(comp, plate) if plate is not None else (0.0, 0.0)
        made = [flow.add_tool(comp, "Loader", LOADER, (across, down + 1))]
        try:
            show(comp, made[0], pattern, first_frame, last_frame)
            if reconnect and plate is not None:
                _reconnect(comp, plate, made)
        except PluginError:
            with flow.locked(comp):
                for tool in reversed(made):
                    tool.Delete()
            raise
    return made[0]


def show(comp: Comp, loader: Tool, pattern: str, first_frame: int, last_frame: int) -> None:
    """Let ``loader`` show the frames at their own times, whole and without holds.

    A new clip resets trim, holds and range, and moving the range changes the trim: so clip, range, trim.
    """
    num_frames = last_frame - first_frame + 1
    loader.SetInput("Clip", mapped(comp, str(sequence.file_of(pattern, first_frame))))
    lengths = flow.attribute(loader, "TOOLIT_Clip_Length") or {}
    length = int(lengths.get(1, 0))
    if length != num_frames:
        raise PluginError(
            f"Fusion sees {length} frames in the result instead of {num_frames}.",
            path=pattern,
            remedy="Add a Loader by hand.",
        )
    times = {"GlobalIn": first_frame, "GlobalOut": last_frame}
    is_later = first_frame > float(loader.GetInput("GlobalIn") or 0)
    for name in ("GlobalOut", "GlobalIn") if is_later else ("GlobalIn", "GlobalOut"):
        loader.SetInput(name, times[name])  # neither may pass the other
    trim = {"ClipTimeStart": 0, "ClipTimeEnd": num_frames - 1, "HoldFirstFrame": 0, "HoldLastFrame": 0}
    for name, value in trim.items():
        loader.SetInput(name, value)
    wrong = [name for name, value in {**times, **trim}.items() if round(loader.GetInput(name)) != value]
    if wrong:
        raise PluginError(
            f"Fusion did not take {', '.join(wrong)} of the Loader.",
            path=pattern,
            remedy="Add one by hand.",
        )


def mapped(comp: Comp, path: str) -> str:
    """``path`` by the composition's path maps, where they lead back to the same file."""
    short = comp.ReverseMapPath(path)
    return str(short) if short and comp.MapPath(short) == path else path


def _reconnect(comp: Comp, plate: Tool, made: list[Tool]) -> None:
    """Connect what reads the plate to the result; in Resolve to a Merge of the result over the plate.

    There MediaOut has to stay downstream of MediaIn, and frames outside the range show the plate.
    """
    readers = flow.readers(plate.Output)
    new = made[0]
    if flow.tools(comp, kind="MediaOut"):
        across, down = flow.position(comp, plate)
        merge = flow.add_tool(comp, "Merge", MERGE, (across + 1, down))
        made.append(merge)
        flow.connect(comp, merge.Background, plate.Output)
        flow.connect(comp, merge.Foreground, new.Output)
        new = merge
    done = []
    try:
        for reader in readers:
            flow.connect(comp, reader, new.Output)
            done.append(reader)
    except PluginError:
        for reader in done:
            flow.connect(comp, reader, plate.Output)
        raise
