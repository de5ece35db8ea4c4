"""Installing into hosts: repeatable, reversible, and careful with what is the user's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from infusion_plugin import blender_folders, install, install_record
from infusion_plugin.errors import InstallError


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "USERPROFILE": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "APPDATA": str(tmp_path / "config"),
    }


OWN_LINES = "import nuke\nnuke.pluginAddPath('./gizmos')"


def test_nuke_is_pointed_at_the_adapter_once(environ: dict[str, str], tmp_path: Path) -> None:
    init = tmp_path / ".nuke" / "init.py"
    init.parent.mkdir()
    init.write_text(OWN_LINES)
    install.install("nuke", sys.executable, environ)
    once = init.read_text()
    install.install("nuke", sys.executable, environ)
    assert init.read_text() == once
    assert once.startswith(OWN_LINES)
    assert once.count("infusion_nuke") == 0
    assert f"nuke.pluginAddPath('{(install.ROOT / 'nuke').as_posix()}')" in once
    compile(once, str(init), "exec")
    record = install_record.read_record(environ)
    assert record is not None
    assert record.python == sys.executable
    assert install.check(environ) == []


def test_undo_leaves_the_users_lines(environ: dict[str, str], tmp_path: Path) -> None:
    init = tmp_path / ".nuke" / "init.py"
    init.parent.mkdir()
    init.write_text(OWN_LINES + "\n")
    install.install("nuke", sys.executable, environ)
    with init.open("a") as file:
        file.write("after = 1\n")
    install.undo("nuke", environ)
    assert init.read_text().split() == f"{OWN_LINES}\nafter = 1\n".split()
    with pytest.raises(InstallError, match="Nothing was installed"):
        install.undo("nuke", environ)


def test_undo_removes_a_file_that_was_ours_alone(environ: dict[str, str], tmp_path: Path) -> None:
    install.install("nuke", sys.executable, environ)
    install.undo("nuke", environ)
    assert not (tmp_path / ".nuke" / "init.py").exists()


def test_what_was_lost_is_found(environ: dict[str, str], tmp_path: Path) -> None:
    assert "Nothing is installed" in install.check(environ)[0]
    install.install("nuke", "/no/such/python", environ)
    (tmp_path / ".nuke" / "init.py").write_text("")
    wrong = install.check(environ)
    assert any("/no/such/python" in line for line in wrong)
    assert any("install nuke" in line for line in wrong)


def test_unknown_hosts_are_refused(environ: dict[str, str]) -> None:
    with pytest.raises(InstallError, match="nuke"):
        install.install("flame", sys.executable, environ)


def test_the_command_line_does_the_same(environ: dict[str, str], tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "infusion_core.cli", "install", *words]
        env = {**os.environ, **environ}
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    done = run("nuke")
    assert done.returncode == 0, done.stderr
    assert ".nuke" in done.stdout
    assert run("nuke", "--undo").returncode == 0
    again = run("nuke", "--undo")
    assert again.returncode == 2
    assert "Nothing was installed" in again.stderr


def test_fusion_runs_our_scripts_where_they_lie(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "root" / "resolve" / "Scripts" / "Comp" / "Infusion Inpaint.py"
    script.parent.mkdir(parents=True)
    script.write_text("seen = (comp, __name__, sys.path[:2])\n")
    monkeypatch.setattr(install, "ROOT", tmp_path / "root")
    install.install("resolve", sys.executable, environ)
    written = [path for path in tmp_path.rglob("Infusion Inpaint.py") if path != script]
    assert [path.parent.name for path in written] == ["Comp"]
    monkeypatch.setattr(sys, "path", list(sys.path))
    names: dict[str, object] = {"comp": "the composition", "__name__": "__main__"}
    exec(written[0].read_text(), names)
    expected = [(tmp_path / "root" / name).as_posix() for name in ("plugin", "resolve")]
    assert names["seen"] == ("the composition", "__main__", expected)
    install.undo("resolve", environ)
    assert not written[0].exists()


def test_blender_finds_an_addon_that_leads_to_ours(environ: dict[str, str], tmp_path: Path) -> None:
    base = blender_folders.addon_folders({**environ, "BLENDER_USER_RESOURCES": str(tmp_path)}, tmp_path)
    assert base == [tmp_path / "scripts" / "addons"]
    with pytest.raises(InstallError, match=r"Start Blender 4\.5 once"):
        install.install("blender", sys.executable, environ)
    settings = blender_folders._settings_folder(environ, tmp_path)
    for version in ("3.6", "4.5", "5.0", "config"):
        (settings / version).mkdir(parents=True)
    install.install("blender", sys.executable, environ)
    written = sorted(settings.rglob("infusion_inpaint.py"))
    assert [path.relative_to(settings).parts[0] for path in written] == ["4.5"]
    text = written[0].read_text()
    info = text[text.index("bl_info") :].split("\n\n")[0]  # as Blender cuts it out
    names: dict[str, object] = {}
    exec(info, names)
    assert dict(names["bl_info"])["name"] == "Infusion Inpaint"  # type: ignore[call-overload]
    assert install.check(environ) == []
    install.undo("blender", environ)
    assert not list(settings.rglob("infusion_inpaint.py"))
