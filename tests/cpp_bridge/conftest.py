"""An EXR chunk reader of the tests' own, and plates of every kind."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from infusion_core.io import native

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "exr"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if native.is_available():
        return
    skip = pytest.mark.skip(reason=f"native bridge {native.describe()}")
    for item in items:
        if "cpp_bridge" in item.path.parts and "needs_bridge" not in item.name:
            item.add_marker(skip)


@dataclass(frozen=True)
class RawPart:
    """One part of an EXR as stored: attribute bytes, and each chunk's bytes by table index."""

    attributes: dict[str, bytes]
    chunks: tuple[bytes, ...]
    offsets: tuple[int, ...]
    header: bytes  # as stored, without the byte that ends it

    @property
    def compression(self) -> int:
        return self.attributes["compression"][0]


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(b"\0", at)
    return data[at:end].decode(), end + 1


def _attributes(data: bytes, at: int) -> tuple[dict[str, bytes], int]:
    values = {}
    name, at = _text(data, at)
    while name:
        _, at = _text(data, at)
        (size,) = struct.unpack_from("<i", data, at)
        values[name] = data[at + 4 : at + 4 + size]
        name, at = _text(data, at + 4 + size)
    return values, at


def _chunk(data: bytes, at: int, multipart: bool, kind: str) -> bytes:
    start = at
    at += (4 if multipart else 0) + (16 if "tile" in kind else 4)
    if kind.startswith("deep"):
        table, packed = struct.unpack_from("<QQ", data, at)
        return data[start : at + 24 + table + packed]
    (size,) = struct.unpack_from("<i", data, at)
    return data[start : at + 4 + size]


def _count_entries(data: bytes, table: int) -> int:
    """Entries of a single part's offset table: it ends where the first of the chunks starts."""
    count, first = 0, len(data)
    while table + 8 * count < first:
        first = min(first, struct.unpack_from("<Q", data, table + 8 * count)[0])
        count += 1
    return count


def read_raw(path: Path) -> list[RawPart]:
    """The parts of an EXR that states its chunk counts (multi-part), or of a single-part one."""
    data = path.read_bytes()
    magic, version = struct.unpack_from("<iI", data)
    assert magic == 20000630
    multipart, at, headers, stored = bool(version & 0x1000), 8, [], []
    while True:
        start = at
        values, at = _attributes(data, at)
        if not values:
            break
        headers.append(values)
        stored.append(data[start : at - 1])
        if not multipart:
            break
    counts = []
    for values in headers:
        if "chunkCount" in values:
            counts.append(struct.unpack("<i", values["chunkCount"])[0])
        else:
            counts.append(_count_entries(data, at))
    parts = []
    for values, count, header in zip(headers, counts, stored, strict=True):
        offsets = struct.unpack_from(f"<{count}Q", data, at)
        at += 8 * count
        default = b"tiledimage" if version & 0x200 else b"scanlineimage"
        kind = values.get("type", default).rstrip(b"\0").decode()
        chunks = tuple(_chunk(data, offset, multipart, kind) for offset in offsets)
        parts.append(RawPart(values, chunks, offsets, header))
    return parts


def _attribute(name: str, kind: str, value: bytes) -> bytes:
    return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value


def join_parts(paths: dict[str, tuple[str, Path]], target: Path) -> Path:
    """One multi-part EXR of single-part ones (name to type and file), their chunks interleaved."""
    parts = [(name, kind, read_raw(path)[0]) for name, (kind, path) in paths.items()]
    data = struct.pack("<iI", 20000630, 2 | 0x1000 | 0x800)
    for name, kind, part in parts:
        data += part.header
        for key, type_name, value in (
            ("name", "string", name.encode()),
            ("type", "string", kind.encode()),
            ("chunkCount", "int", struct.pack("<i", len(part.chunks))),
        ):
            if key not in part.attributes:
                data += _attribute(key, type_name, value)
        data += b"\0"
    data += b"\0"
    order = sorted((i, number) for number, (_, _, part) in enumerate(parts) for i in range(len(part.chunks)))
    at = len(data) + 8 * len(order)
    tables: list[list[int]] = [[] for _ in parts]
    body = b""
    for i, number in order:
        tables[number].append(at + len(body))
        body += struct.pack("<i", number) + parts[number][2].chunks[i]
    target.write_bytes(data + b"".join(struct.pack(f"<{len(t)}Q", *t) for t in tables) + body)
    return target


@pytest.fixture
def raw() -> Callable[[Path], list[RawPart]]:
    return read_raw


@pytest.fixture
def shared_exr() -> Callable[[str], Path]:
    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"shared test data is missing: {name}")
        return path

    return find


