# SPDX-License-Identifier: GPL-3.0-or-later
"""Following runs from Blender's timer.

A modal operator that lasted as long as a run would keep Blender from saving automatically for hours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import bpy

from infusion_blender import node, run
from infusion_plugin import farm
from infusion_plugin.errors import PluginError
from infusion_plugin.run_state import RunState
from infusion_plugin.worker_client import WorkerClient

EVERY_S = 1.0


@dataclass
class Watched:
    """A run that is followed, and how it stood at the last look."""

    client: WorkerClient
    state: RunState = field(default_factory=RunState)


# By the session_uid of the node's group, which outlasts renaming and undo.
_runs: dict[int, Watched] = {}


def state_of(tree: bpy.types.NodeTree) -> RunState:
    """How the node's run stood at the last look."""
    watched = _runs.get(tree.session_uid)
    return watched.state if watched else RunState()


def is_at_work_here(tree: bpy.types.NodeTree) -> bool:
    """Whether the node has a run that is ours to stop."""
    watched = _runs.get(tree.session_uid)
    return watched is not None and watched.state.is_active and not farm.holds(watched.client.folder)


def _is_followed(watched: Watched | None) -> bool:
    """Whether there may be more to see; a farm runs again what failed there."""
    if watched is None:
        return False
    return watched.state.is_active or farm.is_underway(watched.client.folder, watched.state)


def watch(tree: bpy.types.NodeTree, client: WorkerClient) -> None:
    """Look at a node's run now and from now on until it ends; shows its result."""
    _runs[tree.session_uid] = Watched(client)
    _look(tree)
    if _is_followed(_runs[tree.session_uid]) and not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=EVERY_S)


def tick() -> float | None:
    """Look at every run at work; the seconds to the next look, or None when all have ended."""
    for tree in node.our_trees():
        if _is_followed(_runs.get(tree.session_uid)) and _look(tree):
            bpy.ops.ed.undo_push(message="Infusion Inpaint result")
    _redraw()
    trees = {tree.session_uid for tree in node.our_trees()}
    for uid in set(_runs) - trees:  # its node was deleted: the run goes on by itself
        del _runs[uid]
    return EVERY_S if any(map(_is_followed, _runs.values())) else None


def _look(tree: bpy.types.NodeTree) -> bool:
    """Look at a node's run; whether its result was put in."""
    watched = _runs[tree.session_uid]
    watched.state = watched.client.poll()
    try:
        return run.show_when_done(tree, watched.client.folder, watched.state)
    except (PluginError, RuntimeError) as error:  # Blender's own are RuntimeErrors: a file gone, for one
        watched.state = RunState(status="failed", error=str(error))
        return False


def _redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "NODE_EDITOR":
                area.tag_redraw()


@bpy.app.handlers.persistent
def on_load(*_: Any) -> None:
    """After opening a file: take up its runs again, and show what ended meanwhile."""
    _runs.clear()
    for tree in list(node.our_trees()):
        if tree.infusion.job_folder:
            watch(tree, run.client_of(tree))
