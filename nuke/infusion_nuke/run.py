"""The run of a node's job: started, looked at, drawn into the knobs, shown when done."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infusion_nuke import result
from infusion_nuke.export import without_undo
from infusion_plugin import frame_range, job
from infusion_plugin.errors import JobError
from infusion_plugin.files import tail
from infusion_plugin.loss_picture import LossPicture
from infusion_plugin.run_state import RunState, duration
from infusion_plugin.worker_client import WorkerClient

if TYPE_CHECKING:
    import nuke

PREVIEW = "preview"


def client_of(node: nuke.Node) -> WorkerClient:
    """The client of the node's job.

    Raises:
        JobError: the node has no job yet.
    """
    import nuke

    folder = str(node["job_folder"].value())
    if not folder:
        raise JobError("This node has no job yet.", remedy="Press Inpaint.")
    nuke_folder = Path(os.path.dirname(str(nuke.env["ExecutablePath"])))
    return WorkerClient(Path(folder), python=str(node["python"].value()), host_root=nuke_folder)


@dataclass(frozen=True)
class Look:
    """One look at a run: its state, and what the knobs of the Status tab say of it."""

    state: RunState
    texts: dict[str, str]


class Follower:
    """Looks at a run from any thread; reading and drawing files happens here, not in Nuke's main thread."""

    def __init__(self, client: WorkerClient) -> None:
        self.client = client
        folder = client.folder
        self._losses = LossPicture(folder / "losses.jsonl", folder / "previews" / "loss.png")

    def look(self) -> Look:
        """The run as it stands."""
        state, folder = self.client.poll(), self.client.folder
        warnings = "".join(f"\nWarning: {text}" for text in state.warnings)
        texts = {
            "status": state.describe() + warnings,
            "time_left": "-" if state.time_left_s is None else duration(state.time_left_s),
            "loss_picture": _image(self._losses.update()),
            "preview_picture": _image(state.preview),
            "log": tail(folder / "log.txt", 8) or tail(folder / "worker.log", 8) or "-",
        }
        return Look(state, texts)


def draw(node: nuke.Node, look: Look) -> None:
    """Show a look in the Status tab; knobs that say the same already are left alone."""
    with without_undo():
        for name, text in look.texts.items():
            if node[name].value() != text:
                node[name].setValue(text)


def _image(path: object) -> str:
    return f'<img src="{path}">' if path else "-"


def show_when_done(node: nuke.Node, state: RunState) -> None:
    """Put the result into the node once, in one undo step."""
    if state.status != "done":
        return
    folder = Path(str(node["job_folder"].value()))
    run = job.read_run(folder) or job.Run(run_id="farm")
    if run.run_id == str(node["shown_run"].value()):
        return
    output = run.output or job.read_job(folder).output
    frames = frame_range.parse(str(job.read_job(folder).settings["shot"]["frames"]))
    what = "preview" if folder.name == PREVIEW else "result"
    result.show(node, what, output, frames, result.title_of(output, frames))
    with without_undo():
        node["shown_run"].setValue(run.run_id)
