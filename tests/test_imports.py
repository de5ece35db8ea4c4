"""Imports run one way: adapters -> plugin layer -> process boundary -> worker -> core -> io."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "infusion_core"
STANDARD = set(sys.stdlib_module_names) | {"__future__"}
HOSTS = {
    "nuke": {"nuke", "nukescripts"},
    "resolve": {"fusionscript", "DaVinciResolveScript", "BlackmagicFusion"},
    "blender": {"bpy", "mathutils"},
}


def modules(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it, by its full name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)}


def within(names: Iterator[str], *prefixes: str) -> list[str]:
    return [name for name in names if any(f"{name}.".startswith(f"{prefix}.") for prefix in prefixes)]


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_an_adapter_knows_its_host_the_plugin_layer_and_nothing_else(host: str) -> None:
    own = {path.stem for path in (ROOT / host).rglob("*.py")} | {
        path.name for path in (ROOT / host).rglob("*") if path.is_dir()
    }
    for path in modules(ROOT / host):
        allowed = STANDARD | HOSTS[host] | own | {"infusion_plugin"}
        assert packages(path) <= allowed, path


def test_the_plugin_layer_needs_the_standard_library_only() -> None:
    paths = modules(ROOT / "plugin" / "infusion_plugin")
    assert paths
    for path in paths:
        assert packages(path) <= STANDARD | {"infusion_plugin"}, path


def test_the_worker_joins_plugin_layer_and_core() -> None:
    for path in modules(ROOT / "plugin" / "infusion_worker"):
        allowed = STANDARD | {"infusion_plugin", "infusion_worker", "infusion_core"}
        assert packages(path) <= allowed, path


def test_what_runs_in_hosts_parses_as_python_3_9() -> None:
    for path in modules(ROOT / "plugin" / "infusion_plugin", ROOT / "nuke", ROOT / "resolve"):
        ast.parse(path.read_text("utf-8"), str(path), feature_version=(3, 9))


def test_the_core_knows_no_host_and_no_plugin() -> None:
    foreign = {"infusion_plugin", "infusion_worker"}.union(*HOSTS.values())
    for path in modules(CORE):
        assert not packages(path) & foreign, path


@pytest.mark.parametrize(
    ("folder", "never"),
    [
        ("io", ("job", "cli", "engine", "bundle", "render", "shot", "evaluate", "demo")),
        ("metrics", ("job", "cli", "engine", "io")),
        ("engine", ("job", "cli", "io", "bundle", "render", "evaluate", "demo")),
        ("job", ("cli", "farm", "evaluate", "demo")),
        ("farm", ("cli", "engine", "evaluate", "demo")),
        ("demo", ("job", "cli", "engine")),
    ],
)
def test_no_layer_of_the_core_looks_up(folder: str, never: tuple[str, ...]) -> None:
    paths = modules(CORE / folder)
    assert paths
    for path in paths:
        assert not within(imports(path), *(f"infusion_core.{name}" for name in never)), path


def test_only_the_command_line_is_above_the_jobs() -> None:
    for path in modules(CORE):
        if path.relative_to(CORE).parts[0] not in ("cli", "farm", "job", "doctor.py"):
            assert not within(imports(path), "infusion_core.job", "infusion_core.cli"), path


def test_no_package_where_a_host_would_take_it_for_its_own() -> None:
    for folder in ("tests", "plugin", *HOSTS):
        assert not (ROOT / folder / "__init__.py").exists()


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
import infusion_core
for name in sys.argv[1:]:
    __import__(name)
assert not [name for name in sys.modules if name.startswith("torch.")]
"""


def test_all_but_training_imports_without_torch() -> None:
    files = [path for path in modules(CORE) if "engine" not in path.relative_to(CORE).parts]
    # The exporter traces the network in torch; __main__ is not for import.
    files = [path for path in files if path.stem not in ("__main__", "export_onnx")]
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files
    ]
    assert "infusion_core.cli.commands.render" in names
    done = subprocess.run(
        [sys.executable, "-P", "-c", WITHOUT_TORCH, *names], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_command_line_starts_without_heavy_imports() -> None:
    code = (
        "import sys; from infusion_core.cli import main; main(['--help']); main(['inpaint', '--help']);"
        "heavy = {'torch', 'numpy', 'OpenImageIO', 'onnxruntime', 'rich'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
