"""``infusion install``: put an adapter where its host looks for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

import infusion_core
from infusion_core.errors import JobError

HOSTS = ("nuke", "resolve", "blender")


def plugin_root() -> Path:
    """The folder that holds the plugin layer: in the source tree, or as the wheel brings it.

    Raises:
        JobError: this installation has none.
    """
    above = Path(infusion_core.__file__).resolve().parents[1]
    for folder in (above / "plugin", above / "infusion_hosts" / "plugin"):
        if (folder / "infusion_plugin").is_dir():
            return folder
    raise JobError(
        "This installation has no host adapters.", path=above, remedy="Reinstall infusion-inpaint."
    )


@click.command("install", short_help="Put the tool into Nuke, Resolve or Blender.")
@click.argument("host", type=click.Choice(HOSTS))
@click.option("--undo", is_flag=True, help="Take the tool out of the host again.")
def command(host: str, undo: bool) -> int:
    """Put Infusion Inpaint where HOST finds it, and record this Python as the one it works with.

    Nothing of yours is overwritten: lines that are added stand between marks, and --undo removes them.
    """
    # The core knows no host, so the plugin layer does this in a process of its own.
    words = [sys.executable, "-m", "infusion_plugin.install", host, *(["--undo"] if undo else [])]
    path = os.pathsep.join([str(plugin_root()), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return subprocess.run(words, env={**os.environ, "PYTHONPATH": path}, check=False).returncode
