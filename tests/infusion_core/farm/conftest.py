"""A list of tiny shots on disk, and the command line as a real process."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infusion_core.cli import main

if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))

from farm_shots import TINY, ListOnDisk, command_line, environment, make_shot

MakeList = Callable[..., ListOnDisk]


@pytest.fixture
def make_list(tmp_path: Path) -> MakeList:
    """Write ``count`` shots and a list of them; training takes ``steps`` steps an interval."""

    def make(count: int = 1, steps: int = 3, mode: str = "sequential") -> ListOnDisk:
        (tmp_path / "tiny.toml").write_text(TINY.format(steps=steps))
        shots = tuple(make_shot(tmp_path, f"sh{i:03d}", phase=i) for i in range(count))
        path = tmp_path / "shots.toml"
        entries = "\n".join(shot.entry for shot in shots)
        defaults = f'config = "tiny.toml"\nset = "training.mode={mode}"'
        path.write_text(f"[defaults]\n{defaults}\n{entries}\n")
        return ListOnDisk(path, shots)

    return make


Infusion = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def infusion() -> Infusion:
    """Run ``infusion`` as a process, to its end."""

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command_line(*words),
            capture_output=True,
            text=True,
            env=environment(**more),
            timeout=200,
            check=False,
        )

    return run


@pytest.fixture
def infusion_here(capsys: pytest.CaptureFixture[str]) -> Infusion:
    """Run ``infusion`` in this process."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        status = main(list(words))
        captured = capsys.readouterr()
        return subprocess.CompletedProcess(words, status, captured.out, captured.err)

    return run
