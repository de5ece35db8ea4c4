"""The frames of an OpenCue job run by OpenCue's own RQD, one killed in the middle and run again."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cue_farm import RQD, Frame, Machine, StandInCuebot, as_nobody, frames_of
from farm_shots import wait_for_training

pytestmark = [
    pytest.mark.timeout(600),  # eleven processes, most of which start PyTorch
    pytest.mark.slow,
    pytest.mark.skipif(
        not (Path(RQD).exists() and Path("/usr/bin/time").exists()),
        reason="OpenCue's RQD (INFUSION_RQD) or /usr/bin/time, which it starts frames with, is not there",
    ),
]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder that another user can be let into; pytest's own lies in one that is closed to all others."""
    folder = Path(tempfile.mkdtemp(prefix="infusion-rqd-"))
    yield folder
    shutil.rmtree(folder)


def test_a_killed_frame_goes_on_to_the_same_pixels(make_list, infusion, tmp_path: Path) -> None:
    listed = make_list(1, steps=40)
    shot = listed.shots[0]
    assert infusion("batch", str(listed.path)).returncode == 0
    expected = shot.pixels()
    shot.forget()

    xml = tmp_path / "job.xml"
    words = ("submit", str(listed.path), "--farm", "opencue", "--output", str(xml), "--chunk", "3")
    submitted = infusion(*words)
    assert submitted.returncode == 0, submitted.stderr
    frames = frames_of(xml.read_text())
    with StandInCuebot() as cuebot, Machine(cuebot, tmp_path) as machine:
        run(machine, frames[0])
        killed = machine.launch(frames[1])
        wait_for_training(shot, 10)
        machine.kill(killed)
        assert machine.end(killed) == (1, 9)
        for frame in frames[1:]:
            run(machine, frame)
        assert "Denoising interval 1 of 3" in machine.log(frames[1])
        who = Frame("who", "0001-who", "id -u", 0)
        run(machine, who)
        if as_nobody():
            assert "\n0\n" not in machine.log(who), "frames are not root's, though the tests are"
    np.testing.assert_array_equal(shot.pixels(), expected)
    assert [frame.name for frame in frames if frame.layer.endswith("assemble")] == [
        "1001-sh000_assemble",
        "1004-sh000_assemble",
    ]


def run(machine: Machine, frame: Frame) -> None:
    ended = machine.end(machine.launch(frame))
    assert ended == (0, 0), machine.log(frame)
