"""Where the scripts go on the three systems, and that they start there."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from infusion_plugin import install

REPOSITORY = Path(__file__).parents[2]
RESOLVE = REPOSITORY / "resolve"
SCRIPTS = sorted((RESOLVE / "Scripts").rglob("*.py"))
MODULES = sorted((RESOLVE / "infusion_resolve").glob("*.py"))
PLACES = {
    "linux": (".local/share/DaVinciResolve/Fusion", ".fusion/BlackmagicDesign/Fusion"),
    "darwin": (
        "Library/Application Support/Blackmagic Design/DaVinci Resolve/Fusion",
        "Library/Application Support/Blackmagic Design/Fusion",
    ),
    "win32": (
        "AppData/Roaming/Blackmagic Design/DaVinci Resolve/Support/Fusion",
        "AppData/Roaming/Blackmagic Design/Fusion",
    ),
}
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(RESOLVE), str(REPOSITORY / "plugin")]),
    "PYENV_VERSION": "3.9",
}
IMPORT_ALL = (
    "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
    "assert not {'infusion_core', 'numpy', 'fusionscript'} & set(sys.modules)\n"
)


@pytest.mark.parametrize("system", PLACES)
def test_scripts_go_where_each_system_looks(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {
        "HOME": str(tmp_path),
        "USERPROFILE": str(tmp_path),
        "APPDATA": str(tmp_path / "AppData" / "Roaming"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    in_resolve, in_fusion = (tmp_path / place / "Scripts" for place in PLACES[system])
    monkeypatch.setattr(sys, "platform", system)
    install.install("resolve", sys.executable, environ)
    assert not in_fusion.exists(), "Fusion Studio was never run here"
    in_fusion.parent.mkdir(parents=True)
    install.install("resolve", sys.executable, environ)
    for folder in (in_resolve, in_fusion):
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
        assert found == {f"{page}/Infusion Inpaint.py" for page in ("Comp", "Edit", "Color")}
    assert install.check(environ) == []
    install.undo("resolve", environ)
    assert not list(in_resolve.rglob("*.py")) + list(in_fusion.rglob("*.py"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.parent.name)
def test_menu_scripts_start_and_say_what_is_missing(path: Path) -> None:
    """Run as Fusion runs them, without any of its objects."""
    done = subprocess.run(
        [sys.executable, str(path)], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Infusion Inpaint:")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.parent.name)
def test_pythons_too_old_are_told_so(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 6))
    assert isinstance(tree.body[1], ast.If), "the version is looked at before anything of ours is imported"
    names: dict[str, object] = {}
    told: list[str] = []
    source = path.read_text("utf-8").replace("import sys\n", "")
    old = type("sys", (), {"version_info": (3, 6, 8)})
    exec(compile(source, str(path), "exec"), {**names, "sys": old, "print": told.append})
    assert "3.9 or newer" in told[0]
    assert "3.6" in told[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_the_standard_library_and_the_plugin_layer_are_imported(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 9))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    allowed = {*sys.stdlib_module_names, "infusion_plugin", "infusion_resolve"}
    assert names <= {*allowed, "fusionscript"}, "fusionscript: its types only, see the next test"


@pytest.mark.parametrize("interpreter", ["python3.9", sys.executable])
def test_every_module_loads_without_a_host(interpreter: str) -> None:
    found = shutil.which(interpreter)
    usable = found and not subprocess.run([found, "-c", ""], env=ENVIRONMENT, capture_output=True).returncode
    if not usable:
        pytest.skip(f"{interpreter} does not run on this machine")
    modules = [f"infusion_resolve.{path.stem}" for path in MODULES if path.stem != "__init__"]
    subprocess.run([str(found), "-S", "-c", IMPORT_ALL, *modules], env=ENVIRONMENT, check=True)


@pytest.mark.slow
def test_every_call_is_one_that_resolve_has() -> None:
    """Against fusionscript-stubs: a wrong name or argument is an error there."""
    if not any((Path(folder) / "fusionscript-stubs").is_dir() for folder in sys.path):
        pytest.skip("fusionscript-stubs is not installed")
    assert checked("infusion_resolve").returncode == 0, checked("infusion_resolve").stdout
    wrong = "from fusionscript import Resolve\ndef f(resolve: Resolve) -> None: resolve.NoSuchCall()"
    assert "NoSuchCall" in checked("-c", wrong).stdout


def checked(*what: str) -> subprocess.CompletedProcess[str]:
    mypy = [sys.executable, "-m", "mypy", "--config-file", str(REPOSITORY / "pyproject.toml"), *what]
    env = {**os.environ, "MYPYPATH": str(REPOSITORY / "plugin")}
    return subprocess.run(mypy, cwd=RESOLVE, env=env, capture_output=True, text=True, check=False)
