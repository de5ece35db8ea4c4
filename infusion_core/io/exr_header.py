"""Carrying an EXR's attributes over to another file as the bytes they are.

No library at hand writes every attribute back as it was read: OpenImageIO renames and drops some,
OpenEXR's Python module refuses rationals (``framesPerSecond``) and types it does not know. So the
pixels are written under a bare header, which is then exchanged for the plate's own. The layout is that of
"OpenEXR File Layout" (openexr.com): magic number, version and flags, for each part attributes of
name, type, size and value, the tables of chunk offsets, the chunks.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from infusion_core.errors import InputError

_MAGIC = 20000630
_MULTI_PART, _LONG_NAMES = 0x1000, 0x400
_MAX_SHORT_NAME = 31
# What describes how pixels are stored, and so must follow the pixels that were written.
_STORAGE = ("channels", "compression", "lineOrder", "tiles", "type", "chunkCount")

Attributes = dict[str, tuple[str, bytes]]


@dataclass(frozen=True)
class RawHeader:
    """An EXR's header in bytes.

    Attributes:
        flags: Version and flags.
        parts: For each part: attribute name -> (type, value).
        end: Where the tables of chunk offsets start.
    """

    flags: int
    parts: tuple[Attributes, ...]
    end: int


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(b"\0", at)
    return data[at:end].decode("latin-1"), end + 1


def parse_header(data: bytes) -> RawHeader:
    """Take the header of an EXR apart.

    Raises:
        ValueError: the bytes are not those of an EXR.
    """
    try:
        magic, flags = struct.unpack_from("<II", data, 0)
        if magic != _MAGIC:
            raise ValueError("not an OpenEXR file")
        parts: list[Attributes] = []
        at = 8
        while not parts or (flags & _MULTI_PART and data[at]):
            attributes: Attributes = {}
            while data[at]:
                name, at = _text(data, at)
                kind, at = _text(data, at)
                (size,) = struct.unpack_from("<i", data, at)
                at += 4
                if size < 0 or at + size > len(data):
                    raise ValueError(f"attribute {name!r} has no end")
                attributes[name] = (kind, data[at : at + size])
                at += size
            at += 1
            parts.append(attributes)
    except (struct.error, IndexError) as error:
        raise ValueError("the header has no end") from error
    return RawHeader(flags, tuple(parts), at + 1 if flags & _MULTI_PART else at)


def _offsets(data: bytes, start: int) -> tuple[int, ...]:
    """The chunk offsets of all parts; the first chunk of the file follows on the last of them."""
    offsets: list[int] = []
    first_chunk = len(data)
    while start + 8 * len(offsets) < first_chunk:
        (offset,) = struct.unpack_from("<Q", data, start + 8 * len(offsets))
        offsets.append(offset)
        first_chunk = min(first_chunk, offset)
    return tuple(offsets)


def _merged(source: Attributes, written: Attributes, *, is_multi_part: bool) -> Attributes:
    """The source's attributes in their order, with the storage of what was written."""
    merged: Attributes = {}
    for name, value in source.items():
        if name not in _STORAGE:
            merged[name] = value
        elif name in written:
            merged[name] = written[name]
    needed = _STORAGE if is_multi_part else _STORAGE[:4]  # a single part needs no type, no count
    return merged | {name: written[name] for name in needed if name in written and name not in merged}


def _header_bytes(flags: int, parts: list[Attributes]) -> bytes:
    pieces = []
    for attributes in parts:
        for name, (kind, value) in attributes.items():
            if max(len(name), len(kind)) > _MAX_SHORT_NAME:
                flags |= _LONG_NAMES
            pieces.append(b"%s\0%s\0" % (name.encode("latin-1"), kind.encode("latin-1")))
            pieces.append(struct.pack("<i", len(value)) + value)
        pieces.append(b"\0")
    if flags & _MULTI_PART:
        pieces.append(b"\0")
    return struct.pack("<II", _MAGIC, flags) + b"".join(pieces)


def take_over_attributes(source: Path, written: Path) -> None:
    """Give the EXR ``written`` the attributes of ``source``, byte for byte, in place.

    Both have the same parts. Only how pixels are stored (compression, tiles, channels) stays that of
    ``written``.

    Raises:
        InputError: the source's header cannot be taken apart.
    """
    data = written.read_bytes()
    new = parse_header(data)
    try:
        old = parse_header(source.read_bytes())
    except ValueError as error:
        raise InputError(
            f"Cannot read the header ({error}).", path=source, remedy="Render or copy this frame again."
        ) from error
    is_multi_part = bool(new.flags & _MULTI_PART)
    parts = [
        _merged(theirs, ours, is_multi_part=is_multi_part)
        for theirs, ours in zip(old.parts, new.parts, strict=True)
    ]
    header = _header_bytes(new.flags, parts)
    offsets = _offsets(data, new.end)
    moved = len(header) - new.end
    table = struct.pack(f"<{len(offsets)}Q", *(offset + moved for offset in offsets))
    with written.open("wb") as file:
        file.write(header)
        file.write(table)
        file.write(memoryview(data)[new.end + len(table) :])
