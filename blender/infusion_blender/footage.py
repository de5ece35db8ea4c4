# SPDX-License-Identifier: GPL-3.0-or-later
"""What is linked to a node: its frames, and whether its files can be used as they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import bpy


@dataclass(frozen=True)
class Footage:
    """What reaches a node's Plate.

    Attributes:
        first_frame, last_frame: Frames there are, in scene time; None where that is not known.
        pattern: The EXR files (``%04d``) whose numbers are the scene's frames; empty where there are none.
        colourspace, alpha_mode: How Blender reads these files, and has to read a result made of them.
    """

    first_frame: int | None = None
    last_frame: int | None = None
    pattern: str = ""
    colourspace: str = ""
    alpha_mode: str = "PREMUL"


def source_of(socket: bpy.types.NodeSocket) -> bpy.types.NodeSocket | None:
    """The output that feeds ``socket``, through reroutes and muted links; None where nothing does."""
    while True:
        links = [link for link in socket.links if not link.is_muted]
        if not links:
            return None
        source = links[0].from_socket
        if source.node.type != "REROUTE":
            return source
        socket = source.node.inputs[0]


def examine(source: bpy.types.NodeSocket) -> Footage:
    """What the node behind ``source`` reads from disk."""
    node = source.node
    if node.type == "IMAGE" and node.image is not None and node.image.source == "SEQUENCE":
        return _image_sequence(node, source)
    if node.type == "IMAGE" and node.image is not None and node.image.source == "MOVIE":
        return Footage(node.frame_start, node.frame_start + node.frame_duration - 1)
    if node.type == "MOVIECLIP" and node.clip is not None:
        return Footage(node.clip.frame_start, node.clip.frame_start + node.clip.frame_duration - 1)
    return Footage()


def _image_sequence(node: bpy.types.CompositorNodeImage, source: bpy.types.NodeSocket) -> Footage:
    image = node.image
    first_frame, last_frame = node.frame_start, node.frame_start + node.frame_duration - 1
    numbers_are_frames = node.frame_offset == node.frame_start - 1 and not node.use_cyclic
    is_plain = image.type == "IMAGE" and source.name == "Image" and not node.mute and not image.use_multiview
    pattern = pattern_of(image) if numbers_are_frames and is_plain and not image.packed_file else ""
    if not pattern:
        return Footage(first_frame, last_frame)
    return Footage(first_frame, last_frame, pattern, image.colorspace_settings.name, image.alpha_mode)


def pattern_of(image: bpy.types.Image) -> str:
    """The EXR sequence of an image with ``%04d`` for the frame; empty where it is none."""
    path = Path(bpy.path.abspath(image.filepath, library=image.library))
    match = re.fullmatch(r"(.*?)(\d+)(\.exr)", path.name, re.IGNORECASE)
    if match is None or "%" in str(path):
        return ""
    return path.with_name(f"{match[1]}%0{len(match[2])}d{match[3]}").as_posix()


def scene_linear() -> str:
    """What the colour configuration calls the space that the compositor works in."""
    probe = bpy.data.images.new("infusion", 1, 1, float_buffer=True)
    try:
        return probe.colorspace_settings.name
    finally:
        bpy.data.images.remove(probe)
