# SPDX-License-Identifier: GPL-3.0-or-later
"""The node: an ordinary node group, which shows its last result without the add-on too."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from infusion_plugin.errors import InputError

NAME = "Infusion Inpaint"
RESULT, SWITCH = "Result", "In range"


def create(scene: bpy.types.Scene) -> bpy.types.CompositorNodeGroup:
    """Put a new node, unconnected, into the scene's compositor."""
    scene.use_nodes = True
    node = scene.node_tree.nodes.new("CompositorNodeGroup")
    node.node_tree = _new_group()
    node.name = node.node_tree.name
    node.width = 180
    return node


def _new_group() -> bpy.types.NodeTree:
    """Plate and Matte in, Image out: the result within its range, the plate elsewhere."""
    tree = bpy.data.node_groups.new(NAME, "CompositorNodeTree")
    tree.infusion.is_ours = True
    sockets = tree.interface
    sockets.new_socket("Plate", in_out="INPUT", socket_type="NodeSocketColor")
    matte = sockets.new_socket("Matte", in_out="INPUT", socket_type="NodeSocketFloat")
    matte.description = "White where to fill. Without a link the plate's alpha is taken"
    matte.hide_value = True
    sockets.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    made = {}
    for kind, name, place in (
        ("NodeGroupInput", "Inputs", (-400, 0)),
        ("CompositorNodeImage", RESULT, (-400, -200)),
        ("CompositorNodeSwitch", SWITCH, (-100, 0)),
        ("NodeGroupOutput", "Output", (150, 0)),
    ):
        made[name] = tree.nodes.new(kind)
        made[name].name = name
        made[name].location = place
    tree.links.new(made["Inputs"].outputs["Plate"], made[SWITCH].inputs["Off"])
    tree.links.new(made[SWITCH].outputs[0], made["Output"].inputs["Image"])
    return tree


def is_ours(node: bpy.types.Node | None) -> bool:
    """Whether ``node`` is an Infusion Inpaint node."""
    return (
        node is not None and node.type == "GROUP" and node.node_tree is not None and _is_our(node.node_tree)
    )


def _is_our(tree: bpy.types.NodeTree) -> bool:
    return tree.infusion.is_ours


def our_trees() -> Iterator[bpy.types.NodeTree]:
    """The groups of all nodes of ours in the file."""
    return (tree for tree in bpy.data.node_groups if _is_our(tree))


def find(scene: bpy.types.Scene, name: str = "") -> bpy.types.CompositorNodeGroup:
    """The scene's node ``name``; empty: the active one, else the only one there is.

    Raises:
        InputError: there is no such node in the scene's own compositor tree.
    """
    nodes = scene.node_tree.nodes if scene.use_nodes and scene.node_tree else ()
    ours = [node for node in nodes if is_ours(node)]
    active = getattr(nodes, "active", None)
    if not name and is_ours(active):
        return active
    wanted = [node for node in ours if not name or name in (node.name, node.node_tree.name)]
    if len(wanted) != 1:
        names = ", ".join(node.name for node in ours) or "none"
        raise InputError(
            f"Cannot tell which node is meant by {name!r}.",
            remedy=f"In the compositor of scene {scene.name} there are: {names}.",
        )
    return wanted[0]
