"""Handing a job to the render farm, through the core's own command line; and how such a job stands."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

from infusion_plugin import interpreter
from infusion_plugin.errors import PluginError
from infusion_plugin.run_state import RunState

TIMEOUT_S = 120.0
VARIABLE = "INFUSION_FARM"

STOPPED = "Stopped on the farm, which goes on from the last checkpoint when it runs the task again."
KEPT_THERE = "The job is on the farm."


def submit(folder: Path, *, python: str = "", host_root: Path | None = None) -> str:
    """Run ``infusion submit`` on the job in ``folder`` and return what it says.

    The farm is that of the variable INFUSION_FARM, openjd or opencue; openjd where it is not set.

    Args:
        folder: The job folder.
        python: The core's Python; empty: found as ``interpreter.find`` does.
        host_root: The host's install folder, kept out of the command's library search.

    Raises:
        InterpreterError: the core's Python is not known.
        PluginError: the command failed, or the installed core has none.
    """
    kind = os.environ.get(VARIABLE, "").strip() or "openjd"
    command = [interpreter.find(python), "-m", "infusion_core.cli", "submit", str(folder), "--farm", kind]
    env = interpreter.clean_environment(os.environ, host_root)
    try:
        done = subprocess.run(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PluginError(
            "The farm did not answer.", remedy="Try again, or ask your farm's keeper."
        ) from error
    if done.returncode == 0:
        said = done.stdout.strip() or "Sent to the farm."
        # The farm may begin any time: while this file is there no other run may use the folder.
        (folder / "submitted").write_text(said, "utf-8")
        return said
    if "No such command" in done.stderr:
        raise PluginError(
            "The installed Infusion cannot submit to a farm.",
            remedy="Update it, or press Inpaint to run here.",
        )
    last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason was given"]
    raise PluginError(f"The job was not sent: {last[0].replace('Error: ', '', 1)}", path=folder)


def holds(folder: Path) -> bool:
    """Whether the job was sent to a farm and no worker of a host has taken it up since."""
    return (folder / "submitted").exists() and not (folder / "run.json").exists()


def is_underway(folder: Path, state: RunState) -> bool:
    """Whether a farm has the job and may tell more of it: it runs tasks that failed or stopped again."""
    return holds(folder) and state.status != "done"


def as_told(folder: Path, state: RunState) -> RunState:
    """The state that a farm's tasks have told, in words that fit a farm."""
    if not holds(folder):
        return state
    if state.status == "idle":
        said = (folder / "submitted").read_text("utf-8")
        return replace(state, status="starting", message=f"{said} The farm has not begun.".strip())
    return replace(state, message=STOPPED) if state.status == "cancelled" else state
