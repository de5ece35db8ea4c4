"""What ``infusion install`` remembers for the hosts: which Python holds the core, what was put where."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from infusion_plugin.files import read_json, write_json

RECORD_SCHEMA_VERSION = 1


@dataclass(frozen=True)
class InstallRecord:
    """The interpreter and, by host, the files or lines that an install added."""

    python: str
    hosts: dict[str, list[dict[str, str]]] = field(default_factory=dict)


def config_dir(environ: Mapping[str, str] | None = None) -> Path:
    """The user's configuration folder of this product."""
    env = os.environ if environ is None else environ
    home = Path(env.get("HOME") or Path.home())
    if sys.platform == "win32":
        base = Path(env.get("APPDATA") or home / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    return base / "infusion-inpaint"


def record_path(environ: Mapping[str, str] | None = None) -> Path:
    return config_dir(environ) / "install.json"


def read_record(environ: Mapping[str, str] | None = None) -> InstallRecord | None:
    """The record; None where nothing was installed or the file is damaged."""
    data = read_json(record_path(environ))
    if data is None or data.get("schema_version") != RECORD_SCHEMA_VERSION or not data.get("python"):
        return None
    return InstallRecord(python=str(data["python"]), hosts=dict(data.get("hosts") or {}))


def write_record(record: InstallRecord, environ: Mapping[str, str] | None = None) -> Path:
    """Write the record and return where."""
    path = record_path(environ)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"schema_version": RECORD_SCHEMA_VERSION, **asdict(record)})
    return path
