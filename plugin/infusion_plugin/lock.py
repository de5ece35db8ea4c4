"""One run at a time in a job folder.

``run.lock`` is made with exclusive creation, by the host before it starts a worker or by a worker
started by hand. It names run, machine and process. A lock whose process is gone is stale and is taken over.
"""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from infusion_plugin import process
from infusion_plugin.errors import JobLockedError
from infusion_plugin.files import read_json, write_json

ELSEWHERE_STALE_S = 180.0
"""A worker on another machine that has not given a heartbeat for this long counts as gone."""


@dataclass(frozen=True)
class Lock:
    """Who holds a job folder; ``time`` is in seconds since the epoch."""

    run_id: str
    pid: int = field(default_factory=os.getpid)
    host: str = field(default_factory=process.this_host)
    time: float = field(default_factory=time.time)


def lock_path(folder: Path) -> Path:
    return folder / "run.lock"


def read_lock(folder: Path) -> Lock | None:
    """The lock as it is, stale or not; None where the folder is free."""
    data = read_json(lock_path(folder))
    if data is None:
        return None
    try:
        return Lock(str(data["run_id"]), int(data["pid"]), str(data["host"]), float(data["time"]))
    except (KeyError, TypeError, ValueError):
        return None


def is_stale(folder: Path, lock: Lock) -> bool:
    """Whether the process that took ``lock`` is gone."""
    if lock.host == process.this_host():
        alive = process.is_alive(lock.pid)
        if alive is not None:
            return not alive
    return time.time() - max(lock.time, _last_beat(folder)) > ELSEWHERE_STALE_S


def _last_beat(folder: Path) -> float:
    try:
        return (folder / "heartbeat.json").stat().st_mtime
    except OSError:
        return 0.0


def holder(folder: Path) -> Lock | None:
    """The lock of a living run; None where the folder is free or its lock is stale."""
    lock = read_lock(folder)
    return None if lock is None or is_stale(folder, lock) else lock


def acquire(folder: Path, run_id: str) -> None:
    """Take the folder for ``run_id``.

    Raises:
        JobLockedError: a living run holds it.
    """
    for _ in range(2):
        try:
            handle = os.open(str(lock_path(folder)), os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            _remove_stale(folder)
            continue
        os.close(handle)
        hand_over(folder, run_id)
        return
    raise _locked(folder, read_lock(folder))


def _remove_stale(folder: Path) -> None:
    path = lock_path(folder)
    lock = read_lock(folder)
    if lock is None:
        fresh = path.exists() and time.time() - path.stat().st_mtime < 5.0
        if fresh:  # made this moment by another run that has not written its name yet
            raise _locked(folder, None)
    elif not is_stale(folder, lock):
        raise _locked(folder, lock)
    aside = path.with_name(f".run.lock.stale.{os.getpid()}")
    try:  # a rename succeeds for one of two that try
        os.rename(str(path), str(aside))
        aside.unlink()
    except FileNotFoundError:
        return


def _locked(folder: Path, lock: Lock | None) -> JobLockedError:
    who = "" if lock is None else f" (process {lock.pid} on {lock.host.split()[0]})"
    return JobLockedError(
        f"Another run is at work in this job folder{who}.",
        path=folder,
        remedy="Wait for it, press Cancel, or start a new version.",
    )


def hand_over(folder: Path, run_id: str, pid: int | None = None) -> None:
    """Write into the lock of ``run_id`` that process ``pid`` (default: this one) now holds it."""
    write_json(lock_path(folder), asdict(Lock(run_id, os.getpid() if pid is None else pid)))


def release(folder: Path, run_id: str) -> None:
    """Free the folder if ``run_id`` holds it."""
    lock = read_lock(folder)
    if lock is not None and lock.run_id == run_id:
        try:
            lock_path(folder).unlink()
        except FileNotFoundError:
            return
