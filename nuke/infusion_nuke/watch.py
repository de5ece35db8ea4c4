"""Progress without blocking: a thread looks at the job folder, Nuke's main thread draws."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from infusion_nuke import run
from infusion_plugin.run_state import RunState
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
        state = self._client.poll()
        while state.is_active:
            task.setProgress(int(100 * state.fraction))
            task.setMessage(state.describe())
            if task.isCancelled():
                self._client.cancel()
            nuke.executeInMainThread(_draw, args=(self._node, state))
            time.sleep(EVERY_S)
            state = self._client.poll()
        del task  # closes its window
        _watched.pop(str(self._client.folder), None)
        nuke.executeInMainThread(_end, args=(self._node, state))


def watch(node: nuke.Node, client: WorkerClient) -> None:
    """Follow the node's run: in the background with an interface, to its end without one."""
    import nuke

    if not nuke.GUI:
        state = client.wait(timeout_s=float("inf"))
        _end(node, state)
        return
    key = str(client.folder)
    if key not in _watched:
        _watched[key] = Watcher(node, client)
        _watched[key].start()


def _draw(node: nuke.Node, state: RunState) -> None:
    if _exists(node):
        run.draw(node, state)


def _end(node: nuke.Node, state: RunState) -> None:
    """The last look at a run: draw, show, and say what went wrong."""
    if not _exists(node):
        return
    run.draw(node, state)
    run.show_when_done(node, state)
    if state.status == "failed":
        from infusion_nuke.report import report

        report(state.error)


def _exists(node: nuke.Node) -> bool:
    """Whether the artist has not deleted the node meanwhile."""
    try:
        return bool(node.name())
    except ValueError:
        return False
