"""The core's own Python: where it is, and the environment it is started in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from infusion_plugin.errors import InterpreterError
from infusion_plugin.install_record import read_record, record_path

PLUGIN_ROOT = Path(__file__).resolve().parent.parent
VARIABLE = "INFUSION_PYTHON"

_DROPPED = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__")
_SEARCH_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PATH", "LD_PRELOAD")
_HELP = (
    "Run 'infusion install nuke' (or resolve, blender) in a terminal once, or give the path of that Python."
)


def find(setting: str = "", environ: Mapping[str, str] | None = None) -> str:
    """The core's Python: the host's setting, else $INFUSION_PYTHON, else the install record.

    Raises:
        InterpreterError: none is named, or the one named does not exist.
    """
    env = os.environ if environ is None else environ
    record = read_record(env)
    places = (
        ("the Python setting", setting.strip()),
        (f"the variable {VARIABLE}", env.get(VARIABLE, "").strip()),
        (str(record_path(env)), record.python if record else ""),
    )
    for place, value in places:
        if value:
            found = shutil.which(os.path.expanduser(value))
            if found is None:
                raise InterpreterError(f"The Python {value!r} named by {place} cannot be run.", remedy=_HELP)
            return found
    raise InterpreterError("Infusion's own Python is not known.", remedy=_HELP)


def clean_environment(environ: Mapping[str, str], host_root: Path | None = None) -> dict[str, str]:
    """The environment for a worker: the host's without what would mix the host's Python into ours.

    Args:
        environ: The host's environment.
        host_root: The host's install folder; library search entries under it are dropped, others
            are kept because GPU libraries often come that way.
    """
    env = {name: value for name, value in environ.items() if name not in _DROPPED}
    if host_root is not None:
        for name in _SEARCH_PATHS:
            if name in env:
                kept = [entry for entry in env[name].split(os.pathsep) if not _is_under(entry, host_root)]
                env[name] = os.pathsep.join(kept)
                if not env[name]:
                    del env[name]
    env.update(PYTHONNOUSERSITE="1", PYTHONUTF8="1", PYTHONPATH=str(PLUGIN_ROOT))
    return env


def _is_under(entry: str, root: Path) -> bool:
    if not entry:
        return False
    try:
        Path(entry).resolve().relative_to(root.resolve())
    except (ValueError, OSError):
        return False
    return True
