"""When a node appears again: by opening its script, or as a copy of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infusion_nuke import actions, node
from infusion_plugin.errors import PluginError

if TYPE_CHECKING:
    import nuke


def on_create() -> None:
    """Nuke's callback for every new Group: watch ours on, or let a copy go its own way."""
    import nuke

    group = nuke.thisNode()
    if not node.is_ours(group) or not str(group["job_folder"].value()):
        return
    if _is_copy(group):
        for name in ("job_folder", "preview_folder"):
            group[name].setValue("")
        group["status"].setValue("A copy: it shows the result of the node it was copied from.")
        return
    try:
        actions.refresh(group)
    except PluginError as error:
        group["status"].setValue(str(error))


def _is_copy(group: nuke.Node) -> bool:
    """Whether another node of the script works in the same job folder."""
    import nuke

    folder = group["job_folder"].value()
    return any(
        node.is_ours(other) and other.fullName() != group.fullName() and other["job_folder"].value() == folder
        for other in nuke.allNodes("Group", group=nuke.root(), recurseGroups=True)
    )
