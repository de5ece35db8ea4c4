"""The worker's sign of life and its ear for the cancel request."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from infusion_plugin.files import write_json

EVERY_S = 2.0


class Heartbeat:
    """Rewrites ``heartbeat.json`` every two seconds while a ``with`` block runs."""

    def __init__(self, folder: Path, run_id: str) -> None:
        self._path = folder / "heartbeat.json"
        self._run_id = run_id
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while True:
            with suppress(OSError):  # a full disk or a file server away: the work itself will tell
                write_json(self._path, {"run_id": self._run_id, "time": time.time()})
            if self._ended.wait(EVERY_S):
                return


class StopRequest:
    """Whether to stop: a SIGTERM came, or the file ``cancel`` lies in the job folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "cancel"
        self._asked = False
        self._looked = 0.0

    def ask(self, *_: object) -> None:
        """Signal handler."""
        self._asked = True

    def __call__(self) -> bool:
        now = time.monotonic()
        if not self._asked and now - self._looked > 0.25:  # the core asks often; the disk is asked seldom
            self._looked = now
            self._asked = self._path.exists()
        return self._asked