@pytest.fixture
def picture() -> Callable[..., np.ndarray]:
    """Smooth colours with grain, values below 0 and above 1, a few infinities: (H, W, C) float32."""

    def make(height: int, width: int, channels: int, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[:height, :width]
        smooth = np.sin(x / 17) * np.cos(y / 11)
        values = smooth[..., None] * np.arange(1, channels + 1) + rng.normal(
            0, 0.05, (height, width, channels)
        )
        values[0, 0] = np.inf
        return values.astype(np.float16).astype(np.float32)

    return make


@pytest.fixture
def write_plate(tmp_path: Path, picture: Callable[..., np.ndarray]) -> Callable[..., Path]:
    """Write an EXR of half R, G, B, A and float Z (or as told) with a data window off the origin."""

    def write(
        compression: str = "zip",
        *,
        tile: int = 0,
        size: tuple[int, int] = (70, 90),
        types: tuple[str, ...] = ("half", "half", "half", "half", "float"),
        origin: tuple[int, int] = (-7, 5),
        name: str = "plate.exr",
        deep: bool = False,
        **attributes: object,
    ) -> Path:
        height, width = size
        spec = oiio.ImageSpec(width, height, len(types), "half")
        spec.channelnames = ("R", "G", "B", "A", "Z")[: len(types)]
        spec.channelformats = types
        spec.x, spec.y = origin
        spec.full_x, spec.full_y, spec.full_width, spec.full_height = 0, 0, width + 20, height + 30
        spec.attribute("compression", compression)
        spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), (18356486, 0))
        for key, value in attributes.items():
            spec.attribute(key, value)
        buffer = oiio.ImageBuf(spec)
        buffer.set_pixels(oiio.ROI(*_roi(spec)), picture(height, width, len(types)))
        if tile:
            buffer.set_write_tiles(tile, tile)
        path = tmp_path / name
        if deep:
            buffer = oiio.ImageBufAlgo.deepen(buffer)
            buffer.specmod().attribute("compression", compression)
            buffer.specmod().tile_width = buffer.specmod().tile_height = tile
            buffer.set_write_tiles(tile, tile)
        assert buffer.write(str(path)), buffer.geterror()
        return path

    return write


def _roi(spec: oiio.ImageSpec) -> tuple[int, ...]:
    return (spec.x, spec.x + spec.width, spec.y, spec.y + spec.height, 0, 1, 0, spec.nchannels)


@pytest.fixture
def write_mipmap(write_plate: Callable[..., Path], tmp_path: Path) -> Callable[[str], Path]:
    """A mip-mapped EXR in tiles of 16 pixels."""

    def write(compression: str) -> Path:
        options = oiio.ImageSpec()
        options.tile_width = options.tile_height = 16
        options.attribute("compression", compression)
        path, plain = tmp_path / "mips.exr", oiio.ImageBuf(str(write_plate("zip", name="plain.exr")))
        assert oiio.ImageBufAlgo.make_texture(oiio.MakeTxTexture, plain, str(path), options)
        return path

    return write


@pytest.fixture
def write_multipart(
    write_plate: Callable[..., Path], write_mipmap: Callable[..., Path], tmp_path: Path
) -> Callable[..., Path]:
    """A deep part, then a flat one of ``compression``, a mip-mapped and a deep tiled one."""

    def write(compression: str = "zip", tile: int = 0) -> Path:
        flat = write_plate(compression, tile=tile, name="flat.exr")
        parts = {
            "deep": ("deepscanline", write_plate("zips", deep=True, name="deep.exr")),
            "beauty": ("tiledimage" if tile else "scanlineimage", flat),
            "mips": ("tiledimage", write_mipmap("piz")),
            "deeptiles": ("deeptile", write_plate("rle", deep=True, tile=16, name="deeptiles.exr")),
        }
        return join_parts(parts, tmp_path / "multipart.exr")

    return write


@pytest.fixture
def read_bits() -> Callable[..., dict[str, np.ndarray]]:
    """Every channel of one part as unsigned integers holding its bits, decoded by OpenImageIO."""

    def read(path: Path, part: int = 0, level: int = 0) -> dict[str, np.ndarray]:
        file = oiio.ImageInput.open(str(path))
        assert file, oiio.geterror()
        assert file.seek_subimage(part, level)
        spec = file.spec()
        bits = {}
        for i, name in enumerate(spec.channelnames):
            kind = str(spec.channelformat(i))
            pixels = file.read_image(part, level, i, i + 1, kind)
            assert pixels is not None, file.geterror()
            bits[name] = pixels[..., 0].view({"half": np.uint16, "float": np.uint32, "uint": np.uint32}[kind])
        file.close()
        return bits

    return read
