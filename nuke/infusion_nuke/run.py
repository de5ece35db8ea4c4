"""The run of a node's job: started, looked at, drawn into the knobs, shown when done."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infusion_nuke import result
from infusion_nuke.export import without_undo
from infusion_plugin import frame_range, job, lock
from infusion_plugin.errors import JobError
from infusion_plugin.files import read_json, tail
from infusion_plugin.loss_picture import LossPicture
from infusion_plugin.run_state import RunState, duration
from infusion_plugin.worker_client import WorkerClient

if TYPE_CHECKING:
    import nuke

RESULT, PREVIEW = "result", "preview"
_FOLDER_KNOBS = {RESULT: "job_folder", PREVIEW: "preview_folder"}


def folder_of(node: nuke.Node, what: str = RESULT) -> Path | None:
    """The job folder of the node's result or preview; None where there is none yet."""
    text = str(node[_FOLDER_KNOBS[what]].value())
    return Path(text) if text else None


def set_folder(node: nuke.Node, folder: Path, what: str = RESULT) -> None:
    """Let the node work in ``folder`` from now on."""
    node[_FOLDER_KNOBS[what]].setValue(folder.as_posix())
    node[f"{what}_run"].setValue("")


def running(node: nuke.Node) -> str:
    """Which of the node's jobs has a run at work: "result", "preview" or none, an empty text."""
    for what in _FOLDER_KNOBS:
        folder = folder_of(node, what)
        if folder is not None and lock.holder(folder) is not None:
            return what
    return ""


def client_of(node: nuke.Node, what: str = RESULT) -> WorkerClient:
    """The client of the node's job.

    Raises:
        JobError: the node has no job yet.
    """
    folder = folder_of(node, what)
    if folder is None:
        raise JobError("This node has no job yet.", remedy="Press Inpaint.")
    return WorkerClient(folder, python=str(node["python"].value()), host_root=nuke_folder())


def nuke_folder() -> Path:
    """Where Nuke is installed."""
    import nuke

    return Path(os.path.dirname(str(nuke.env["ExecutablePath"])))


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


def show_when_done(node: nuke.Node, folder: Path, state: RunState) -> None:
    """Put what the run in ``folder`` has made into the node, once, in one undo step."""
    if state.status != "done":
        return
    what = PREVIEW if folder == folder_of(node, PREVIEW) else RESULT
    run = job.read_run(folder) or job.Run(run_id="farm")
    if run.run_id == str(node[f"{what}_run"].value()):
        return
    spec = job.read_job(folder)
    pattern = str((read_json(folder / "host.json") or {}).get("shown") or spec.output)
    if run.seed is not None:
        pattern = job.take_pattern(pattern, run.seed)
    frames = frame_range.parse(str(spec.settings["shot"]["frames"]))
    result.show(node, what, pattern, frames, result.title_of(pattern, frames))
    with without_undo():
        node[f"{what}_run"].setValue(run.run_id)
