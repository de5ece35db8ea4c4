"""Pixels from the comp to the job's EXRs: exact, at full size, in the right view, and tidied up after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_nuke.host import Host
from fake_nuke.picture import read_exr
from infusion_nuke.export import Exr, StoppedError, write_exrs
from infusion_plugin.errors import InputError
from nuke_shot import DATA, DISPLAY, RGBA, make_read, noise, write_clip

HALF = Exr("all", "16 bit half")


def written(tmp_path: Path) -> str:
    return (tmp_path / "job folder" / "plate" / "plate.%04d.exr").as_posix()


def test_values_windows_and_channels_arrive_unchanged(host: Host, tmp_path: Path) -> None:
    channels = (*RGBA, "depth.Z")
    read = make_read(host, write_clip(tmp_path / "in", "plate", lambda frame: noise(frame, channels)))
    write_exrs(read, written(tmp_path), [1001, 1002], "main", HALF)
    for frame in (1001, 1002):
        got = read_exr(Path(written(tmp_path) % frame))
        assert np.array_equal(got.pixels, noise(frame, channels).pixels)
        assert (got.data, got.display, got.channels) == (DATA, DISPLAY, channels)
    assert not Path(written(tmp_path) % 1003).exists()


def test_only_asked_channels_are_written(host: Host, tmp_path: Path) -> None:
    file = write_clip(tmp_path / "in", "plate", lambda frame: noise(frame, (*RGBA, "depth.Z")))
    write_exrs(make_read(host, file), written(tmp_path), [1001], "main", Exr("rgba", "32 bit float"))
    assert read_exr(Path(written(tmp_path) % 1001)).channels == RGBA


def test_gaps_are_left_as_they_are(host: Host, plate_file: str, tmp_path: Path) -> None:
    write_exrs(make_read(host, plate_file), written(tmp_path), [1001, 1003, 1005, 1006], "main", HALF)
    assert [frame for frame, _ in host.rendered] == [1001, 1003, 1005, 1006]


def test_proxy_is_off_while_writing_and_back_on_after(host: Host, plate_file: str, tmp_path: Path) -> None:
    host.root()["proxy"].setValue(True)
    write_exrs(make_read(host, plate_file), written(tmp_path), [1001], "main", HALF)
    assert read_exr(Path(written(tmp_path) % 1001)).data == DATA
    assert host.root()["proxy"].value() is True


def test_one_view_is_written(open_host: Callable[..., Host], tmp_path: Path) -> None:
    host = open_host(views=("left", "right"))
    for view, seed in (("left", 0), ("right", 9000)):
        write_clip(tmp_path / view, "plate", lambda frame, seed=seed: noise(frame + seed))  # type: ignore[misc]
    read = make_read(host, (tmp_path / "%V" / "plate.%04d.exr").as_posix())
    write_exrs(read, written(tmp_path), [1001, 1002], "right", HALF)
    assert {view for _, view in host.rendered} == {"right"}
    assert np.array_equal(read_exr(Path(written(tmp_path) % 1001)).pixels, noise(10001).pixels)


def restored(host: Host) -> bool:
    """Whether nothing of the writing is left in the script."""
    return not host.allNodes("Write") and host.root()["proxy"].value() is True and not host.Undo.steps


def failing(host: Host, source: Any, tmp_path: Path, error: type[Exception]) -> str:
    host.root()["proxy"].setValue(True)
    with pytest.raises(error) as caught:
        write_exrs(source, written(tmp_path), [1001, 1002], "main", HALF)
    assert restored(host)
    return str(caught.value)


def test_a_missing_frame_is_told_and_everything_put_back(host: Host, plate_file: str, tmp_path: Path) -> None:
    Path(plate_file % 1002).unlink()
    assert "plate.1002.exr" in failing(host, make_read(host, plate_file), tmp_path, InputError)


def test_cancelling_the_writing_is_no_error(host: Host, plate_file: str, tmp_path: Path) -> None:
    host.cancel_rendering = True
    failing(host, make_read(host, plate_file), tmp_path, StoppedError)


def test_a_folder_that_cannot_be_made_is_told(host: Host, plate_file: str, tmp_path: Path) -> None:
    (tmp_path / "job folder").write_text("a file in the way")
    with pytest.raises(InputError, match="Work folder"):
        write_exrs(make_read(host, plate_file), written(tmp_path), [1001], "main", HALF)
    assert not host.allNodes("Write")


def test_frames_of_an_older_run_do_not_stand_in(host: Host, plate_file: str, tmp_path: Path) -> None:
    read = make_read(host, plate_file)
    write_exrs(read, written(tmp_path), [1001, 1002], "main", HALF)
    Path(plate_file % 1002).unlink()
    with pytest.raises(InputError):
        write_exrs(read, written(tmp_path), [1001, 1002], "main", HALF)
    assert not Path(written(tmp_path) % 1002).exists()


def test_nested_nodes_are_written_from_their_own_group(host: Host, plate_file: str, tmp_path: Path) -> None:
    outer = host.nodes.Group()
    with outer:
        read = make_read(host, plate_file)
    write_exrs(read, written(tmp_path), [1001], "main", HALF)
    assert np.array_equal(read_exr(Path(written(tmp_path) % 1001)).pixels, noise(1001).pixels)
    assert outer.nodes() == [read]
