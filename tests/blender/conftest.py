"""A real Blender for the tests: ``INFUSION_BLENDER`` names one, or a Python that has the module bpy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

for folder in (Path(__file__).parents[2] / "plugin", Path(__file__).parent):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from blender_shot import write_plate  # noqa: E402
from infusion_plugin import install, lock, process  # noqa: E402

VARIABLE = "INFUSION_BLENDER"
MAIN = Path(__file__).parent / "in_blender" / "main.py"

InBlender = Callable[..., Any]


@pytest.fixture(scope="session")
def blender() -> list[str]:
    """The command that runs a Python file in Blender."""
    named = os.environ.get(VARIABLE, "")
    if not named:
        pytest.skip(f"no Blender here: set {VARIABLE}, see tests/blender/requirements.txt")
    if "python" in Path(named).name:
        return [named]
    return [named, "--background", "--factory-startup", "--python-exit-code", "1", "--python"]


@pytest.fixture(scope="session")
def blender_home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a user who has installed the add-on for this Python's Infusion."""
    home = tmp_path_factory.mktemp("home")
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env.update(HOME=str(home), USERPROFILE=str(home), APPDATA=str(home), XDG_CONFIG_HOME=str(home / "config"))
    env.update(BLENDER_USER_RESOURCES=str(home / "blender"), OMP_NUM_THREADS="1")
    env.pop("INFUSION_PYTHON", None)
    install.install("blender", sys.executable, env)
    return env


@pytest.fixture(scope="session")
def in_blender(blender: list[str], blender_home: dict[str, str]) -> Iterator[InBlender]:
    """Run a function of ``in_blender/scenarios.py`` in a fresh Blender; returns what it returns."""
    folders = []

    def run(scenario: str, folder: Path, **arguments: Any) -> Any:
        folders.append(folder)
        given, returned = folder / f"{scenario}.arguments.json", folder / f"{scenario}.result.json"
        given.write_text(json.dumps({"folder": str(folder), **arguments}))
        words = [*blender, str(MAIN), "--", scenario, str(given), str(returned)]
        done = subprocess.run(
            words, env=blender_home, capture_output=True, text=True, timeout=280, check=False
        )
        assert returned.exists(), done.stdout[-3000:] + done.stderr[-3000:]
        return json.loads(returned.read_text())

    yield run
    for folder in folders:
        _end_workers(folder)


def _end_workers(folder: Path) -> None:
    """No worker outlives the tests."""
    for path in folder.rglob("run.lock"):
        held = lock.holder(path.parent)
        if held is not None and process.is_worker(held.pid):
            process.end(held.pid)


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    """A folder with a plate in it."""
    return write_plate(tmp_path)
