"""Nuke runs this when it has an interface: the menu entry, and runs that go on are watched again."""

import nuke

from infusion_nuke import node, reopen

nuke.menu("Nodes").addCommand("Filter/Infusion Inpaint", node.create_from_menu)
nuke.addOnCreate(reopen.on_create, nodeClass="Group")
