# SPDX-License-Identifier: GPL-3.0-or-later
"""Switching the add-on on and off."""

from __future__ import annotations

import bpy

from infusion_blender import operators, panel, watch
from infusion_blender.properties import InfusionProperties

CLASSES = (InfusionProperties, *operators.CLASSES, *panel.CLASSES)


def register() -> None:
    """Called by Blender when the add-on is switched on."""
    for kind in CLASSES:
        bpy.utils.register_class(kind)
    bpy.types.NodeTree.infusion = bpy.props.PointerProperty(type=InfusionProperties)
    bpy.types.NODE_MT_add.append(panel.add_to_menu)
    bpy.app.handlers.load_post.append(watch.on_load)


def unregister() -> None:
    """Called by Blender when the add-on is switched off; runs at work go on by themselves."""
    bpy.app.handlers.load_post.remove(watch.on_load)
    bpy.types.NODE_MT_add.remove(panel.add_to_menu)
    if bpy.app.timers.is_registered(watch.tick):
        bpy.app.timers.unregister(watch.tick)
    del bpy.types.NodeTree.infusion
    for kind in reversed(CLASSES):
        bpy.utils.unregister_class(kind)
