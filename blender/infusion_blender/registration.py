# SPDX-License-Identifier: GPL-3.0-or-later
"""Switching the add-on on and off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def registered() -> Iterator[None]:
    """The add-on is on for as long as the block runs, for scripts.

    A Python that has Blender as a module hangs at its end while classes of ours are registered.
    """
    is_on = hasattr(bpy.types.NodeTree, "infusion")
    if not is_on:
        register()
    try:
        yield
    finally:
        if not is_on:
            unregister()
