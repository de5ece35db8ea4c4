"""A list of tiny shots on disk, and the command line as a real process."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infusion_core.cli import main

if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))

from farm_shots import ListOnDisk, command_line, environment, make_shot, real_shot, write_list

CLIPS = Path(__file__).resolve().parents[4] / "shared" / "data" / "clips"
MakeList = Callable[..., ListOnDisk]


@pytest.fixture
def make_list(tmp_path: Path) -> MakeList:
    """Write ``count`` shots and a list of them; training takes ``steps`` steps an interval."""

    def make(count: int = 1, steps: int = 3, mode: str = "sequential") -> ListOnDisk:
        return write_list(
            tmp_path, [make_shot(tmp_path, f"sh{i:03d}", phase=i) for i in range(count)], steps, mode
        )

    return make


@pytest.fixture(params=["made", "real"])
def one_shot(request: pytest.FixtureRequest, tmp_path: Path) -> ListOnDisk:
    """A list of one shot with some seconds of training: one of ours, and one of a real clip."""
    if request.param == "made":
        return write_list(tmp_path, [make_shot(tmp_path, "sh000")], steps=40)
    if not CLIPS.is_dir():
        pytest.skip("the shared clips are not on this machine (../shared/data/clips)")
    return write_list(tmp_path, [real_shot(tmp_path, CLIPS)], steps=40)


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
