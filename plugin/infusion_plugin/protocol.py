"""The worker's events: one JSON object a line, read with patience.

``started`` opens a run; ``progress``, ``preview`` and ``warning`` follow; ``done`` or ``error`` (of type
``Cancelled`` when the user asked for it) closes it. The worker adds ``run_id`` to what the core says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EVENT_SCHEMA_VERSION = 1
KINDS = ("started", "progress", "preview", "warning", "error", "done")

Event = dict[str, Any]


def parse_line(line: str) -> Event | None:
    """The event in ``line``; None for anything else (a library's print, a line cut short by a kill)."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("event") not in KINDS:
        return None
    return event if event.get("schema_version") == EVENT_SCHEMA_VERSION else None


class EventTail:
    """Reads what was appended to ``events.jsonl`` since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[Event]:
        """New whole lines that are events; a line still being written waits for the next look."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, 2)
                if size < self._offset:  # a new file in its place
                    self._offset = 0
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        parsed = (parse_line(line.decode("utf-8", "replace")) for line in whole.splitlines())
        return [event for event in parsed if event is not None]
