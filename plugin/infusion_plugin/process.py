"""Processes of this machine: are they alive, and how are they ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

_children: dict[int, subprocess.Popen[bytes]] = {}


def this_host() -> str:
    """Where process ids mean the same: this machine, and on Linux this container."""
    try:
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def remember_child(child: subprocess.Popen[bytes]) -> None:
    """Keep a child so that any client in this process can ask how it ended."""
    _children[child.pid] = child


def exit_status(pid: int) -> int | None:
    """How a child of this process ended, negative for a signal; None if it runs or is no child of ours."""
    child = _children.get(pid)
    return None if child is None else child.poll()


def is_alive(pid: int) -> bool | None:
    """Whether process ``pid`` of this machine runs; None where that cannot be told."""
    if pid in _children:
        return exit_status(pid) is None
    if sys.platform == "win32":  # os.kill(pid, 0) would end the process there
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[:1] == ["Z"]


def is_worker(pid: int) -> bool:
    """Whether ``pid`` is a worker and not a process that got its number later."""
    if pid in _children:
        return True
    if sys.platform == "win32":
        return True  # its lock goes stale by heartbeat there, long before numbers come round again
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)
    return b"infusion_worker" in shown.stdout


def end(pid: int) -> None:
    """End a worker and what it started, at once."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/PID", str(pid), "/T", "/F"], check=False, capture_output=True)
        return
    try:
        os.killpg(pid, signal.SIGKILL)  # workers lead their own process group
    except (ProcessLookupError, PermissionError):
        return
    if pid in _children:
        _children[pid].wait()
