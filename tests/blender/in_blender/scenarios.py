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


def save(folder: str) -> None:
    """Save the comp, ready to be filled."""
    _, node = _comp(folder)
    node.node_tree.infusion.shot_frames = "1002-1003"
    bpy.ops.wm.save_mainfile()


def start_and_quit(folder: str, settings: str) -> dict[str, Any]:
    """Start a run, save, quit without waiting."""
    _, node = _comp(folder, settings)
    node.node_tree.infusion.shot_frames = "1002-1003"
    ops.inpaint(name=node.name, wait=False)
    again = stage.failure(ops.inpaint, name=node.name)
    bpy.ops.wm.save_mainfile()
    return {"shown": bool(node.node_tree.infusion.shown_run), "again": again}


def _opened(folder: str) -> tuple[Any, Any]:
    from infusion_blender import node

    bpy.ops.wm.open_mainfile(filepath=str(Path(folder, "shot.blend")))
    scene = bpy.context.scene
    return scene, node.find(scene)


def come_back_and_cancel(folder: str) -> dict[str, Any]:
    """Open the file while its run is at work, watch it, cancel, resume, cancel again."""
    from infusion_blender import watch

    _, node = _opened(folder)
    tree = node.node_tree
    facts = {"on_load": watch.state_of(tree).status, "cancelled": []}
    stage.until(lambda: watch.state_of(tree).loss is not None)
    for _ in range(2):
        step = watch.state_of(tree).step
        ops.cancel(name=node.name)
        stage.until(lambda: not watch.state_of(tree).is_active)
        facts["cancelled"].append((watch.state_of(tree).status, watch.state_of(tree).describe(), step))
        if len(facts["cancelled"]) == 1:
            ops.resume(name=node.name, wait=False)
            stage.until(lambda: watch.state_of(tree).loss is not None)
    facts["shown"] = bool(tree.infusion.shown_run)
    return facts


def come_back_to_the_end(folder: str) -> dict[str, Any]:
    """Open the file whose run has ended meanwhile, render the comp; then another take of the fill."""
    scene, node = _opened(folder)
    tree = node.node_tree
    stage.render(scene, node.outputs["Image"], Path(folder, "out", "back"), [1002])
    first = tree.nodes["Result"].image.filepath
    tree.infusion.run_seed = 7
    ops.render_take(name=node.name)
    stage.render(scene, node.outputs["Image"], Path(folder, "out", "take"), [1002])
    return {"first": first, "take": tree.nodes["Result"].image.filepath}


def send_to_farm(folder: str) -> dict[str, Any]:
    """Hand the job to the farm and look at it, save, quit."""
    from infusion_blender import watch

    _, node = _comp(folder)
    node.node_tree.infusion.shot_frames = "1002-1003"
    returned = list(ops.send_to_farm(name=node.name))
    refused = stage.failure(ops.cancel, name=node.name)
    bpy.ops.wm.save_mainfile()
    return {
        "returned": returned,
        "refused": refused,
        "said": watch.state_of(node.node_tree).describe(),
        "folder": bpy.path.abspath(node.node_tree.infusion.job_folder),
    }


def watch_the_farm(folder: str) -> dict[str, Any]:
    """Open the file while the farm is at work, watch it to its end, render the comp."""
    from infusion_blender import watch

    scene, node = _opened(folder)
    before = watch.state_of(node.node_tree).describe()
    stage.until(lambda: watch.state_of(node.node_tree).status == "done")
    stage.render(scene, node.outputs["Image"], Path(folder, "out", "farm"), [1002])
    return {"before": before}


def render_without_addon(folder: str) -> dict[str, Any]:
    """Render the saved comp in a Blender that does not have the add-on."""
    import addon_utils

    addon_utils.disable(stage.ADDON)
    bpy.ops.wm.open_mainfile(filepath=str(Path(folder, "shot.blend")))
    scene = bpy.context.scene
    stage.render(scene, _group(scene).outputs["Image"], Path(folder, "out", "without"), [1001, 1003])
    return {"has_addon": hasattr(scene.node_tree, "infusion")}


def _group(scene: Any) -> Any:
    return next(node for node in scene.node_tree.nodes if node.type == "GROUP")


def write_inputs(folder: str, matte: str) -> dict[str, Any]:
    """Write the inputs of a comp in which everything stands in the way; start nothing.

    A movie clip behind a Reroute and an Exposure as plate; a scene of another size at a quarter of its
    resolution, with a border, a sequencer strip, a second File Output and a Render Layers node.
    """
    from infusion_blender import run

    scene = stage.new_scene(96, 72)
    tree, render = scene.node_tree, scene.render
    clip = tree.nodes.new("CompositorNodeMovieClip")
    clip.clip = bpy.data.movieclips.load(str(Path(folder, "plate", "plate.1001.exr")))
    clip.clip.frame_start = 1001
    reroute, exposure = tree.nodes.new("NodeReroute"), tree.nodes.new("CompositorNodeExposure")
    tree.links.new(clip.outputs["Image"], exposure.inputs["Image"])
    tree.links.new(exposure.outputs["Image"], reroute.inputs[0])
    exposure.inputs["Exposure"].default_value = 1.0
    render.resolution_percentage, render.use_border, render.use_crop_to_border = 25, True, True
    render.border_max_x = render.border_max_y = 0.5
    scene.sequence_editor_create()
    other = tree.nodes.new("CompositorNodeOutputFile")
    other.base_path = str(Path(folder, "others"))
    tree.links.new(clip.outputs["Image"], other.inputs[0])
    tree.links.new(tree.nodes.new("CompositorNodeRLayers").outputs["Image"], other.inputs[0])
    source = None
    if matte == "image":
        source = tree.nodes.new("CompositorNodeImage")
        source.image = bpy.data.images.load(str(Path(folder, "matte.exr")))
        source.image.colorspace_settings.name = "Non-Color"
    node = stage.infusion_node(scene, reroute.outputs[0], source and source.outputs["Image"])
    node.node_tree.infusion.shot_frames = "1002-1005x2,1005"
    bpy.ops.wm.save_as_mainfile(filepath=str(Path(folder, "shot.blend")))
    before = _counts()
    shares = list(run.prepare(scene, node))
    return {
        "shares": shares,
        "left": _counts() == before,
        "percentage": render.resolution_percentage,
        "folder": bpy.path.abspath(node.node_tree.infusion.job_folder),
    }


