"""The worker's events: one JSON object a line, read with patience.

``started`` opens a run; ``progress``, ``preview`` and ``warning`` follow; ``done`` or ``error`` (of type
``Cancelled`` when the user asked for it) closes it. The worker adds ``run_id`` to what the core says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infusion_plugin.files import LineTail

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
        self._lines = LineTail(path)

    def read(self) -> list[Event]:
        """The new events."""
        parsed = (parse_line(line) for line in self._lines.read())
        return [event for event in parsed if event is not None]
