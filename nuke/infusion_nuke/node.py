"""Making the node in Nuke."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infusion_nuke.graph import node_specs
from infusion_nuke.knobs import add_knobs
from infusion_nuke.layout import MARK

if TYPE_CHECKING:
    import nuke

NAME = "InfusionInpaint1"


def create() -> nuke.Group:
    """Make the node, unconnected, with all its knobs and the nodes inside."""
    import nuke

    group = nuke.nodes.Group()
    group.setName(NAME)
    add_knobs(group)
    made: dict[str, nuke.Node] = {}
    with group:
        for spec in node_specs():
            node = getattr(nuke.nodes, spec.kind)()
            node.setName(spec.name)
            for name, value in spec.knobs.items():
                node[name].setValue(value)
            for name, expression in spec.expressions.items():
                node[name].setExpression(expression)
            for index, source in enumerate(spec.inputs):
                node.setInput(index, made[source])
            node.setXYpos(*spec.position)
            made[spec.name] = node
    return group


def create_from_menu() -> None:
    """The menu command: the first selected node becomes the plate, a second one the matte."""
    import nuke

    selected = nuke.selectedNodes()[::-1]  # Nuke lists the last selected first
    with nuke.Undo():
        node = create()
        for index, source in enumerate(selected[:2]):
            node.setInput(index, source)
        if selected:
            node.setXYpos(selected[0].xpos(), selected[0].ypos() + 80)
        node.showControlPanel()


def is_ours(node: nuke.Node) -> bool:
    """Whether ``node`` is an Infusion Inpaint node."""
    return node.knob(MARK) is not None
