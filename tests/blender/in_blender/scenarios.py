# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests let a real Blender do; every function returns facts as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import stage

stage.enable()
ops = bpy.ops.infusion


def _comp(folder: str, settings: str = stage.TINY) -> tuple[Any, Any]:
    """The comp of the tests, saved as shot.blend: frames 1001 to 1006 of the plate, a moving roto."""
    scene = stage.new_scene(40, 32)
    plate = stage.image_node(scene.node_tree, Path(folder, "plate", "plate.1001.exr"), 1001, 6)
    matte = stage.roto(scene.node_tree, 1001, 1006)
    node = stage.infusion_node(scene, plate.outputs["Image"], matte.outputs["Mask"], settings)
    scene.frame_start, scene.frame_end = 1001, 1006
    bpy.ops.wm.save_as_mainfile(filepath=str(Path(folder, "shot.blend")))
    return scene, node


def fill(folder: str) -> dict[str, Any]:
    """Press the operator, render the comp, bypass the node, undo."""
    scene, node = _comp(folder)
    out, frames, name = Path(folder, "out"), list(range(1001, 1007)), node.name
    stage.render(scene, scene.node_tree.nodes["Mask"].outputs[0], out / "roto", frames)
    node.node_tree.infusion.shot_frames = "1002-1005"
    node.node_tree.infusion.shot_handles = 1
    bpy.ops.ed.undo_push(message="set up")
    returned = list(ops.inpaint("EXEC_DEFAULT", True, name=name))
    image = node.node_tree.nodes["Result"].image
    facts = {
        "returned": returned,
        "scenes": len(bpy.data.scenes),
        "source": image.source,
        "filepath": image.filepath,
        "colourspace": image.colorspace_settings.name,
        "plate_colourspace": scene.node_tree.nodes["Image"].image.colorspace_settings.name,
        "frame_current": scene.frame_current,
        "folder": bpy.path.abspath(node.node_tree.infusion.job_folder),
    }
    stage.render(scene, node.outputs["Image"], out / "filled", frames)
    bpy.ops.wm.save_mainfile()
    node.mute = True
    stage.render(scene, node.outputs["Image"], out / "bypassed", [1003])
    node.mute = False
    bpy.ops.ed.undo_push(message="bypass looked at")
    while bpy.context.scene.node_tree.nodes[name].node_tree.infusion.shown_run:
        bpy.ops.ed.undo()
    scene = bpy.context.scene
    stage.render(scene, scene.node_tree.nodes[name].outputs["Image"], out / "undone", [1003])
    return facts