def _counts() -> dict[str, int]:
    kinds = ("scenes", "node_groups", "images", "worlds", "collections", "actions", "masks")
    return {kind: len(getattr(bpy.data, kind)) for kind in kinds}


def show_gaps(folder: str) -> None:
    """Show the plate's own files as a result with gaps, upside down to be told apart."""
    from infusion_blender import result

    scene, node = _comp(folder)
    pattern = Path(folder, "flipped", "plate.%04d.exr").as_posix()
    result.show(node.node_tree, pattern, [1002, 1004, 1005], "Linear Rec.709", "PREMUL")
    stage.render(scene, node.outputs["Image"], Path(folder, "out", "gaps"), list(range(1001, 1007)))


def refuse(folder: str) -> dict[str, str]:
    """What is said to all that cannot be done."""
    said = {"no node": stage.failure(ops.inpaint)}
    scene = stage.new_scene(40, 32)
    image = stage.image_node(scene.node_tree, Path(folder, "plate", "plate.1001.exr"), 1001, 7)
    node = stage.infusion_node(scene, image.outputs["Image"], None)
    said["unsaved"] = stage.failure(ops.inpaint)
    said["no job"] = stage.failure(ops.resume)
    bpy.ops.wm.save_as_mainfile(filepath=str(Path(folder, "shot.blend")))
    kept = node.node_tree.infusion
    kept.shot_frames = "1001-1100"
    said["range"] = stage.failure(ops.inpaint)
    kept.shot_frames = "1006-1007"
    kept.read_directly = False
    said["missing frame"] = stage.failure(ops.inpaint)
    kept.shot_frames = "1001-1002"
    kept.output = "//clean.exr"
    said["output"] = stage.failure(ops.inpaint)
    kept.output = ""
    kept.more_settings.write("\nnonsense")
    said["more settings"] = stage.failure(ops.inpaint)
    kept.more_settings.clear()
    kept.more_settings.write("shot.nonsense = 1")
    said["core"] = stage.failure(ops.inpaint)
    scene.node_tree.links.remove(node.inputs["Plate"].links[0])
    said["no plate"] = stage.failure(ops.inpaint)
    said["scenes"] = str(len(bpy.data.scenes))
    return said


def interface(folder: str, settings: str) -> dict[str, Any]:
    """Press the button as a window would, escape, press again, watch the panel, cancel."""
    import interface as gui
    from infusion_blender import watch

    facts: dict[str, Any] = {"empty": gui.draw(stage.new_scene(40, 32)).buttons}
    scene, node = _comp(folder, settings)
    layout = gui.draw(scene)
    facts["idle"], facts["drawn"] = layout.buttons, layout.drawn
    before = _counts()
    operator, context = gui.press(scene, node)
    facts["escaped"] = [
        list(operator.modal(context, gui.event(kind))) for kind in ("TIMER", "MOUSEMOVE", "TIMER", "ESC")
    ]
    facts["clean"] = _counts() == before and context.window_manager.ended
    facts["no job"] = not node.node_tree.infusion.job_folder
    operator, context = gui.press(scene, node)
    result = {"RUNNING_MODAL"}
    while result == {"RUNNING_MODAL"}:
        result = operator.modal(context, gui.event("TIMER"))
    facts.update(pressed=list(result), shares=context.window_manager.shares, said=operator.said)
    stage.until(lambda: watch.state_of(node.node_tree).loss is not None)
    layout = gui.draw(scene)
    facts["running"], facts["progress"] = layout.buttons, " ".join(layout.drawn)
    ops.cancel()
    stage.until(lambda: not watch.state_of(node.node_tree).is_active)
    facts["timer"] = bpy.app.timers.is_registered(watch.tick)
    facts["cancelled"] = " ".join(gui.draw(scene).drawn)
    return facts


def refused_press(folder: str) -> dict[str, Any]:
    """Press the button on a node without a plate."""
    import interface as gui

    scene = stage.new_scene(40, 32)
    bpy.ops.infusion.add_node()
    operator, context = gui.press(scene, scene.node_tree.nodes.active)
    result = operator.modal(context, gui.event("TIMER"))
    return {"result": list(result), "said": operator.said, "ended": context.window_manager.ended}
