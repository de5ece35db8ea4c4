"""Never two runs in one job folder: a lock file that says who holds it and shows signs of life.

It works on network file systems too: the file is made exclusively, its age is judged by the file
server's own clock, and a holder that another run has pushed out notices. Standard library only.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any

from infusion_core.errors import JobError, OutputError

HEARTBEAT_S = 10.0
STALE_AFTER_S = 180.0


class FolderLock:
    """Holds a job folder while a ``with`` block runs.

    Args:
        path: The lock file; its folder is made if need be.
        heartbeat_s: Seconds between signs of life.
        stale_after_s: Silence after which a holder is taken for dead.

    Raises:
        JobError: on entry, when another run that is alive holds the folder.
    """

    def __init__(
        self, path: Path, *, heartbeat_s: float = HEARTBEAT_S, stale_after_s: float = STALE_AFTER_S
    ) -> None:
        self.path = path
        self._heartbeat_s = heartbeat_s
        self._stale_after_s = stale_after_s
        self._token = uuid.uuid4().hex
        self._lost = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="job-lock", daemon=True)

    def __enter__(self) -> FolderLock:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self._create():
                self._evict_if_stale()
                if not self._create():
                    raise _held_by(_read(self.path), self.path)
        except OSError as error:
            raise OutputError(
                f"Cannot use the job folder: {error.strerror}.",
                path=self.path.parent,
                remedy="Choose a folder that can be written with --job.",
            ) from error
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        if self._is_ours():
            self.path.unlink(missing_ok=True)

    def check(self) -> None:
        """Raise JobError once another run has taken the folder over."""
        if self._lost:
            raise JobError(
                "Another run has taken this job over while this one was asleep.", path=self.path.parent
            )

    def _create(self) -> bool:
        try:
            handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            return False
        holder = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "machine": _machine(),
            "started": time.strftime("%Y-%m-%d %H:%M:%S"),
            "token": self._token,
        }
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(holder, file)
        return True

    def _evict_if_stale(self) -> None:
        # Several may find the same stale lock. Only one at a time may evict, and it looks again first:
        # by then the lock may be that of a run which was quicker.
        guard = self.path.with_name(f".{self.path.name}.takeover")
        try:
            os.close(os.open(guard, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError as error:
            if self._silence(guard) > self._stale_after_s:  # whoever made it died that very moment
                guard.unlink(missing_ok=True)
            raise _held_by({}, self.path) from error
        try:
            holder = _read(self.path)
            if not (_is_dead(holder) or self._silence(self.path) > self._stale_after_s):
                raise _held_by(holder, self.path)
            self.path.unlink(missing_ok=True)
        finally:
            guard.unlink(missing_ok=True)

    def _silence(self, path: Path) -> float:
        """Seconds since ``path`` was last touched, by the clock of the file's own server."""
        probe = self.path.with_name(f".now.{self._token}")
        try:
            probe.touch()
            return probe.stat().st_mtime - path.stat().st_mtime
        except FileNotFoundError:
            return 0.0
        finally:
            probe.unlink(missing_ok=True)

    def _is_ours(self) -> bool:
        return _read(self.path).get("token") == self._token

    def _beat(self) -> None:
        while not self._ended.wait(self._heartbeat_s):
            try:
                os.utime(self.path)
                self._lost = _read(self.path).get("token", self._token) != self._token
            except FileNotFoundError:
                self._lost = True
            except OSError:
                continue  # a file server that is away for a moment; the next beat tells


def _machine() -> str:
    """Where process ids mean the same: the host, and on Linux the container too."""
    try:
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _is_dead(holder: dict[str, Any]) -> bool:
    """Whether the holder is known to be gone; a process of another host never is."""
    pid = holder.get("pid")
    if holder.get("machine") != _machine() or not isinstance(pid, int) or os.name == "nt":
        return False  # on Windows signal 0 would interrupt the process; there the heartbeat decides
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _held_by(holder: dict[str, Any], path: Path) -> JobError:
    who = (
        f"process {holder['pid']} on {holder['host']}, started {holder['started']}"
        if {"pid", "host", "started"} <= holder.keys()
        else "another process"
    )
    return JobError(
        f"Another run is at work in this job folder: {who}.",
        path=path.parent,
        remedy="Wait for it, cancel it, or choose another folder with --job.",
    )
