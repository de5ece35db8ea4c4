"""What hosts share about the frames they write."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from infusion_plugin import frame_range, job, sequence
from infusion_plugin.errors import InputError


@given(st.integers(0, 20), st.integers(0, 10), st.integers(0, 15))
def test_handles_are_those_that_the_plate_has(first: int, length: int, handles: int) -> None:
    frames = range(first, first + length + 1)
    written = frame_range.wanted(frames, handles, 0, 30)
    assert set(frames) <= set(written)
    assert written == list(range(max(0, first - handles), min(30, first + length + handles) + 1))


def test_gaps_stay_gaps() -> None:
    assert frame_range.wanted([5, 9], 1, 0, 30) == [4, 5, 9, 10]


def test_ranges_stay_within_the_plate() -> None:
    assert frame_range.within(" ", 3, 5) == [3, 4, 5]
    assert frame_range.within("4-5", 3, 5) == [4, 5]
    for text in ("2-4", "5-6"):
        with pytest.raises(InputError, match="leaves the plate"):
            frame_range.within(text, 3, 5)


def test_old_frames_do_not_stand_in_for_missing_ones(tmp_path: Path) -> None:
    pattern = (tmp_path / "plate" / "p.%04d.exr").as_posix()
    sequence.make_room(pattern, [1, 2])
    for frame in (1, 2, 7):
        sequence.file_of(pattern, frame).touch()
    sequence.require_written(pattern, [1, 2])
    sequence.make_room(pattern, [1, 2])
    with pytest.raises(InputError, match="Frames 1-2 were not written"):
        sequence.require_written(pattern, [1, 2, 7])
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="Work folder"):
        sequence.make_room((tmp_path / "file" / "p.%04d.exr").as_posix(), [1])


def test_a_version_with_work_in_it_is_not_used_again(tmp_path: Path) -> None:
    assert job.next_version(tmp_path, "a.nk", "n", 1) == 1
    folder = job.shot_paths(tmp_path, "a.nk", "n", 1).job
    folder.mkdir(parents=True)
    assert job.next_version(tmp_path, "a.nk", "n", 1) == 1
    (folder / "checkpoint.safetensors").touch()
    job.shot_paths(tmp_path, "a.nk", "n", 4).folder.mkdir(parents=True)
    assert job.next_version(tmp_path, "a.nk", "n", 1) == 5


def test_takes_lie_beside_the_first_result() -> None:
    assert job.take_pattern("/a/r_v001.%04d.exr", 7) == "/a/r_v001.seed7.%04d.exr"
    assert job.take_pattern("/a/r.####.exr", 7) == "/a/r.seed7.####.exr"
