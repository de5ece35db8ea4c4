"""What ``--dry-run`` shows: everything that was resolved, and what the run would take."""

from __future__ import annotations

import json
import math
from typing import Any

import click

from infusion_core.box import Box
from infusion_core.cli.display import format_seconds
from infusion_core.cores import threads_for
from infusion_core.estimate import Estimate
from infusion_core.follow import plan_shot
from infusion_core.intervals import resolve_intervals
from infusion_core.io.sequences import format_frames
from infusion_core.job.checks import check_room, disk_bytes, open_inputs
from infusion_core.job.folder import JobFolder
from infusion_core.job.resources import GIB, memory_budget
from infusion_core.job.spec import JobSpec
from infusion_core.job.write import is_written
from infusion_core.octaves import with_octaves
from infusion_core.parallel import num_trunk_steps
from infusion_core.placement import Placement
from infusion_core.region import HolePlan
from infusion_core.settings import SECTIONS

# Measured on one core of a current desktop-class CPU with the authors' network (training steps).
_FLOPS_PER_CORE_S = 2.5e10


def show_plan(spec: JobSpec, folder: JobFolder, *, as_json: bool) -> None:
    """Do all checks of a run and print what it would do; nothing is left on disk.

    Raises:
        InputError, SettingsError, OutputError, ResourceError: as the run itself would.
    """
    inputs = open_inputs(spec, is_finished=lambda path: is_written(path, folder.result))
    holes = plan_shot(inputs.plate, inputs.matte, spec.settings.shot)
    for i, frame in enumerate(holes.frames):
        inputs.plate.read(frame, holes.box_of(i))
    expected = check_room(holes.extent, spec.settings, folder.path)
    plan = describe_plan(spec, folder, holes, expected)
    click.echo(json.dumps(plan, indent=2) if as_json else _for_people(plan))


def describe_plan(spec: JobSpec, folder: JobFolder, holes: HolePlan, expected: Estimate) -> dict[str, Any]:
    """All that was resolved, as plain data."""
    box, written = holes.box, tuple(frame for frame in holes.frames if frame not in holes.handles)
    size, cores = holes.extent.size, threads_for(spec.settings.run.threads)
    settings = with_octaves(spec.settings, holes.extent)
    intervals = resolve_intervals(settings)
    return {
        "plate": spec.plate,
        "matte": spec.matte,
        "output": spec.output,
        "job": str(folder.path),
        "frames": format_frames(written),
        "num_frames": len(written),
        "handles": format_frames(holes.handles),
        "region": {"x0": box.x0, "y0": box.y0, "x1": box.x1, "y1": box.y1},
        "region_size": list(size),
        "hole_thickness": holes.extent.thickness,
        "camera": [_camera(one, box) for one in holes.placements],
        "memory_bytes": expected.memory_bytes,
        "memory_allowed_bytes": memory_budget(settings.run.memory),
        "disk_bytes": disk_bytes(size, settings, expected),
        "parameters": expected.parameters,
        "trunk_steps": num_trunk_steps(intervals, settings.training),
        "num_training_steps": expected.num_training_steps,
        "num_network_calls": expected.num_network_calls,
        "training_flops": expected.training_flops,
        "sampling_flops": expected.sampling_flops,
        "cores": cores,
        "cpu_seconds": (expected.training_flops + expected.sampling_flops) / (_FLOPS_PER_CORE_S * cores),
        "intervals": [
            {
                "scale": interval.scale,
                "t_high": interval.t_high,
                "t_low": interval.t_low,
                "training_steps": interval.training_steps,
                "sampling_steps": len(interval.times),
            }
            for interval in intervals
        ],
        "settings": settings.to_dict(),
    }


def _for_people(plan: dict[str, Any]) -> str:
    region, (frames, rows, columns) = plan["region"], plan["region_size"]
    allowed = plan["memory_allowed_bytes"]
    of = "" if allowed is None else f" of {allowed / GIB:.1f} GiB"
    work = plan["training_flops"] + plan["sampling_flops"]
    lines = [
        f"Plate       {plan['plate']}",
        f"Matte       {plan['matte']}",
        f"Output      {plan['output']}",
        f"Job folder  {plan['job']}",
        f"Frames      {plan['frames']} ({plan['num_frames']})",
        f"Handles     {plan['handles'] or 'none'}",
        f"Region      {columns} x {rows} px, {frames} frames; "
        f"x {region['x0']} to {region['x1'] - 1}, y {region['y0']} to {region['y1'] - 1}",
        f"Hole        up to {plan['hole_thickness']} px thick",
        *_camera_line(plan),
        f"Memory      {plan['memory_bytes'] / GIB:.1f} GiB{of}",
        f"Disk        {plan['disk_bytes'] / GIB:.2f} GiB in the job folder",
        f"Network     {plan['parameters']:,} parameters for each of {len(plan['intervals'])} intervals",
        f"Work        {work / 1e15:.3g} PFLOP: {plan['num_training_steps']} training steps, "
        f"{plan['num_network_calls']} network calls",
        f"Time        roughly {format_seconds(plan['cpu_seconds'])} on the CPU ({plan['cores']} cores); "
        "far less on a GPU",
        *_trunk_line(plan),
        "",
        "Interval  scale  noise levels  training steps  network calls",
    ]
    for index, item in enumerate(plan["intervals"]):
        levels = f"{item['t_high']}-{item['t_low']}"
        lines.append(
            f"{index:8d}  {item['scale']:5.3g}  {levels:>12}  {item['training_steps']:14d}  "
            f"{item['sampling_steps']:13d}"
        )
    lines += ["", f"Preset      {plan['settings']['preset']}"]
    for section in SECTIONS:
        values = plan["settings"][section].items()
        lines.append(f"[{section}]  " + "  ".join(f"{name}={json.dumps(value)}" for name, value in values))
    return "\n".join(lines)


def _camera_line(plan: dict[str, Any]) -> list[str]:
    if not plan["settings"]["shot"]["follow_camera"]:
        return []
    if not plan["camera"]:
        return ["Camera      stands still"]
    across, down, turn, zoom = (
        max(ways) - min(ways)
        for ways in ([one[name] for one in plan["camera"]] for name in ("x", "y", "turn_degrees", "zoom"))
    )
    turned = f", turns by {turn:.2f}°, zooms by {zoom:.1%}" if turn or zoom else ""
    bent = ", in perspective" if any(any(one["matrix"][2][:2]) for one in plan["camera"]) else ""
    return [f"Camera      followed: {across:.0f} px across, {down:.0f} px down{turned}{bent}"]


def _camera(placement: Placement, box: Box) -> dict[str, Any]:
    """How a frame lies: pixels that the region's middle is moved by, degrees, magnification, matrix."""
    middle = box.middle
    seen = placement.inverse().of(*middle)
    turn, zoom = placement.turn_and_zoom(*seen)
    return {
        "x": round(middle[0] - seen[0], 2),
        "y": round(middle[1] - seen[1], 2),
        "turn_degrees": round(math.degrees(turn), 4),
        "zoom": round(zoom, 6),
        "matrix": placement.rows,
    }


def _trunk_line(plan: dict[str, Any]) -> list[str]:
    steps, experts = plan["trunk_steps"], len(plan["intervals"])
    text = (
        f"Trunk       {steps} of the training steps; after it {experts} experts, which may train side by side"
    )
    return [text] if steps else []
