"""What is wrong with an output is said before any long work."""

import errno
import os
import shutil
import tempfile

import pytest

from infusion_core.errors import InputError, OutputError
from infusion_core.io.mattes import open_matte
from infusion_core.io.plates import open_plate
from infusion_core.io.results import check_output
from infusion_core.io.sequences import output_sequence
from infusion_core.settings import ShotSettings


def test_the_output_is_checked_before_work(make, tmp_path):
    plate = open_plate(make.sequence("p", range(1, 5)))
    output = output_sequence(str(tmp_path / "new" / "out.%04d.exr"))
    check_output(output, plate, plate.frames, overwrite=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"p.000{frame}.exr" for frame in range(1, 5)]
    output.path(3).parent.mkdir()
    output.path(3).touch()
    with pytest.raises(OutputError, match="Frames 3 of the output exist") as caught:
        check_output(output, plate, plate.frames, overwrite=False)
    assert caught.value.frame == 3
    check_output(output, plate, plate.frames, overwrite=True)


def test_plate_and_matte_are_never_replaced(make, tmp_path):
    plate = open_plate(make.sequence("p", range(1, 5)))
    matte = open_matte(make.matte("m", range(1, 5), (4, 4, 8, 8)), plate, ShotSettings())
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("p.%04d.exr", "m.%04d.exr", "link/p.####.exr"):
        with pytest.raises(OutputError, match="would replace"):
            check_output(
                output_sequence(str(tmp_path / name)), plate, plate.frames, overwrite=True, matte=matte
            )


def test_a_still_output_for_many_frames_is_refused(make, tmp_path):
    plate = open_plate(make.sequence("p", range(1, 5)))
    with pytest.raises(InputError, match="no frame number"):
        check_output(output_sequence(str(tmp_path / "out.exr")), plate, plate.frames, overwrite=False)
    check_output(output_sequence(str(tmp_path / "out.exr")), plate, plate.frames[:1], overwrite=False)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".dpx", ".mov", ".xyz"])
def test_formats_that_cannot_hold_the_plate_are_refused(make, tmp_path, suffix):
    plate = open_plate(make.sequence("p", range(1, 3)))
    with pytest.raises(OutputError, match=r"cannot become.*Write an EXR"):
        check_output(
            output_sequence(str(tmp_path / f"out.%04d{suffix}")), plate, plate.frames, overwrite=False
        )


def test_a_folder_without_access_is_refused(make, tmp_path, monkeypatch):
    """The refusal itself is staged: a test that runs as superuser may write anywhere."""
    plate = open_plate(make.sequence("p", range(1, 3)))

    def refuse(*_, **where):
        assert where["dir"] == tmp_path
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(OutputError, match="cannot be written to \\(Permission denied\\)") as caught:
        check_output(
            output_sequence(str(tmp_path / "new" / "o.%04d.exr")), plate, plate.frames, overwrite=False
        )
    assert caught.value.path == str(tmp_path)


def test_a_folder_that_is_a_file_is_refused(make, tmp_path):
    plate = open_plate(make.sequence("p", range(1, 3)))
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        check_output(
            output_sequence(str(tmp_path / "file" / "out.%04d.exr")), plate, plate.frames, overwrite=False
        )


def test_too_little_disk_space_is_refused(make, tmp_path, monkeypatch):
    plate = open_plate(make.sequence("p", range(1, 3)))
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100))
    with pytest.raises(OutputError, match="disk has free"):
        check_output(output_sequence(str(tmp_path / "out.%04d.exr")), plate, plate.frames, overwrite=False)
