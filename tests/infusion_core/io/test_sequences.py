import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.errors import InputError
from infusion_core.io.sequences import find_sequence, format_frames, output_sequence, parse_frames


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("1001-1004", (1001, 1002, 1003, 1004)),
        ("1001-1006x2,1060", (1001, 1003, 1005, 1060)),
        ("-2-1", (-2, -1, 0, 1)),
        ("-5--3", (-5, -4, -3)),
        (" 1-3, 9 ", (1, 2, 3, 9)),
        ("3-1", (1, 2, 3)),
        ("2-4,3-5", (2, 3, 4, 5)),
        ("7", (7,)),
    ],
)
def test_frame_ranges_are_read(text, frames):
    assert parse_frames(text) == frames


@pytest.mark.parametrize(
    "text", ["", "  ", "abc", "1-", "1-2x0.5", "1-10x0", "1..5", "1-999999999", "1-5x-1"]
)
def test_nonsense_is_an_input_error_that_shows_the_text(text):
    with pytest.raises(InputError) as caught:
        parse_frames(text)
    assert repr(text) in str(caught.value)


@given(st.sets(st.integers(-3000, 3000), min_size=1, max_size=40))
def test_ranges_survive_writing_and_reading(frames):
    assert parse_frames(format_frames(tuple(frames))) == tuple(sorted(frames))


@pytest.mark.parametrize("pattern", ["%04d", "####", "@@@@", "$F4"])
def test_every_way_to_write_the_frame_number_finds_the_same_files(tmp_path, pattern):
    touch(tmp_path, "p.0998.exr", "p.0999.exr", "p.1001.exr", "p.10000.exr", "p.1.exr", "q.0998.exr")
    found = find_sequence(str(tmp_path / f"p.{pattern}.exr"))
    assert found.frames == (998, 999, 1001, 10000)
    assert not found.is_still
    assert found.path(998) == tmp_path / "p.0998.exr"
    assert found.missing((998, 1000, 1001)) == (1000,)


def test_unpadded_and_negative_frames(tmp_path):
    touch(tmp_path, *(f"v_{frame}.png" for frame in range(8, 12)), "n.-002.exr", "n.-001.exr", "n.0000.exr")
    assert find_sequence(str(tmp_path / "v_%d.png")).frames == (8, 9, 10, 11)
    negative = find_sequence(str(tmp_path / "n.%04d.exr"))
    assert negative.frames == (-2, -1, 0)
    assert all(negative.path(frame).exists() for frame in negative.frames)


def test_a_folder_with_one_sequence_is_that_sequence(tmp_path):
    touch(
        tmp_path, "p.0001.exr", "p.0002.exr", "Thumbs.db", ".hidden.0001.exr", "notes.txt", "sub/x.0001.exr"
    )
    assert find_sequence(str(tmp_path)).frames == (1, 2)
    assert find_sequence(str(tmp_path)).path(2) == tmp_path / "p.0002.exr"


def test_a_folder_of_bare_or_unpadded_numbers(tmp_path):
    touch(tmp_path / "bare", *(f"{frame:05d}.png" for frame in range(3)))
    touch(tmp_path / "unpadded", *(f"f{frame}.png" for frame in (8, 9, 10, 11)))
    assert find_sequence(str(tmp_path / "bare")).frames == (0, 1, 2)
    unpadded = find_sequence(str(tmp_path / "unpadded"))
    assert unpadded.frames == (8, 9, 10, 11)
    assert all(unpadded.path(frame).exists() for frame in unpadded.frames)


def test_an_ambiguous_folder_is_refused_with_the_names_in_it(tmp_path):
    touch(tmp_path, "plate.0001.exr", "plate.0002.exr", "matte.0001.exr")
    with pytest.raises(InputError, match=r"matte\.#\.exr, plate\.#\.exr"):
        find_sequence(str(tmp_path))


def test_one_sequence_in_two_paddings_is_refused(tmp_path):
    touch(tmp_path, "p.1.exr", "p.0001.exr", "p.0002.exr")
    with pytest.raises(InputError, match="different numbers of digits"):
        find_sequence(str(tmp_path))


def test_an_empty_folder_is_refused(tmp_path):
    touch(tmp_path, "notes.txt")
    with pytest.raises(InputError, match="no picture"):
        find_sequence(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "frame"), [("clean.exr", 1), ("p.1007.exr", 1007), ("p_0007.png", 7), ("take2.exr", 1)]
)
def test_a_single_file_is_a_still(tmp_path, name, frame):
    touch(tmp_path, name)
    still = find_sequence(str(tmp_path / name))
    assert still.is_still
    assert still.frames == (frame,)
    assert still.path(5) == tmp_path / name
    assert still.missing((1, 2, 3)) == ()


def test_a_folder_with_one_still_is_that_still(tmp_path):
    touch(tmp_path, "matte.png")
    assert find_sequence(str(tmp_path)).is_still


@pytest.mark.parametrize("name", ["nothing.exr", "nothing.%04d.exr", "no/folder/p.%04d.exr"])
def test_what_is_not_there_is_named(tmp_path, name):
    with pytest.raises(InputError) as caught:
        find_sequence(str(tmp_path / name))
    assert caught.value.path == str(tmp_path / name)
    assert caught.value.remedy


def test_two_frame_numbers_are_refused(tmp_path):
    with pytest.raises(InputError, match="more than one frame number"):
        find_sequence(str(tmp_path / "p.%04d.####.exr"))


def test_signs_in_folder_names_are_no_frame_numbers(tmp_path):
    touch(tmp_path / "sc#01 [v2]", "p.0003.exr")
    assert find_sequence(str(tmp_path / "sc#01 [v2]" / "p.####.exr")).frames == (3,)


def test_outputs_need_not_exist(tmp_path):
    assert output_sequence(str(tmp_path / "c.%04d.exr")).path(12) == tmp_path / "c.0012.exr"
    assert output_sequence(str(tmp_path / "c.####.exr")).path(-1) == tmp_path / "c.-001.exr"
    assert output_sequence(str(tmp_path / "clean")).path(12) == tmp_path / "clean" / "clean.0012.exr"
    assert output_sequence(str(tmp_path / "clean") + os.sep).path(1) == tmp_path / "clean" / "clean.0001.exr"
    assert output_sequence(str(tmp_path)).path(3).parent == tmp_path
    still = output_sequence(str(tmp_path / "clean.exr"))
    assert still.is_still
    assert still.path(1) == tmp_path / "clean.exr"
