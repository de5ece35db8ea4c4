# SPDX-License-Identifier: GPL-3.0-or-later
"""A small comp in a real Blender: an EXR plate, an animated roto spline, an Infusion node, a File Output."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import addon_utils
import bpy

ADDON = "infusion_inpaint"
TINY = """
stages = [{"intervals": 2, "training_steps": 3, "sampling_steps": 2}]
network.channels = 8
network.levels = 1
training.window = 3
training.crop = 16
"""


def enable() -> None:
    """Switch the add-on on, from where the installer has put it."""
    if addon_utils.enable(ADDON) is None:
        raise SystemExit("The add-on cannot be switched on.")


def new_scene(width: int, height: int) -> bpy.types.Scene:
    """The scene, with an empty compositor and a view transform that would spoil what passes through it."""
    scene = bpy.context.scene
    scene.use_nodes = True
    scene.node_tree.nodes.clear()
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.compositor_device = "CPU"
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.exposure = 1.5
    return scene


def image_node(tree: bpy.types.NodeTree, first_file: Path, first_frame: int, num_frames: int) -> Any:
    """An Image node with an EXR sequence whose files are numbered as the scene's frames."""
    image = bpy.data.images.load(str(first_file))
    image.source = "SEQUENCE"
    node = tree.nodes.new("CompositorNodeImage")
    node.image = image
    node.frame_start, node.frame_duration, node.frame_offset = first_frame, num_frames, first_frame - 1
    node.use_auto_refresh = True
    return node


def roto(tree: bpy.types.NodeTree, first_frame: int, last_frame: int) -> Any:
    """A Mask node: a square spline that moves to the right by a quarter of the frame."""
    mask = bpy.data.masks.new("roto")
    spline = mask.layers.new(name="shape").splines.new()
    spline.points.add(3)
    spline.use_cyclic = True
    action = bpy.data.actions.new("roto")
    for index, (x, y) in enumerate(((0.3, 0.3), (0.55, 0.3), (0.55, 0.65), (0.3, 0.65))):
        spline.points[index].co = (x, y)
        spline.points[index].handle_type = "VECTOR"
        curve = action.fcurves.new(f'layers["shape"].splines[0].points[{index}].co', index=0)
        for frame, at in ((first_frame, x), (last_frame, x + 0.25)):
            curve.keyframe_points.insert(frame, at).interpolation = "LINEAR"
    data = mask.animation_data_create()
    data.action = action
    data.action_slot = action.slots[0]
    node = tree.nodes.new("CompositorNodeMask")
    node.mask = mask
    return node


def infusion_node(scene: bpy.types.Scene, plate: Any, matte: Any, settings: str = TINY) -> Any:
    """An Infusion node, as its operator makes it, with tiny settings."""
    bpy.ops.infusion.add_node()
    node = scene.node_tree.nodes.active
    scene.node_tree.links.new(plate, node.inputs["Plate"])
    if matte is not None:
        scene.node_tree.links.new(matte, node.inputs["Matte"])
    kept = node.node_tree.infusion
    kept.run_device, kept.run_threads = "cpu", 1
    kept.more_settings = bpy.data.texts.new("tiny")
    kept.more_settings.write(settings)
    return node


def render(scene: bpy.types.Scene, source: Any, folder: Path, frames: list[int]) -> None:
    """Render ``source`` through a File Output to float EXRs ``folder/####.exr``."""
    tree = scene.node_tree
    output = tree.nodes.new("CompositorNodeOutputFile")
    output.base_path = str(folder)
    output.format.file_format, output.format.color_depth = "OPEN_EXR", "32"
    output.file_slots[0].path = "####"
    tree.links.new(source, output.inputs[0])
    for frame in frames:
        scene.frame_set(frame)
        bpy.ops.render.render()
    tree.nodes.remove(output)


def until(wanted: Callable[[], bool], timeout_s: float = 120.0) -> None:
    """Let Blender's timer run as its event loop would, until ``wanted``."""
    from infusion_blender import watch

    end = time.monotonic() + timeout_s
    while not wanted():
        if time.monotonic() > end:
            raise SystemExit("waited in vain")
        if bpy.app.timers.is_registered(watch.tick) and watch.tick() is None:
            bpy.app.timers.unregister(watch.tick)
        time.sleep(0.05)


def failure(call: Callable[..., Any], **arguments: Any) -> str:
    """What an operator says when it refuses; empty where it does not."""
    try:
        call(**arguments)
    except RuntimeError as error:
        return str(error)
    return ""
