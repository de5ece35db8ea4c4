"""Where the worker's events go: ``events.jsonl`` in the job folder, and stdout."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO


def take_stdout() -> TextIO:
    """Keep the real stdout for events and send everything else that is printed, by C code too, to stderr."""
    sys.stdout.flush()
    events = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return events


class EventLog:
    """Writes events as whole lines, each with the run's id and the time; safe from several threads.

    Args:
        path: ``events.jsonl``; a line that a killed run left unfinished is closed first.
        run_id: Names the run.
        echo: Where events go as well.
    """

    def __init__(self, path: Path, run_id: str, echo: TextIO) -> None:
        self._run_id = run_id
        self._echo: TextIO | None = echo
        self._lock = threading.Lock()
        torn = path.exists() and path.read_bytes()[-1:] not in (b"", b"\n")
        self._file = path.open("ab", buffering=0)
        if torn:
            self._file.write(b"\n")

    def write(self, event: dict[str, Any]) -> None:
        """Append one event."""
        line = json.dumps({**event, "run_id": self._run_id, "time": time.time()}) + "\n"
        with self._lock:
            self._file.write(line.encode("utf-8"))
            if self._echo is not None:
                try:
                    self._echo.write(line)
                except OSError:  # whoever read stdout is gone; the file goes on
                    self._echo = None
