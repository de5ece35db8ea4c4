"""Handing a job to the render farm, through the core's own command line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from infusion_plugin import interpreter
from infusion_plugin.errors import PluginError

TIMEOUT_S = 120.0


def submit(folder: Path, *, farm: str = "openjd", python: str = "") -> str:
    """Run ``infusion submit`` on the job in ``folder`` and return what it says.

    Raises:
        InterpreterError: the core's Python is not known.
        PluginError: the command failed, or the installed core has none.
    """
    command = [interpreter.find(python), "-m", "infusion_core.cli", "submit", str(folder), "--farm", farm]
    env = interpreter.clean_environment(os.environ)
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
        (folder / "submitted").touch()  # the farm may begin any time: no other run may use the folder
        return done.stdout.strip() or "Sent to the farm."
    if "No such command" in done.stderr:
        raise PluginError(
            "The installed Infusion cannot submit to a farm.",
            remedy="Update it, or press Inpaint to run here.",
        )
    last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason was given"]
    raise PluginError(f"The job was not sent: {last[0]}", path=folder)
