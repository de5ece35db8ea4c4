# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node asks for, read once and checked before anything is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from infusion_blender.footage import Footage, examine, source_of
from infusion_blender.properties import settings_of
from infusion_plugin import frame_range, job
from infusion_plugin.errors import InputError


@dataclass(frozen=True)
class Request:
    """One fill, as the artist set it up.

    Attributes:
        fill: Frames to fill.
        frames: Those and the handles that the plate has.
        footage: What is linked as plate.
        has_matte: Whether a matte is linked; else the plate's alpha is taken.
        version: The version to work in.
        paths: Where plate, matte and job lie.
        output: File pattern of the result.
        settings: Nested tables for the job.
    """

    fill: tuple[int, ...]
    frames: tuple[int, ...]
    footage: Footage
    has_matte: bool
    version: int
    paths: job.ShotPaths
    output: str
    settings: dict[str, Any]


def read_request(scene: bpy.types.Scene, node: bpy.types.CompositorNodeGroup) -> Request:
    """Read the node for its next free version.

    Raises:
        InputError: no plate, a range outside the plate, a setting that cannot be read.
    """
    plate = source_of(node.inputs["Plate"])
    if plate is None:
        raise InputError("No plate is linked.", remedy="Link an image or movie clip to Plate.")
    tree, footage = node.node_tree, examine(plate)
    settings = settings_of(tree)
    fill = _fill(scene, tree, footage)
    shot = settings.setdefault("shot", {})
    shot.update(frames=frame_range.format_frames(fill), matte_channel="A")
    frames = _with_handles(fill, int(shot.get("handles", 0)), footage)
    root = work_folder(tree)
    version = job.next_version(root, bpy.data.filepath, tree.name, tree.infusion.version)
    paths = job.shot_paths(root, bpy.data.filepath, tree.name, version)
    return Request(
        tuple(fill),
        tuple(frames),
        footage,
        source_of(node.inputs["Matte"]) is not None,
        version,
        paths,
        _output(tree, version) or paths.output,
        settings,
    )


def _fill(scene: bpy.types.Scene, tree: bpy.types.NodeTree, footage: Footage) -> list[int]:
    text = tree.infusion.shot_frames
    if footage.first_frame is not None and footage.last_frame is not None:
        fill = frame_range.within(text, footage.first_frame, footage.last_frame)
    elif text.strip():
        fill = frame_range.parse(text)
    else:
        fill = list(range(scene.frame_start, scene.frame_end + 1))
    if fill[0] < 0:
        raise InputError("Blender's image sequences have no negative frames.", remedy="Move the shot.")
    return fill


def _with_handles(fill: list[int], handles: int, footage: Footage) -> list[int]:
    first_frame = 0 if footage.first_frame is None else footage.first_frame
    last_frame = fill[-1] + handles if footage.last_frame is None else footage.last_frame
    return frame_range.wanted(fill, handles, first_frame, last_frame)


def work_folder(tree: bpy.types.NodeTree) -> Path:
    """Where the node keeps its work.

    Raises:
        InputError: none is set and the .blend file has no place of its own yet.
    """
    text = tree.infusion.work_folder.strip()
    if not bpy.data.filepath and (not text or text.startswith("//")):
        raise InputError("The .blend file was never saved.", remedy="Save it, or set Work folder.")
    return Path(bpy.path.abspath(text or "//infusion")).absolute()


def _output(tree: bpy.types.NodeTree, version: int) -> str:
    """The pattern that the artist wants written; empty where that is left to us."""
    text = tree.infusion.output.strip()
    if not text:
        return ""
    if not bpy.data.filepath and text.startswith("//"):
        raise InputError("The .blend file was never saved.", remedy="Save it, or give a whole path.")
    pattern = re.sub(r"v\d+", f"v{version:03d}", bpy.path.abspath(text).replace("\\", "/"))
    if not re.search(r"%0\d+d\.\w+$", pattern):
        raise InputError(f"The output {text!r} has no frame number.", remedy="Write e.g. //clean.%04d.exr.")
    return pattern


def stored(path: Path) -> str:
    """``path`` as it is kept in the .blend file: relative to it where that can be."""
    if not bpy.data.filepath:
        return str(path)
    try:
        return bpy.path.relpath(str(path))
    except ValueError:  # another drive
        return str(path)
