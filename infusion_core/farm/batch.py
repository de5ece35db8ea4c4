"""Many shots at once on one machine: each a process of its own, at most one on a GPU."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

from infusion_core.errors import InfusionError
from infusion_core.farm.checks import is_complete, put_job
from infusion_core.farm.shot_list import ListedShot
from infusion_core.farm.shot_state import EXIT_CANCELLED, OnChange, ShotState
from infusion_core.farm.slots import Slot
from infusion_core.progress import ShouldStop

_LOOK_EVERY_S = 0.1


def run_batch(
    shots: Sequence[ListedShot],
    problems: Mapping[str, InfusionError],
    slots: Sequence[Slot],
    on_change: OnChange,
    should_stop: ShouldStop,
) -> list[ShotState]:
    """Run shots to their ends, several at once; a shot that fails does not stop the others.

    Args:
        shots: What to do.
        problems: Shots that cannot be done, by name, and why; they count as failed.
        slots: Where shots run, one at a time in each.
        on_change: Given all states whenever one has changed, from several threads in turn.
        should_stop: Polled; once true no shot starts, and those at work are asked to checkpoint and stop.
    """
    batch = _Batch(shots, slots, on_change, should_stop)
    for name, error in problems.items():
        batch.fail(name, error)
    return batch.run([shot for shot in shots if shot.name not in problems])


class _Batch:
    """Runs shots, each as ``infusion inpaint --resume`` on its job folder."""

    def __init__(
        self, shots: Sequence[ListedShot], slots: Sequence[Slot], on_change: OnChange, should_stop: ShouldStop
    ) -> None:
        self._states = {s.name: ShotState(s.name, s.spec.output, str(s.folder.path)) for s in shots}
        self._slots: queue.Queue[Slot] = queue.Queue()
        for slot in slots:
            self._slots.put(slot)
        self._on_change = on_change
        self._should_stop = should_stop
        self._lock = threading.Lock()
        self._children: set[subprocess.Popen[str]] = set()
        self._stopping = False

    def run(self, shots: Sequence[ListedShot]) -> list[ShotState]:
        with ThreadPoolExecutor(self._slots.qsize()) as pool:
            left = {pool.submit(self._shot, shot) for shot in shots}
            try:
                while left:
                    left = wait(left, _LOOK_EVERY_S).not_done
                    if self._should_stop() and not self._stopping:
                        self._stop()
            except BaseException:  # a second Ctrl-C: at once
                self._stopping = True
                for child in self._running():
                    child.kill()
                raise
        return list(self._states.values())

    def fail(self, name: str, error: InfusionError) -> None:
        """Count a shot as failed."""
        self._change(name, status="failed", message=str(error), error=error.to_dict())

    def _stop(self) -> None:
        self._stopping = True
        for child in self._running():
            _ask_to_stop(child)

    def _running(self) -> list[subprocess.Popen[str]]:
        with self._lock:
            return list(self._children)

    def _change(self, name: str, **changes: Any) -> None:
        with self._lock:
            self._states[name] = replace(self._states[name], **changes)
            self._on_change(list(self._states.values()))

    def _shot(self, shot: ListedShot) -> None:
        slot = self._slots.get()
        begun = time.monotonic()
        try:
            if self._stopping:
                return
            if is_complete(shot):
                self._change(shot.name, status="complete", fraction=1.0)
                return
            self._change(shot.name, status="running", slot=slot.gpu)
            put_job(shot)
            self._child(shot, slot)
        except InfusionError as error:
            self.fail(shot.name, error)
        except Exception as error:  # whatever it is, the other shots go on
            self._change(shot.name, status="failed", message=f"{type(error).__name__}: {error}")
        finally:
            self._change(shot.name, seconds=round(time.monotonic() - begun, 1))
            self._slots.put(slot)

    def _child(self, shot: ListedShot, slot: Slot) -> None:
        words = ["inpaint", "--job", str(shot.folder.path), "--resume", "--progress", "json"]
        with tempfile.TemporaryFile("w+", encoding="utf-8") as complaints:
            with self._lock:
                child = _start([*words, *slot.options(shot.spec.settings)], slot, complaints)
                self._children.add(child)
            if self._stopping:
                _ask_to_stop(child)
            for line in child.stdout or ():
                self._event(shot.name, line)
            status = child.wait()
            with self._lock:
                self._children.discard(child)
            complaints.seek(0)
            self._end(shot.name, status, complaints.read())

    def _event(self, name: str, line: str) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            return
        if event["event"] == "progress":
            self._change(name, fraction=event["fraction"], message=event["message"])
        elif event["event"] == "done":
            self._change(name, frames=event["frames"], fraction=1.0)
        elif event["event"] == "error":
            self._change(name, error=event)

    def _end(self, name: str, status: int, complaints: str) -> None:
        if status == 0:
            self._change(name, status="done", message="")
            return
        last = complaints.strip().splitlines()[-1:] or [f"It ended with exit status {status}."]
        # A child that was told to stop before it could listen ends by the signal itself.
        cancelled = status == EXIT_CANCELLED or (self._stopping and status == -signal.SIGTERM)
        message = "Stopped; another run of the list goes on." if cancelled else last[0]
        self._change(name, status="cancelled" if cancelled else "failed", message=message)


def _start(words: list[str], slot: Slot, complaints: Any) -> subprocess.Popen[str]:
    # In a group of its own, so that a terminal's Ctrl-C reaches it through us alone, and only once.
    own: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        own = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "infusion_core.cli", *words],
        env={**os.environ, **slot.environment()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=complaints,
        text=True,
        encoding="utf-8",
        **own,
    )


def _ask_to_stop(child: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        child.send_signal(signal.CTRL_BREAK_EVENT)
    else:
        child.send_signal(signal.SIGTERM)
