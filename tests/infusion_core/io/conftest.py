"""Pictures for the tests of files: made here, or real ones from beside the project."""

import struct
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest

from infusion_core.io import native

SHARED_EXR = Path(__file__).parents[4] / "shared" / "data" / "exr"

# Signalling and quiet NaN with payloads, both infinities, both zeros, denormals, plain values.
ODD_HALVES = np.array(
    [0x7C01, 0xFE03, 0x7C00, 0xFC00, 0x8000, 0x0000, 0x0001, 0x3C00, 0xBC00, 0x7BFF], np.uint16
).view(np.float16)
ODD_FLOATS = np.array(
    [0x7F800001, 0xFFC00123, 0x7F800000, 0xFF800000, 0x80000000, 0, 1, 0x3F800000, 0x12345678], np.uint32
).view(np.float32)
RGBA = {"R": "f2", "G": "f2", "B": "f2", "A": "f2"}
Window = tuple[int, int, int, int]


class PictureMaker:
    """Writes test pictures into a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rng = np.random.default_rng(7)

    def channels(self, size: tuple[int, int] = (24, 32), *, odd: bool = True, **types: str) -> dict:
        """Random (H, W) channels, name -> numpy type; RGBA half by default. ``odd`` puts NaN and such in."""
        made = {}
        for name, kind in (types or RGBA).items():
            if kind == "u4":
                made[name] = self.rng.integers(0, 2**32, size, dtype=np.uint32)
                continue
            values = self.rng.normal(0.5, 2.0, size).astype(kind)
            special = ODD_HALVES if kind == "f2" else ODD_FLOATS
            if odd:
                values.ravel()[: special.size] = special
                values.ravel()[-special.size :] = special
            made[name] = values
        return made

    def windows(self, data: Window, display: Window | None = None) -> dict:
        """Header entries of half-open windows (x0, y0, x1, y1)."""

        def window(box: Window) -> tuple[np.ndarray, np.ndarray]:
            return np.array(box[:2], np.int32), np.array([box[2] - 1, box[3] - 1], np.int32)

        return {"dataWindow": window(data), "displayWindow": window(display or data)}

    def exr(self, name: str, *parts: tuple[dict, dict]) -> Path:
        """Write an EXR of parts, each (header, channels)."""
        path = self.folder / name
        made = []
        for header, channels in parts:
            stored = {key: OpenEXR.Channel(key, pixels) for key, pixels in channels.items()}
            made.append(OpenEXR.Part(dict(header), stored))
        OpenEXR.File(made).write(str(path))
        return path

    def exr_with_attributes(self, name: str, extra: dict[str, tuple[str, bytes]]) -> Path:
        """Write, byte by byte, an uncompressed 32x24 EXR with more attributes, name -> (type, value)."""
        width, height, names = 32, 24, "BGR"
        half = struct.pack("<iB3xii", 1, 0, 1, 1)
        window = struct.pack("<4i", 0, 0, width - 1, height - 1)
        attributes = {
            "channels": ("chlist", b"".join(f"{key}\0".encode() + half for key in names) + b"\0"),
            "compression": ("compression", b"\0"),
            "dataWindow": ("box2i", window),
            "displayWindow": ("box2i", window),
            "lineOrder": ("lineOrder", b"\0"),
            "pixelAspectRatio": ("float", struct.pack("<f", 2.0)),
            "screenWindowCenter": ("v2f", bytes(8)),
            "screenWindowWidth": ("float", struct.pack("<f", 1.0)),
            **extra,
        }
        long_names = 0x400 if max(map(len, attributes)) > 31 else 0
        header = struct.pack("<II", 20000630, 2 | long_names)
        for key, (kind, value) in attributes.items():
            header += f"{key}\0{kind}\0".encode() + struct.pack("<i", len(value)) + value
        header += b"\0"
        channels = self.channels((height, width), B="f2", G="f2", R="f2")
        pixels = np.stack([channels[key] for key in names], axis=1)
        row_size = pixels[0].nbytes
        first = len(header) + 8 * height
        offsets = [first + y * (8 + row_size) for y in range(height)]
        rows = b"".join(struct.pack("<ii", y, row_size) + pixels[y].tobytes() for y in range(height))
        path = self.folder / name
        path.write_bytes(header + struct.pack(f"<{height}Q", *offsets) + rows)
        return path

    def sequence(self, name: str, frames: range, size: tuple[int, int] = (24, 32), **types: str) -> str:
        """Write one-part EXRs of plain random values; returns their pattern."""
        for frame in frames:
            self.exr(f"{name}.{frame:04d}.exr", ({}, self.channels(size, odd=False, **types)))
        return str(self.folder / f"{name}.%04d.exr")

    def matte(self, name: str, frames: range, box: Window, size: tuple[int, int] = (24, 32)) -> str:
        """Write one-channel mattes, white in ``box``; returns their pattern."""
        pixels = np.zeros(size, np.float16)
        pixels[box[1] : box[3], box[0] : box[2]] = 1
        for frame in frames:
            self.exr(f"{name}.{frame:04d}.exr", ({}, {"A": pixels}))
        return str(self.folder / f"{name}.%04d.exr")

    def flat(self, name: str, pixels: np.ndarray, **attributes: object) -> Path:
        """Write (H, W, C) pixels through OpenImageIO in their own type; ``__`` in names stands for ``:``."""
        path = self.folder / name
        kinds = {"float16": "half", "float32": "float", "uint32": "uint"}
        kind = kinds.get(str(pixels.dtype), str(pixels.dtype))
        spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], kind)
        spec.attribute("oiio:UnassociatedAlpha", 1)
        for key, value in attributes.items():
            spec.attribute(key.replace("__", ":"), value)
        oiio.attribute("tiff:half", int(kind == "half"))
        output = oiio.ImageOutput.create(str(path))
        assert output is not None
        assert output.open(str(path), spec), output.geterror()
        assert output.write_image(np.ascontiguousarray(pixels)), output.geterror()
        assert output.close()
        return path


@pytest.fixture
def make(tmp_path: Path) -> PictureMaker:
    return PictureMaker(tmp_path)


@pytest.fixture(params=["bridge", "library"])
def way_to_read(request, monkeypatch) -> str:
    """Runs a test with pixels read through the native bridge, where it is built, and without it."""
    if request.param == "bridge" and not native.is_available():
        pytest.skip("the native bridge is not built")
    if request.param == "library":
        monkeypatch.setattr(native, "is_available", lambda: False)
    return request.param


@pytest.fixture
def shared_exr() -> Path:
    """The folder of real EXR files; skips where it is missing."""
    if not SHARED_EXR.is_dir():
        pytest.skip("the shared EXR files are not here")
    return SHARED_EXR


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(b"\0", at)
    return data[at:end].decode("latin-1"), end + 1


@pytest.fixture
def raw_attributes():
    """A function: EXR path -> for every part, name -> (type, value) as the bytes in the file."""

    def read(path: Path) -> list[dict[str, tuple[str, bytes]]]:
        data = path.read_bytes()
        (version,) = struct.unpack_from("<I", data, 4)
        parts: list[dict[str, tuple[str, bytes]]] = []
        at = 8
        while not parts or (version & 0x1000 and data[at]):
            attributes = {}
            while data[at]:
                name, at = _text(data, at)
                kind, at = _text(data, at)
                (size,) = struct.unpack_from("<i", data, at)
                attributes[name] = (kind, data[at + 4 : at + 4 + size])
                at += 4 + size
            at += 1
            parts.append(attributes)
        return parts

    return read
