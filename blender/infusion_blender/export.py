# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing what reaches a node as EXRs, with nothing between the pixels and the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy

from infusion_blender.footage import scene_linear, source_of
from infusion_plugin import sequence
from infusion_plugin.errors import InputError


@dataclass(frozen=True)
class Wanted:
    """Which files to write: patterns with ``%04d``, empty for none; ``depth`` is "16" or "32" bits."""

    plate: str
    matte: str
    depth: str


def write_exrs(
    scene: bpy.types.Scene, node: bpy.types.Node, wanted: Wanted, frames: list[int]
) -> Iterator[float]:
    """Write plate and matte frame by frame; yields the share that is done.

    The matte's file has the plate's picture and, as alpha, the matte laid over it as the comp shows it: so
    it has the plate's size whatever the size of scene or mask. All happens in a copy of the scene, which is
    removed again when the iterator ends or is closed.

    Raises:
        InputError: Blender cannot render or write a frame.
    """
    patterns = [pattern for pattern in (wanted.plate, wanted.matte) if pattern]
    if not patterns:
        return
    for pattern in patterns:
        sequence.make_room(pattern, frames)
    with _writing_scene(scene, node, wanted) as copy:
        for done, frame in enumerate(frames, 1):
            copy.frame_set(frame)
            try:
                with bpy.context.temp_override(scene=copy):
                    bpy.ops.render.render()
            except RuntimeError as error:
                raise InputError(f"Blender cannot write the inputs: {error}", path=patterns[0]) from error
            yield done / len(frames)
    for pattern in patterns:
        sequence.require_written(pattern, frames)


@contextmanager
def _writing_scene(scene: bpy.types.Scene, node: bpy.types.Node, wanted: Wanted) -> Iterator[bpy.types.Scene]:
    """A copy of ``scene`` whose compositor does nothing but write what reaches the node."""
    copy = scene.copy()
    try:
        _full_quality(copy)
        tree = copy.node_tree
        ours = tree.nodes[node.name]
        plate, matte = source_of(ours.inputs["Plate"]), source_of(ours.inputs["Matte"])
        keep = _upstream(plate.node) | (_upstream(matte.node) if matte else set())
        for other in [other for other in tree.nodes if other.name not in keep]:
            tree.nodes.remove(other)
        if wanted.plate:
            _add_output(tree, plate, wanted.plate, wanted.depth)
        if wanted.matte:
            both = tree.nodes.new("CompositorNodeSetAlpha")
            both.mode = "REPLACE_ALPHA"
            tree.links.new(plate, both.inputs["Image"])
            tree.links.new(matte, both.inputs["Alpha"])
            _add_output(tree, both.outputs["Image"], wanted.matte, wanted.depth)
        yield copy
    finally:
        bpy.data.scenes.remove(copy)


def _full_quality(scene: bpy.types.Scene) -> None:
    """What an artist turns down while working does not touch the inputs."""
    render = scene.render
    render.use_compositing, render.use_sequencer = True, False
    render.use_multiview = render.use_border = False
    render.resolution_percentage = 100
    render.compositor_precision = "FULL"
    if bpy.app.background:  # without an interface there may be no GPU context
        render.compositor_device = "CPU"


def _upstream(node: bpy.types.Node) -> set[str]:
    """Names of ``node`` and of all nodes that feed it."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if node.name in found:
            continue
        found.add(node.name)
        waiting += [link.from_node for socket in node.inputs for link in socket.links]
    return found


def _add_output(tree: bpy.types.NodeTree, source: bpy.types.NodeSocket, pattern: str, depth: str) -> None:
    """A File Output of raw scene-linear EXRs."""
    path = Path(pattern)
    output = tree.nodes.new("CompositorNodeOutputFile")
    output.base_path = str(path.parent)
    output.file_slots.clear()
    output.file_slots.new(path.stem.replace("%04d", "####"))
    slot = output.file_slots[0]
    slot.use_node_format, slot.save_as_render = True, False
    style = output.format
    style.file_format, style.color_mode, style.color_depth = "OPEN_EXR", "RGBA", depth
    style.exr_codec = "ZIPS"
    style.color_management = "OVERRIDE"
    style.linear_colorspace_settings.name = scene_linear()
    tree.links.new(source, output.inputs[0])
