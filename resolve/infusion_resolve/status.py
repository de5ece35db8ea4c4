"""Progress in the flow: a note that says how far the run is, and stops it when the artist deletes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from infusion_plugin import farm
from infusion_plugin.errors import PluginError
from infusion_plugin.follow import follow
from infusion_plugin.run_state import RunState
from infusion_plugin.worker_client import WorkerClient
from infusion_resolve import flow
from infusion_resolve.flow import Comp

NOTE = "InfusionStatus"
HINT = "Delete this note to stop the run; what is done is kept."
FARM_HINT = "Delete this note to watch no longer; the farm goes on."

EVERY_S = 1.0
Say = Callable[[str], object]


class StatusNote:
    """A note in the flow for as long as a ``with`` block runs; without one where Fusion makes none."""

    def __init__(self, comp: Comp, hint: str) -> None:
        self._comp = comp
        self._hint = hint
        self._has_note = False

    def __enter__(self) -> StatusNote:
        try:
            flow.add_tool(self._comp, "Note", NOTE)
            self._has_note = True
        except PluginError:
            self._has_note = False  # the console shows the run as well
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        note = self._comp.FindTool(NOTE) if self._has_note and flow.is_there(self._comp) else None
        if note is not None:
            with flow.locked(self._comp):
                note.Delete()

    def is_deleted(self, state: RunState) -> bool:
        """Show ``state``; whether the artist has deleted the note.

        Raises:
            CompGoneError: the composition was closed, which is no reason to stop the run.
        """
        if not flow.is_there(self._comp):
            raise flow.CompGoneError("The composition was closed; the run goes on.")
        note = self._comp.FindTool(NOTE)
        if note is None:
            return self._has_note
        note.SetInput(
            "Comments", f"Infusion Inpaint\n{int(100 * state.fraction)} %\n{state.describe()}\n{self._hint}"
        )
        return False


def client_of(comp: Comp, folder: Path) -> WorkerClient:
    """The client of a job of this composition."""
    return WorkerClient(folder, host_root=program_folder(comp))


def program_folder(comp: Comp) -> Path | None:
    """Where Fusion or Resolve is installed: the folder ``libs`` in it where there is one."""
    path = str(comp.MapPath("Fusion:/") or "")
    if not path or path.startswith("Fusion:"):
        return None
    folder = Path(path)
    return next((parent for parent in folder.parents if parent.name == "libs"), folder)


def watch(comp: Comp, client: WorkerClient, say: Say) -> RunState:
    """Follow a run to its end with a note in the flow and lines in the console.

    Raises:
        CompGoneError: the composition was closed meanwhile.
    """
    with StatusNote(comp, FARM_HINT if farm.holds(client.folder) else HINT) as note:
        state = follow(client, say, every_s=EVERY_S, is_cancelled=note.is_deleted)
    for warning in state.warnings:
        say(f"Infusion Inpaint: warning: {warning}")
    return state
