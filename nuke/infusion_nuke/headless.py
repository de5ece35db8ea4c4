"""Filling without an interface: ``nuke -t headless_infusion.py script.nk NODE``, also on a farm."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from infusion_nuke import actions, node
from infusion_plugin.errors import InputError, PluginError

if TYPE_CHECKING:
    import nuke


def inpaint(name: str) -> None:
    """Do all that the Inpaint button does and wait for the end.

    Raises:
        InputError: the script has no such node.
        PluginError: the run failed or was cancelled; the message says why and what to do.
    """
    group = find(name)
    actions.inpaint(group)
    if not int(group["result_ready"].value()):
        raise PluginError(str(group["status"].value()))


def find(name: str) -> nuke.Node:
    """The Infusion node ``name``; empty: the only one there is."""
    import nuke

    groups = nuke.allNodes("Group", group=nuke.root(), recurseGroups=True)
    ours = [group for group in groups if node.is_ours(group)]
    wanted = [group for group in ours if not name or name in (group.name(), group.fullName())]
    if len(wanted) != 1:
        names = ", ".join(group.fullName() for group in ours) or "none"
        raise InputError(f"Cannot tell which node is meant by {name!r}.", remedy=f"There are: {names}.")
    return wanted[0]


def main(arguments: list[str]) -> int:
    """Open a script, fill one node's shot, save the script; return the exit status."""
    import nuke

    parser = argparse.ArgumentParser(description="Fill the shot of an Infusion Inpaint node.")
    parser.add_argument("script", help="Nuke script")
    parser.add_argument("node", nargs="?", default="", help="its name, unless it is the only one")
    options = parser.parse_args(arguments)
    nuke.scriptOpen(options.script)
    try:
        inpaint(options.node)
    except PluginError as error:
        nuke.tprint(str(error))
        return 1
    nuke.scriptSave("")
    return 0
