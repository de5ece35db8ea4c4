"""What CI runs is what the README tells people to run."""

import os
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_readme_holds_one_test_command_and_ci_runs_it() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    commands = re.findall(r"^python3 .*pytest.*$", readme, re.MULTILINE)
    assert len(commands) == 1
    fenced = re.findall(r"^```\w*\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert any(commands[0] in block.splitlines() for block in fenced)
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "grep -E '^python3 .*pytest' README.md" in script
    assert 'bash -euo pipefail -c "$command"' in script


def test_the_ci_script_can_be_executed() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
