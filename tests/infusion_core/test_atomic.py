import os
from pathlib import Path

import pytest

from infusion_core.atomic import replacing, write_text
from infusion_core.errors import OutputError


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def write_half() -> None:
        with replacing(path) as beside:
            beside.write_text("half of the ne")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_suffix_is_kept_for_writers_that_choose_a_format_by_it(tmp_path: Path) -> None:
    with replacing(tmp_path / "a" / "picture.png") as beside:
        assert beside.suffix == ".png"
        beside.write_bytes(b"x")
    assert (tmp_path / "a" / "picture.png").read_bytes() == b"x"


def test_a_full_disk_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    with pytest.raises(OutputError, match=r"file\.txt.*No space left") as caught, replacing(path):
        raise OSError(28, "No space left on device")
    assert caught.value.path == str(path)


def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OutputError, match="Not a file"):
        write_text(path, "text")
    assert path.is_fifo()
    assert list(tmp_path.iterdir()) == [path]
