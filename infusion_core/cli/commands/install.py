"""``infusion install``: put an adapter where its host looks for it."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from infusion_core.errors import JobError

HOSTS = ("nuke", "resolve", "blender")


@click.command("install", short_help="Put the tool into Nuke, Resolve or Blender.")
@click.argument("host", type=click.Choice(HOSTS))
@click.option("--undo", is_flag=True, help="Take the tool out of the host again.")
def command(host: str, undo: bool) -> int:
    """Put Infusion Inpaint where HOST finds it, and record this Python as the one it works with.

    Nothing of yours is overwritten: lines that are added stand between marks, and --undo removes them.
    """
    from infusion_core.doctor import plugin_root

    folder = plugin_root()
    if folder is None:
        raise JobError("This installation has no host adapters.", remedy="Reinstall infusion-inpaint.")
    # The core knows no host, so the plugin layer does this in a process of its own.
    words = [sys.executable, "-m", "infusion_plugin.install", host, *(["--undo"] if undo else [])]
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return subprocess.run(words, env={**os.environ, "PYTHONPATH": path}, check=False).returncode
