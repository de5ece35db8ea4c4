# SPDX-License-Identifier: GPL-3.0-or-later
"""Showing what a run has made: an image sequence inside the node, switched on within its range."""

from __future__ import annotations

from pathlib import Path

import bpy

from infusion_blender.node import RESULT, SWITCH
from infusion_blender.request import stored
from infusion_plugin import sequence


def show(
    tree: bpy.types.NodeTree, pattern: str, frames: list[int], colourspace: str, alpha_mode: str
) -> None:
    """Link the sequence ``pattern`` (``%04d``) into the node.

    Args:
        tree: The node's group.
        pattern: Files on disk.
        frames: Frames that are there; elsewhere the plate is shown.
        colourspace, alpha_mode: How the plate's files are read, so that known pixels stay what they are.
    """
    first = sequence.file_of(pattern, frames[0])
    image = bpy.data.images.load(str(first))
    image.name = first.name.split(".")[0]
    image.filepath = stored(Path(first))
    image.source = "SEQUENCE"
    image.colorspace_settings.name = colourspace
    image.alpha_mode = alpha_mode
    node = tree.nodes[RESULT]
    node.image = image
    node.frame_start, node.frame_duration = frames[0], frames[-1] - frames[0] + 1
    node.frame_offset = frames[0] - 1  # file numbers are frame numbers
    node.use_cyclic, node.use_auto_refresh = False, True
    tree.links.new(node.outputs["Image"], tree.nodes[SWITCH].inputs["On"])
    _switch_on(tree, frames)


def _switch_on(tree: bpy.types.NodeTree, frames: list[int]) -> None:
    """Animate the switch: on at ``frames``, off at all others."""
    if tree.animation_data is not None:
        tree.animation_data_clear()
    socket = tree.nodes[SWITCH].inputs["Switch"]
    wanted = set(frames)
    edges = sorted({*wanted, *(frame + 1 for frame in wanted), min(wanted) - 1})
    before = None
    for frame in edges:
        if (frame in wanted) != before:
            before = socket.default_value = frame in wanted
            socket.keyframe_insert("default_value", frame=frame)
