# SPDX-License-Identifier: GPL-3.0-or-later
"""The Infusion tab in the compositor's sidebar."""

from __future__ import annotations

import textwrap

import bpy

from infusion_blender import node, watch
from infusion_blender.properties import ADVANCED_FILES, ADVANCED_PAGE, MAIN_FILES, MAIN_PAGE
from infusion_plugin import schema

COLUMNS = 44


class _Tab:
    bl_space_type = "NODE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Infusion"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.space_data.tree_type == "CompositorNodeTree"


class INFUSION_PT_main(_Tab, bpy.types.Panel):
    bl_label = "Infusion Inpaint"

    def draw(self, context: bpy.types.Context) -> None:
        active = _active(context)
        if active is None:
            self.layout.label(text="Select an Infusion Inpaint node, or:")
            self.layout.operator("infusion.add_node", text="Add one")
            return
        column = self.layout.column()
        column.use_property_split = True
        _draw_settings(column, active.node_tree, MAIN_PAGE, MAIN_FILES)
        column.prop(active, "mute", text="Show plate")
        _draw_buttons(self.layout, active)
        _draw_run(self.layout, active.node_tree)


class INFUSION_PT_advanced(_Tab, bpy.types.Panel):
    bl_label = "Advanced"
    bl_parent_id = "INFUSION_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _active(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column()
        column.use_property_split = True
        _draw_settings(column, _active(context).node_tree, ADVANCED_PAGE, ADVANCED_FILES)


def _active(context: bpy.types.Context) -> bpy.types.CompositorNodeGroup | None:
    tree = context.scene.node_tree if context.scene.use_nodes else None
    return tree.nodes.active if tree is not None and node.is_ours(tree.nodes.active) else None


def _draw_settings(
    layout: bpy.types.UILayout, tree: bpy.types.NodeTree, settings: tuple[str, ...], files: tuple[str, ...]
) -> None:
    for name in (*(schema.controls()[name].identifier for name in settings), *files):
        layout.prop(tree.infusion, name)


def _draw_buttons(layout: bpy.types.UILayout, active: bpy.types.Node) -> None:
    is_active = watch.is_at_work_here(active.node_tree)
    for words in (("inpaint", "send_to_farm", "cancel"), ("resume", "render_take", "refresh")):
        row = layout.row(align=True)
        for word in words:
            button = row.row(align=True)
            button.enabled = word == "refresh" or (word == "cancel") == is_active
            button.operator(f"infusion.{word}").name = active.name


def _draw_run(layout: bpy.types.UILayout, tree: bpy.types.NodeTree) -> None:
    state = watch.state_of(tree)
    if state.is_active:
        layout.progress(factor=state.fraction, text=f"{100 * state.fraction:.0f} %")
    lines = layout.column(align=True)
    lines.alert = state.status == "failed" or not state.answering
    for text in (state.describe(), *(f"Warning: {warning}" for warning in state.warnings)):
        for line in textwrap.wrap(text, COLUMNS):
            lines.label(text=line)


def add_to_menu(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    """Our entry in the compositor's Add menu."""
    if context.space_data.tree_type == "CompositorNodeTree":
        menu.layout.operator("infusion.add_node", icon="NODE_COMPOSITING")


CLASSES = (INFUSION_PT_main, INFUSION_PT_advanced)
