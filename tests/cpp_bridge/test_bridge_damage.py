"""Damaged, truncated and hostile files end in the project's errors, and leave nothing behind."""

from __future__ import annotations

import resource
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest

from infusion_core.box import Box
from infusion_core.errors import InfusionError, InputError, OutputError, ResourceError
from infusion_core.io import native

BOX = Box(0, 5, 20, 40)
MASK = np.ones((BOX.height, BOX.width), bool)
NEW = {"R": np.ones(MASK.shape, np.float16)}


def refusals(path: Path, target: Path, part: int = 0) -> int:
    """How many of five tries at a file are refused. Whatever else is raised fails the test."""

    def splice(exact: bool) -> None:
        native.splice(path, target, box=BOX, pixels=NEW, mask=MASK, exact=exact, part=part, frame=1042)

    def read(channels: list[str]) -> None:
        out = np.empty((1, BOX.height, BOX.width, len(channels)), np.float32)
        native.read_region([path], box=BOX, channels=channels, out=out, part=part, frames=[1042])

    tries: list[tuple[Callable[[Any], None], object]] = [
        (splice, True),
        (splice, False),
        (read, ["R", "G", "B"]),
        (read, ["Y"]),
        (read, ["Z"]),
    ]
    errors = [error for attempt, argument in tries if (error := _refusal(attempt, argument))]
    assert all(error.frame == 1042 and str(path) in str(error) for error in errors)
    return len(errors)


def _refusal(attempt: Callable[[Any], None], argument: object) -> InfusionError | None:
    try:
        attempt(argument)
    except (InputError, ResourceError) as error:
        return error
    return None


@pytest.fixture
def memory_limit():
    """Half a GiB on top of what is in use: a hostile size that is believed fails."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**29, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("folder", ["damaged", "incomplete"])
def test_shared_broken_files_are_refused(shared_exr, tmp_path, memory_limit, folder):
    files = sorted(shared_exr(folder).glob("*.exr"))
    assert files
    for path in files:
        for part in range(2):
            # A damaged part need not be the one asked for by channel name: at least the splice fails.
            assert refusals(path, tmp_path / "out.exr", part) >= 2, path.name
    assert list(tmp_path.iterdir()) == []


def test_truncation_anywhere_is_refused(write_multipart, tmp_path):
    source, cut = write_multipart().read_bytes(), tmp_path / "cut" / "cut.exr"
    cut.parent.mkdir()
    for length in [*range(0, 3000, 61), *range(3000, len(source), 9973), len(source) - 1]:
        cut.write_bytes(source[:length])
        with pytest.raises(InputError):
            native.splice(cut, cut, box=BOX, pixels=NEW, mask=MASK, part=1)
        assert cut.read_bytes() == source[:length]
        assert list(cut.parent.iterdir()) == [cut]


@pytest.mark.parametrize("compression", ["none", "rle", "zips", "zip", "piz", "pxr24", "b44", "dwaa", "dwab"])
def test_flipped_bytes_end_in_errors_or_pictures(write_plate, tmp_path, compression):
    rng = np.random.default_rng(5)
    source = bytearray(write_plate(compression).read_bytes())
    broken = tmp_path / "broken.exr"
    for trial in range(60):
        data = bytearray(source)
        span = len(data) if trial % 2 else 1500
        for _ in range(rng.integers(1, 6)):
            data[rng.integers(8, span)] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, int(rng.integers(256))])
        broken.write_bytes(data)
        refusals(broken, tmp_path / "out.exr")


def overwrite(path: Path, name: str, at: int, value: bytes) -> None:
    """Overwrite bytes of an attribute's value."""
    data = bytearray(path.read_bytes())
    start = data.index(name.encode() + b"\0")
    kind_end = data.index(b"\0", start + len(name) + 1)
    value_at = kind_end + 5 + at
    data[value_at : value_at + len(value)] = value
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("dataWindow", 8, struct.pack("<i", 2**29)),  # half a billion pixels wide
        ("dataWindow", 12, struct.pack("<i", 2**29)),  # or high
        ("dataWindow", 0, struct.pack("<4i", -(2**31), -(2**31), 2**31 - 1, 2**31 - 1)),
        ("dataWindow", 8, struct.pack("<i", -500)),  # ends before it starts
        ("compression", 0, b"\x77"),
        ("channels", 2, struct.pack("<i", 9)),  # no such pixel type
    ],
)
def test_hostile_headers_are_refused_at_no_cost(write_plate, tmp_path, memory_limit, name, at, value):
    path = write_plate("zip")
    overwrite(path, name, at, value)
    assert refusals(path, tmp_path / "out.exr") == 5
    assert not (tmp_path / "out.exr").exists()


def test_overlapping_chunks_cannot_blow_up_the_copy(write_plate, raw, tmp_path):
    path = write_plate("none")
    part = raw(path)[0]
    data = bytearray(path.read_bytes())
    struct.pack_into("<i", data, part.offsets[60] + 4, len(data) - part.offsets[60] - 8)
    path.write_bytes(data)
    with pytest.raises(InputError, match="overlap"):
        native.splice(path, tmp_path / "out.exr", box=BOX, pixels=NEW, mask=MASK)


def test_a_missing_chunk_is_named_incomplete(write_plate, raw, tmp_path):
    path = write_plate("zips")
    first = raw(path)[0].offsets[0]
    data = bytearray(path.read_bytes())
    table = first - 8 * 70
    data[table + 8 * 20 : table + 8 * 21] = bytes(8)
    path.write_bytes(data)
    with pytest.raises(InputError, match="incomplete"):
        native.splice(path, tmp_path / "out.exr", box=BOX, pixels=NEW, mask=MASK)


def test_flat_pictures_compress_far_and_are_still_believed(write_plate, tmp_path):
    """The bound on expansion must not refuse an honest black 4K-wide plate."""
    for compression in ("rle", "zips", "zip", "piz", "pxr24", "b44a", "dwaa", "dwab"):
        path = tmp_path / f"{compression}.exr"
        spec = oiio.ImageSpec(4096, 256, 4, "half")
        spec.attribute("compression", compression)
        buffer = oiio.ImageBuf(spec)
        assert buffer.write(str(path))
        native.splice(path, tmp_path / "out.exr", box=BOX, pixels=NEW, mask=MASK, exact=False)
        out = np.ones((1, 256, 4096, 1), np.float16)
        native.read_region([tmp_path / "out.exr"], box=Box(0, 0, 4096, 256), channels=["R"], out=out)
        assert np.count_nonzero(out > 0.5) == MASK.sum()


def test_a_folder_that_cannot_be_written_is_an_output_error(write_plate, tmp_path):
    source = write_plate()
    with pytest.raises(OutputError):
        native.splice(source, tmp_path / "nowhere" / "out.exr", box=BOX, pixels=NEW, mask=MASK)
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError):
        native.splice(source, tmp_path / "folder", box=BOX, pixels=NEW, mask=MASK)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "plate.exr"]


def test_a_full_disk_is_an_output_error(write_plate, tmp_path):
    source = write_plate("none")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (source.stat().st_size // 2, before[1]))
    try:
        with pytest.raises(OutputError, match="disk full"):
            native.splice(source, tmp_path / "out.exr", box=BOX, pixels=NEW, mask=MASK)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == [source]


def test_a_missing_source_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        native.splice(tmp_path / "none.exr", tmp_path / "out.exr", box=BOX, pixels=NEW, mask=MASK)
    with pytest.raises(InputError):
        native.splice(tmp_path, tmp_path / "out.exr", box=BOX, pixels=NEW, mask=MASK)
