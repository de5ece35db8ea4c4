"""When the Read's own files are used, and what the job says then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_nuke.host import Host
from fake_nuke.picture import read_exr
from infusion_nuke.footage import gather
from infusion_nuke.request import read_request
from infusion_plugin.errors import InputError
from nuke_shot import make_node, make_read, noise, write_clip


def gathered(node: Any) -> Any:
    return gather(node, read_request(node, 1))


def test_untouched_reads_are_used_as_they_are(host: Host, plate_file: str, matte_file: str) -> None:
    dot = host.nodes.Dot()
    dot.setInput(0, make_read(host, plate_file))
    job = gathered(make_node(host, dot, make_read(host, matte_file)))
    assert (job.plate, job.matte) == (plate_file, matte_file)
    assert host.rendered == []
    assert job.settings["shot"]["frames"] == "1001-1006"


CHANGES: dict[str, Callable[[Any], object]] = {
    "a colourspace": lambda read: (read["raw"].setValue(False), read["colorspace"].setValue("sRGB")),
    "an offset": lambda read: (read["frame_mode"].setValue("offset"), read["frame"].setValue("10")),
    "premultiplied": lambda read: read["premultiplied"].setValue(True),
    "Tcl in the path": lambda read: read["file"].setValue("[value dir]/p.%04d.exr"),
    "another format": lambda read: read["file"].setValue("/a/p.%04d.dpx"),
    "a still": lambda read: read["file"].setValue("/a/p.exr"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_read_that_changes_its_files_is_not_used_directly(
    host: Host, plate_file: str, change: Callable[[Any], object]
) -> None:
    from infusion_nuke.footage import _gives_files_unchanged

    read = make_read(host, plate_file)
    assert _gives_files_unchanged(read, [1001, 1006])
    change(read)
    assert not _gives_files_unchanged(read, [1001, 1006])


def test_frames_that_the_read_holds_are_written(host: Host, plate_file: str) -> None:
    from infusion_nuke.footage import _gives_files_unchanged

    assert not _gives_files_unchanged(make_read(host, plate_file), [1000, 1001])


def test_anything_between_is_written(infusion: Any, host: Host) -> None:
    job = gathered(infusion)
    assert job.plate.endswith("InfusionInpaint1/v001/plate/plate.%04d.exr")
    assert Path(job.plate % 1006).exists()
    assert Path(job.matte % 1001).exists()


def test_the_artist_can_have_everything_written(host: Host, plate_file: str, matte_file: str) -> None:
    node = make_node(host, make_read(host, plate_file), make_read(host, matte_file))
    node["read_directly"].setValue(False)
    assert gathered(node).plate != plate_file


def test_no_matte_means_the_plates_alpha(host: Host, plate_file: str) -> None:
    job = gathered(make_node(host, make_read(host, plate_file), None))
    assert job.matte == job.plate
    assert job.settings["shot"]["matte_channel"] == "A"


def test_handles_that_the_plate_has_are_written(infusion: Any, host: Host) -> None:
    infusion["shot_frames"].setValue("1003-1004")
    infusion["shot_handles"].setValue(4)
    gathered(infusion)
    assert sorted({frame for frame, _ in host.rendered}) == [1001, 1002, 1003, 1004, 1005, 1006]


def test_one_view_of_a_stereo_read_is_used(open_host: Callable[..., Host], tmp_path: Path) -> None:
    host = open_host(views=("left", "right"))
    for view in ("left", "right"):
        write_clip(tmp_path / view, "plate", noise)
    node = make_node(host, make_read(host, (tmp_path / "%V" / "plate.%04d.exr").as_posix()), None)
    node["view"].setValue("right")
    job = gathered(node)
    assert job.plate == (tmp_path / "right" / "plate.%04d.exr").as_posix()
    assert "InfusionInpaint1_right" in job.output


def test_a_range_outside_the_plate_is_refused(infusion: Any) -> None:
    infusion["shot_frames"].setValue("1001-1010")
    with pytest.raises(InputError, match="1001-1006"):
        read_request(infusion, 1)


def test_a_reference_is_appended_with_a_black_matte(infusion: Any, host: Host, tmp_path: Path) -> None:
    clean = make_read(host, write_clip(tmp_path / "clean", "clean", noise, range(1, 4)), range(1, 4))
    infusion.setInput(2, clean)
    infusion["shot_frames"].setValue("1002-1004")
    infusion["shot_handles"].setValue(1)
    job = gathered(infusion)
    assert job.settings["shot"]["handles"] == 4
    assert [frame for frame, _ in host.rendered[-3:]] == [1006, 1007, 1008]
    for frame in (1, 2, 3):
        assert np.array_equal(read_exr(Path(job.plate % (1005 + frame))).pixels, noise(frame).pixels)
        assert not np.any(read_exr(Path(job.matte % (1005 + frame))).pixels)
    assert host.allNodes("Write") + host.allNodes("TimeOffset") + host.allNodes("Multiply") == []


def test_a_reference_does_not_make_its_alpha_a_hole(host: Host, plate_file: str, tmp_path: Path) -> None:
    node = make_node(host, make_read(host, plate_file), None)
    node.setInput(2, make_read(host, write_clip(tmp_path / "clean", "clean", noise)))
    job = gathered(node)
    assert job.matte != job.plate
    assert not np.any(read_exr(Path(job.matte % 1007)).pixels)
