"""Progress without blocking: a thread looks at the job folder, Nuke's main thread draws."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from infusion_nuke import run
from infusion_nuke.report import report
from infusion_plugin.follow import follow
from infusion_plugin.worker_client import WorkerClient

if TYPE_CHECKING:
    import nuke

EVERY_S = 1.0
_watched: dict[str, Watcher] = {}


class Watcher(threading.Thread):
    """Follows one run until it ends; Nuke's own progress window shows it and can cancel it."""

    def __init__(self, node: nuke.Node, client: WorkerClient) -> None:
        super().__init__(name="infusion-watch", daemon=True)
        self._node = node
        self._client = client
        self._title = f"Infusion Inpaint: {node.name()}"

    def run(self) -> None:
        import nuke

        task = nuke.ProgressTask(self._title)
        follower = run.Follower(self._client)
        look = follower.look()
        while look.state.is_active:
            task.setProgress(int(100 * look.state.fraction))
            task.setMessage(look.state.describe())
            if task.isCancelled():
                self._client.cancel()
            nuke.executeInMainThread(_draw, args=(self._node, look))
            time.sleep(EVERY_S)
            look = follower.look()
        del task  # closes its window
        _watched.pop(str(self._client.folder), None)
        nuke.executeInMainThread(_end, args=(self._node, self._client.folder, look))


def watch(node: nuke.Node, client: WorkerClient) -> None:
    """Follow the node's run: in the background with an interface, to its end without one."""
    import nuke

    key = str(client.folder)
    if not nuke.GUI:
        _end(node, client.folder, _follow_in_terminal(client))
    elif key not in _watched:
        _watched[key] = Watcher(node, client)
        _watched[key].start()


def _follow_in_terminal(client: WorkerClient) -> run.Look:
    """Wait for the end of a run with lines in the terminal."""
    import nuke

    follower = run.Follower(client)
    follow(client, nuke.tprint, every_s=EVERY_S)
    return follower.look()


def _draw(node: nuke.Node, look: run.Look) -> None:
    if _exists(node):
        run.draw(node, look)


def _end(node: nuke.Node, folder: Path, look: run.Look) -> None:
    """The last look at a run: draw, show, and say what went wrong."""
    if not _exists(node):
        return
    run.draw(node, look)
    run.show_when_done(node, folder, look.state)
    if look.state.status == "failed":
        report(look.state.error)


def _exists(node: nuke.Node) -> bool:
    """Whether the artist has not deleted the node meanwhile."""
    try:
        return bool(node.name())
    except ValueError:
        return False
