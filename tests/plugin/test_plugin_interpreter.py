"""Finding the core's Python and the environment it gets."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from infusion_plugin import install_record, interpreter
from infusion_plugin.errors import InterpreterError


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"), "APPDATA": str(tmp_path)}


def executable(path: Path) -> str:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_setting_beats_variable_beats_record(environ: dict[str, str], tmp_path: Path) -> None:
    recorded, named, given = (executable(tmp_path / name) for name in ("recorded", "named", "given"))
    with pytest.raises(InterpreterError, match="not known"):
        interpreter.find("", environ)
    install_record.write_record(install_record.InstallRecord(recorded), environ)
    assert interpreter.find("", environ) == recorded
    environ[interpreter.VARIABLE] = named
    assert interpreter.find("", environ) == named
    assert interpreter.find(given, environ) == given


def test_a_setting_that_leads_nowhere_is_no_reason_to_guess(environ: dict[str, str]) -> None:
    environ[interpreter.VARIABLE] = sys.executable
    with pytest.raises(InterpreterError, match="the Python setting"):
        interpreter.find("/no/such/python", environ)


def test_a_damaged_record_counts_as_none(environ: dict[str, str]) -> None:
    path = install_record.record_path(environ)
    path.parent.mkdir(parents=True)
    path.write_text("{")
    assert install_record.read_record(environ) is None


def test_the_hosts_python_and_libraries_stay_behind(tmp_path: Path) -> None:
    host = tmp_path / "Nuke15.1"
    environ = {
        "PYTHONPATH": "/host/python",
        "PYTHONHOME": "/host",
        "LD_LIBRARY_PATH": os.pathsep.join([str(host / "lib"), "/usr/lib/gpu"]),
        "LD_PRELOAD": str(host / "libjemalloc.so"),
        "CUDA_VISIBLE_DEVICES": "1",
    }
    cleaned = interpreter.clean_environment(environ, host)
    assert cleaned["PYTHONPATH"] == str(interpreter.PLUGIN_ROOT)
    assert "PYTHONHOME" not in cleaned
    assert cleaned["LD_LIBRARY_PATH"] == "/usr/lib/gpu"
    assert "LD_PRELOAD" not in cleaned
    assert cleaned["CUDA_VISIBLE_DEVICES"] == "1"
    assert cleaned["PYTHONNOUSERSITE"] == "1"
    assert environ["PYTHONHOME"] == "/host", "the host's own environment is left alone"
