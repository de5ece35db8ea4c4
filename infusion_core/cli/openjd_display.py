"""Progress in the words of Open Job Description: lines on standard output that its runners look for."""

from __future__ import annotations

import sys
import threading
from typing import Any, TextIO

from infusion_core.cli.display import describe
from infusion_core.progress import Progress


class OpenJdDisplay:
    """``openjd_progress`` in per cent and ``openjd_status`` when they change; ``openjd_fail`` on errors."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stream: TextIO | None = sys.stdout
        self._percent = -1

    def progress(self, progress: Progress) -> None:
        """Tell of each new per cent."""
        percent = int(100 * progress.fraction)
        if percent != self._percent:
            self._percent = percent
            self._write(f"openjd_progress: {percent}", f"openjd_status: {describe(progress)}")

    def event(self, event: dict[str, Any]) -> None:
        """Tell of warnings and errors."""
        if event["event"] == "warning":
            self._write(f"openjd_status: Warning: {_one_line(event['message'])}")
        elif event["event"] == "error":
            self._write(f"openjd_fail: {_one_line(event['message'])}")

    def say(self, text: str) -> None:
        """Words are for the log."""
        self._write(_one_line(text))

    def _write(self, *lines: str) -> None:
        with self._lock:
            if self._stream is None:
                return
            try:
                self._stream.write("".join(f"{line}\n" for line in lines))
                self._stream.flush()
            except (OSError, ValueError):
                self._stream = None


def _one_line(text: str) -> str:
    return " ".join(text.split())
