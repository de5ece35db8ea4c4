"""The plugin layer needs nothing but the standard library, on old interpreters too."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PLUGIN = REPOSITORY / "plugin"
LAYER = sorted((PLUGIN / "infusion_plugin").glob("*.py"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PLUGIN), "PYENV_VERSION": "3.9"}  # for pyenv's shims
IMPORT_ALL = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n" + (
    "foreign = {'infusion_core', 'numpy', 'torch', 'OpenImageIO', 'nuke'} & set(sys.modules)\n"
    "assert not foreign, foreign\n"
)


def imported(path: Path) -> set[str]:
    """Top-level names of the packages that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"), feature_version=(3, 9))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("path", LAYER, ids=lambda path: path.stem)
def test_only_the_standard_library_is_imported(path: Path) -> None:
    assert imported(path) <= {*sys.stdlib_module_names, "infusion_plugin"}


def python39() -> list[str]:
    found = shutil.which("python3.9")
    if found is None:
        pytest.skip("there is no Python 3.9 on this machine")
    if subprocess.run([found, "-c", ""], env=ENVIRONMENT, capture_output=True, check=False).returncode:
        pytest.skip("the python3.9 on this machine does not run")
    return [found]


@pytest.mark.parametrize("find", [python39, lambda: [sys.executable, "-S"]], ids=["3.9", "current"])
def test_every_module_loads_bare(find: object) -> None:
    command = find()  # type: ignore[operator]
    modules = [f"infusion_plugin.{path.stem}" for path in LAYER if path.stem != "__init__"]
    subprocess.run([*command, "-c", IMPORT_ALL, *modules], env=ENVIRONMENT, check=True)
