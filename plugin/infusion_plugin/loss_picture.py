"""A picture of the loss curve, drawn with the standard library alone so that any host can show it."""

from __future__ import annotations

import json
import math
import os
import struct
import uuid
import zlib
from pathlib import Path

from infusion_plugin.files import LineTail

WIDTH, HEIGHT = 480, 140
BACKGROUND = (38, 38, 38)
COLOURS = ((235, 140, 52), (90, 170, 230))

Point = tuple[int, float]


class LossPicture:
    """Draws ``losses.jsonl`` on a log scale, one colour an interval, and reads only what is new.

    Args:
        losses: The file that the core appends to.
        picture: The PNG to write.
    """

    def __init__(self, losses: Path, picture: Path) -> None:
        self._tail = LineTail(losses)
        self._picture = picture
        self._points: list[Point] = []

    def update(self) -> Path | None:
        """Draw anew if there is anything new; the picture, or None where there is no loss yet."""
        new = [point for point in map(_parsed, self._tail.read()) if point is not None]
        self._points += new
        if new:
            self._picture.parent.mkdir(parents=True, exist_ok=True)
            # Two may draw the same job: one host that was closed and one that was opened on it, for a moment.
            beside = self._picture.with_name(f".{self._picture.name}.{uuid.uuid4().hex[:8]}")
            beside.write_bytes(_png(_columns(self._points)))
            os.replace(str(beside), str(self._picture))
        return self._picture if self._points else None


def _parsed(line: str) -> Point | None:
    """(interval, loss) of a line; None where it cannot be read or drawn."""
    try:
        row = json.loads(line)
        interval, loss = int(row["interval"]), float(row["loss"])
    except (ValueError, KeyError, TypeError):
        return None
    return (interval, loss) if math.isfinite(loss) and loss > 0 else None


def _columns(points: list[Point]) -> list[tuple[int, int, int]]:
    """For every column of the picture: the curve's highest and lowest row, and the interval."""
    logs = [math.log(loss) for _, loss in points]
    low, high = min(logs), max(logs)
    scale = (HEIGHT - 5) / ((high - low) or 1.0)
    columns = []
    for x in range(WIDTH):
        start = x * len(points) // WIDTH
        end = max(start + 1, (x + 1) * len(points) // WIDTH)
        rows = [2 + round((high - value) * scale) for value in logs[start:end]]
        columns.append((min(rows), max(rows), points[start][0]))
    return columns


def _png(columns: list[tuple[int, int, int]]) -> bytes:
    rows = []
    for y in range(HEIGHT):
        pixels = bytearray(b"\0")  # filter type of the row: none
        for top, bottom, interval in columns:
            pixels += bytes(COLOURS[interval % 2] if top - 1 <= y <= bottom + 1 else BACKGROUND)
        rows.append(bytes(pixels))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(rows))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
