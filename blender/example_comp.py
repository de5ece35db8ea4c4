# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a comp to try the add-on with: ``blender --background --python example_comp.py -- DEMO_FOLDER``.

DEMO_FOLDER holds the shot that ``infusion demo`` makes. The comp is saved there as demo.blend: the plate, an
animated roto of the marker, an Infusion Inpaint node and a File Output. Fill it with headless_infusion.py,
or open it and press Inpaint.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent / "plugin")]

from infusion_blender import registration  # noqa: E402

WIDTH, HEIGHT, FIRST_FRAME, LAST_FRAME = 128, 80, 1001, 1032

# The roto, in pixels from the lower left: by frame the marker's top x, foot x, foot y.
KEYS = {
    1001: (58.9, 58.9, 16.0),
    1005: (61.7, 59.4, 15.6),
    1009: (63.2, 59.8, 15.2),
    1013: (63.2, 60.1, 15.0),
    1017: (62.8, 60.3, 15.0),
    1021: (62.6, 60.4, 15.2),
    1025: (62.3, 60.3, 15.6),
    1029: (60.8, 60.1, 16.0),
    1032: (58.9, 59.9, 16.3),
}
MARKER_HEIGHT = 46.0
AT_TOP = ((-5, -8), (-9, -4), (-9, 9), (9, 9), (9, -4), (5, -8))
AT_FOOT = ((5, 7), (10, 5), (10, -6), (-10, -6), (-10, 5), (-5, 7))


def make_roto() -> bpy.types.Mask:
    """A mask with one closed spline around the marker, keyed every four frames."""
    mask = bpy.data.masks.new("marker")
    spline = mask.layers.new(name="marker").splines.new()
    corners = (*AT_TOP, *AT_FOOT)
    spline.points.add(len(corners) - 1)
    spline.use_cyclic = True
    action = bpy.data.actions.new("marker")
    for index, (dx, dy) in enumerate(corners):
        spline.points[index].handle_type = "VECTOR"
        path = f'layers["marker"].splines[0].points[{index}].co'
        curves = [action.fcurves.new(path, index=axis) for axis in (0, 1)]
        for frame, (top_x, foot_x, foot_y) in KEYS.items():
            is_top = index < len(AT_TOP)
            x, y = (top_x, foot_y + MARKER_HEIGHT) if is_top else (foot_x, foot_y)
            for curve, value in zip(curves, in_mask(x + dx, y + dy), strict=True):
                curve.keyframe_points.insert(frame, value)
    data = mask.animation_data_create()
    data.action, data.action_slot = action, action.slots[0]
    return mask


def in_mask(x: float, y: float) -> tuple[float, float]:
    """Pixels as a mask's coordinates: 0 to 1 over the longer side, the shorter one centred."""
    longer = max(WIDTH, HEIGHT)
    return (x + (longer - WIDTH) / 2) / longer, (y + (longer - HEIGHT) / 2) / longer


def make_comp(folder: Path) -> Any:
    """Put plate, roto, Infusion node and File Output into the scene; returns the node."""
    scene = bpy.context.scene
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.frame_start, scene.frame_end = FIRST_FRAME, LAST_FRAME
    plate = tree.nodes.new("CompositorNodeImage")
    plate.image = bpy.data.images.load(str(folder / f"plate.{FIRST_FRAME}.exr"))
    plate.image.source = "SEQUENCE"
    plate.frame_start, plate.frame_duration = FIRST_FRAME, LAST_FRAME - FIRST_FRAME + 1
    plate.frame_offset = FIRST_FRAME - 1
    roto = tree.nodes.new("CompositorNodeMask")
    roto.mask = make_roto()
    bpy.ops.infusion.add_node()
    node = tree.nodes.active
    node.node_tree.infusion.preset = "draft"
    output = tree.nodes.new("CompositorNodeOutputFile")
    output.base_path = "//comp"
    output.format.file_format = "OPEN_EXR"
    output.file_slots[0].path = "comp.####"
    tree.links.new(plate.outputs["Image"], node.inputs["Plate"])
    tree.links.new(roto.outputs["Mask"], node.inputs["Matte"])
    tree.links.new(node.outputs["Image"], output.inputs[0])
    for place, one in enumerate((plate, roto, node, output)):
        one.location = (240 * max(0, place - 1), -200 * (one == roto))
    return node


if __name__ == "__main__":
    place = Path(sys.argv[sys.argv.index("--") + 1]).resolve()
    with registration.registered():
        make_comp(place)
        bpy.ops.wm.save_as_mainfile(filepath=str(place / "demo.blend"))
