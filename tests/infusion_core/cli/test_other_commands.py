import json
import os
import re
import sys

import pytest

from infusion_core import settings as schema
from infusion_core.doctor import Finding


def test_doctor_tells_what_works(infusion) -> None:
    done = infusion("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^native bridge: (ok|missing \(.+\))$", done.stdout, re.MULTILINE)
    assert re.search(r"^OpenImageIO: ok \d+\.", done.stdout, re.MULTILINE)
    assert re.search(r"^current folder: ok ", done.stdout, re.MULTILINE)


def test_doctor_speaks_json(infusion_here) -> None:
    done = infusion_here("doctor", "--json")
    findings = json.loads(done.stdout)
    assert {"name", "state", "details", "essential"} == set(findings[0])
    assert {finding["state"] for finding in findings} <= {"ok", "missing", "broken"}


def test_doctor_fails_only_over_what_is_essential(infusion_here, monkeypatch) -> None:
    findings = [Finding("PyTorch", "broken", "")]
    monkeypatch.setattr("infusion_core.doctor.examine", lambda: findings)
    assert infusion_here("doctor").returncode == 0
    findings.append(Finding("OpenImageIO", "broken", "", essential=True))
    assert infusion_here("doctor").returncode == 1


def test_doctor_works_without_torch(infusion_here, monkeypatch) -> None:
    find_spec = __import__("importlib.util").util.find_spec
    monkeypatch.setattr(
        "infusion_core.doctor.importlib.util.find_spec",
        lambda name: None if name == "torch" else find_spec(name),
    )
    done = infusion_here("doctor")
    assert done.returncode == 0
    assert "PyTorch: missing" in done.stdout


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_doctor_finds_a_folder_without_access(infusion_here, monkeypatch, tmp_path) -> None:
    tmp_path.chmod(0o500)
    monkeypatch.chdir(tmp_path)
    assert "current folder: broken" in infusion_here("doctor").stdout


def test_schema_is_the_schema(infusion_here) -> None:
    done = infusion_here("schema")
    assert done.returncode == 0
    assert json.loads(done.stdout) == json.loads(json.dumps(schema.schema()))


def test_help_lists_every_command(infusion_here) -> None:
    done = infusion_here("--help")
    assert done.returncode == 0
    for name in ("demo", "inpaint", "render", "evaluate", "doctor", "schema"):
        assert re.search(rf"^  {name} ", done.stdout, re.MULTILINE)
        assert infusion_here(name, "--help").returncode == 0
    assert infusion_here("--version").stdout.startswith("infusion ")


def test_render_needs_a_bundle(infusion_here, tmp_path) -> None:
    done = infusion_here("render", str(tmp_path), "p", "m", "o")
    assert done.returncode == 2
    assert "manifest.json" in done.stderr


def test_evaluate_says_what_is_missing(infusion_here, tmp_path) -> None:
    done = infusion_here("evaluate", str(tmp_path / "a.%04d.exr"), "-", str(tmp_path / "m.%04d.exr"))
    assert done.returncode == 2
    assert "a.%04d.exr" in done.stderr
