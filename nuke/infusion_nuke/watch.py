"""Progress without blocking: a thread looks at the job folder, Nuke's main thread draws."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from infusion_nuke import run
from infusion_nuke.report import report
from infusion_nuke.run import Look
from infusion_plugin import farm
from infusion_plugin.follow import follow
from infusion_plugin.worker_client import WorkerClient

if TYPE_CHECKING:
    import nuke

EVERY_S = 1.0
_watched: dict[str, Watcher] = {}


class Watcher(threading.Thread):
    """Follows one run until it ends, or the node goes on to another.

    Nuke's own progress window shows it and can cancel it; a farm's run, which may wait for days, has none.
    """

    def __init__(self, node: nuke.Node, client: WorkerClient) -> None:
        super().__init__(name="infusion-watch", daemon=True)
        self._node = node
        self._client = client
        self._title = f"Infusion Inpaint: {node.name()}"
        self._is_wanted = True

    def run(self) -> None:
        import nuke

        folder = self._client.folder
        task = None if farm.holds(folder) else nuke.ProgressTask(self._title)
        follower = run.Follower(self._client)
        look = follower.look()
        while self._is_wanted and (look.state.is_active or farm.is_underway(folder, look.state)):
            if task is not None:
                self._tell(task, look)
            nuke.executeInMainThread(self._draw, args=(look,))
            time.sleep(EVERY_S)
            look = follower.look()
        del task  # closes its window
        _watched.pop(str(folder), None)
        nuke.executeInMainThread(_end, args=(self._node, folder, look))

    def _tell(self, task: nuke.ProgressTask, look: Look) -> None:
        task.setProgress(int(100 * look.state.fraction))
        task.setMessage(look.state.describe())
        if task.isCancelled():
            self._client.cancel()

    def _draw(self, look: Look) -> None:
        self._is_wanted = _shows(self._node, self._client.folder)
        if self._is_wanted:
            run.draw(self._node, look)


def watch(node: nuke.Node, client: WorkerClient) -> None:
    """Follow the node's run: in the background with an interface, to its end without one.

    Without an interface nobody waits for a farm.
    """
    import nuke

    key = str(client.folder)
    if not nuke.GUI:
        if not farm.holds(client.folder):
            _end(node, client.folder, _follow_in_terminal(client))
    elif key not in _watched:
        _watched[key] = Watcher(node, client)
        _watched[key].start()


def _follow_in_terminal(client: WorkerClient) -> Look:
    """Wait for the end of a run with lines in the terminal."""
    import nuke

    follower = run.Follower(client)
    follow(client, nuke.tprint, every_s=EVERY_S)
    return follower.look()


def _end(node: nuke.Node, folder: Path, look: Look) -> None:
    """The last look at a run: draw, show, and say what went wrong."""
    if not _shows(node, folder):
        return
    run.draw(node, look)
    run.show_when_done(node, folder, look.state)
    if look.state.status == "failed":
        report(look.state.error)


def _shows(node: nuke.Node, folder: Path) -> bool:
    """Whether the node still works in ``folder``: it may be deleted by now, or be at another version."""
    try:
        return folder in (run.folder_of(node), run.folder_of(node, run.PREVIEW))
    except ValueError:
        return False
