"""The adapter loads without Nuke, on its old interpreters, and calls only what Nuke has."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
NUKE = REPOSITORY / "nuke"
MODULES = sorted((NUKE / "infusion_nuke").glob("*.py"))
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(NUKE), str(REPOSITORY / "plugin")]),
    "PYENV_VERSION": "3.9",
}
IMPORT_ALL = (
    "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
    "assert not {'infusion_core', 'numpy', 'nuke'} & set(sys.modules)\n"
)


@pytest.mark.parametrize("path", [*MODULES, NUKE / "init.py", NUKE / "menu.py"], ids=lambda path: path.stem)
def test_only_the_standard_library_the_host_and_the_plugin_layer_are_imported(path: Path) -> None:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"), feature_version=(3, 9))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    assert names <= {*sys.stdlib_module_names, "infusion_plugin", "infusion_nuke", "nuke"}


@pytest.mark.parametrize("interpreter", ["python3.9", sys.executable])
def test_every_module_loads_without_nuke(interpreter: str) -> None:
    found = shutil.which(interpreter)
    if found is None or not _runs(found):
        pytest.skip(f"{interpreter} does not run on this machine")
    modules = [f"infusion_nuke.{path.stem}" for path in MODULES if path.stem != "__init__"]
    subprocess.run([found, "-S", "-c", IMPORT_ALL, *modules], env=ENVIRONMENT, check=True)


def _runs(interpreter: str) -> bool:
    done = subprocess.run([interpreter, "-c", ""], env=ENVIRONMENT, capture_output=True, check=False)
    return done.returncode == 0


def test_the_folder_does_not_shadow_nuke() -> None:
    assert not (NUKE / "__init__.py").exists()


@pytest.mark.slow
def test_every_call_is_one_that_nuke_has() -> None:
    """Against types-nuke: a wrong name or argument is an error there."""
    if not any((Path(folder) / "nuke-stubs").is_dir() for folder in sys.path):
        pytest.skip("types-nuke is not installed")
    assert checked("infusion_nuke").returncode == 0, checked("infusion_nuke").stdout
    assert "no_such_call" in checked("-c", "import nuke; nuke.no_such_call()").stdout


def checked(*what: str) -> subprocess.CompletedProcess[str]:
    mypy = [sys.executable, "-m", "mypy", "--warn-unused-ignores", *what]
    env = {**os.environ, "MYPYPATH": str(REPOSITORY / "plugin")}
    return subprocess.run(mypy, cwd=NUKE, env=env, capture_output=True, text=True, check=False)
