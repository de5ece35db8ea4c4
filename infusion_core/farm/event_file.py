"""``events.jsonl`` of a job folder: how the tasks of a farm tell a host where the job stands.

Tasks of several machines append to it, experts of parallel mode and chunks of frames at the same time;
should a file server mix two of their lines or lose one, readers go on with the next. Standard library only.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from infusion_core.progress import OnProgress, Progress

PROGRESS_EVERY_S = 1.0


class EventFile:
    """Appends events, each with the time; what cannot be written is left out, for the work matters more."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = float("-inf")

    def add(self, event: dict[str, Any]) -> None:
        """Append one event."""
        line = json.dumps({**event, "run_id": "", "time": time.time()}) + "\n"
        try:
            with self._path.open("ab", buffering=0) as file:
                file.write(line.encode("utf-8"))
        except OSError:
            return

    def progress(self, progress: Progress) -> None:
        """Append a report, at most one a second."""
        if time.monotonic() - self._last >= PROGRESS_EVERY_S:
            self._last = time.monotonic()
            self.add(progress.to_event())


def both(first: OnProgress, second: OnProgress) -> OnProgress:
    """A callback that reports to two."""

    def report(progress: Progress) -> None:
        first(progress)
        second(progress)

    return report
