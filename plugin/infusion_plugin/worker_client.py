"""Start, watch and stop the worker of a job folder; all state lies in files, so any host may pick it up.

A host calls ``poll`` now and then (a timer, a thread) and draws the ``RunState`` it returns.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infusion_plugin import farm, interpreter, job, lock, process
from infusion_plugin.errors import OUT_OF_MEMORY_REMEDY, InterpreterError, JobError, PluginError
from infusion_plugin.files import read_json, tail
from infusion_plugin.protocol import EventTail
from infusion_plugin.run_state import CANCELLED, RunState, fold

HUNG_AFTER_S = 30.0
CANCEL_GRACE_S = 30.0


class WorkerClient:
    """The worker of one job folder, seen from a host.

    Args:
        folder: The job folder.
        python: The core's Python; empty: found as ``interpreter.find`` does.
        host_root: The host's install folder, kept out of the worker's library search.
        cancel_grace_s: Seconds between a cancel request and the end by force.
        environ: The environment to start from; None: this process's.
    """

    def __init__(
        self,
        folder: Path,
        *,
        python: str = "",
        host_root: Path | None = None,
        cancel_grace_s: float = CANCEL_GRACE_S,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = Path(folder)
        self._python = python
        self._host_root = host_root
        self.grace_s = cancel_grace_s
        self._environ: Mapping[str, str] = os.environ if environ is None else environ
        self._watch()

    def _watch(self) -> None:
        """Look at the folder afresh."""
        self._tail = EventTail(self.folder / "events.jsonl")
        self._state = RunState()
        self._run_id = ""
        self._beat: dict[str, Any] | None = None
        self._beat_seen = 0.0

    def start(self, run: job.Run | None = None) -> None:
        """Start the worker, detached: it outlives the host.

        Raises:
            InterpreterError: the core's Python cannot be found or started.
            JobError: there is no usable job here.
            JobLockedError: another run is at work here.
        """
        run = run or job.Run()
        python = interpreter.find(self._python, self._environ)
        job.read_job(self.folder)
        lock.acquire(self.folder, run.run_id)
        try:
            job.write_run(self.folder, run)
            _remove(self.folder / "cancel")
            _remove(self.folder / "heartbeat.json")
            child = self._spawn(python)
        except OSError as error:
            lock.release(self.folder, run.run_id)
            raise InterpreterError(f"The worker cannot be started: {error}.", path=python) from error
        process.remember_child(child)
        lock.hand_over(self.folder, run.run_id, child.pid)
        self._watch()

    def _spawn(self, python: str) -> subprocess.Popen[bytes]:
        detached: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
            detached = {"creationflags": flags}
        with (self.folder / "worker.log").open("ab") as log:
            return subprocess.Popen(
                [python, "-m", "infusion_worker", str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # its events lie in events.jsonl, which outlives a pipe
                stderr=log,
                cwd=str(self.folder),
                env=interpreter.clean_environment(self._environ, self._host_root),
                close_fds=True,
                **detached,
            )

    def poll(self) -> RunState:
        """The run as it stands now; ends by force a worker that ignores a cancel request. Never waits.

        A run whose worker has said its last word but still holds the folder counts as active, so that
        whoever sees it ended may start the next one at once.
        """
        try:
            run = job.read_run(self.folder)
        except JobError as error:
            return RunState(status="failed", error=str(error))
        if run is None:  # no worker of a host: a farm's tasks may still tell of themselves
            self._read_events()
            return farm.as_told(self.folder, self._state)
        if run.run_id != self._run_id:
            self._watch()
            self._run_id = run.run_id
            self._state = RunState(status="starting", message="Starting the worker")
        holder = lock.read_lock(self.folder)  # before the events: a worker says its last word, then lets go
        self._read_events()
        if self._state.is_active:
            self._state = self._checked(holder)
        elif holder is not None and self._is_at_work(holder):
            return replace(self._state, status="running", message="Ending", loss=None, time_left_s=None)
        return self._state

    def _is_at_work(self, holder: lock.Lock) -> bool:
        """Whether ``holder`` is the living worker of the run that is watched."""
        return holder.run_id == self._run_id and not lock.is_stale(self.folder, holder)

    def _read_events(self) -> None:
        for event in self._tail.read():
            if event.get("run_id", "") == self._run_id:
                self._state = fold(self._state, event)

    def _checked(self, holder: lock.Lock | None) -> RunState:
        """The state of an active run after a look at its process and heartbeat."""
        if holder is None or not self._is_at_work(holder):
            return self._ended(holder)
        asked = _cancel_time(self.folder)
        here = holder.host == process.this_host()
        if (
            asked is not None
            and time.time() - asked > self.grace_s
            and here
            and process.is_worker(holder.pid)
        ):
            process.end(holder.pid)
            lock.release(self.folder, self._run_id)
            message = (
                "The worker did not stop by itself and was ended; Resume goes on from the last checkpoint."
            )
            return replace(self._state, status="cancelled", message=message)
        return replace(self._state, answering=self._silence_s() < HUNG_AFTER_S)

    def _ended(self, holder: lock.Lock | None) -> RunState:
        """A worker that is gone without a last word: say why as well as can be told."""
        status = process.exit_status(holder.pid) if holder and holder.run_id == self._run_id else None
        lock.release(self.folder, self._run_id)
        if _cancel_time(self.folder) is not None:
            return replace(self._state, status="cancelled", message=CANCELLED)
        error = PluginError(_cause(status), remedy=_remedy(status), path=self.folder / "worker.log")
        last = tail(self.folder / "worker.log", 3)
        return replace(self._state, status="failed", error=f"{error}\n{last}".strip())

    def _silence_s(self) -> float:
        """Seconds since the last heartbeat, by this machine's clock once two were seen."""
        beat = read_json(self.folder / "heartbeat.json")
        now = time.monotonic()
        if beat != self._beat or not self._beat_seen:
            first = self._beat is None
            self._beat, self._beat_seen = beat, now
            if first and beat is not None:
                self._beat_seen = now - max(0.0, time.time() - float(beat.get("time", time.time())))
        return now - self._beat_seen

    def cancel(self) -> None:
        """Ask the worker to stop and keep what is done; ``poll`` ends it by force after the grace time."""
        if lock.read_lock(self.folder) is not None:
            (self.folder / "cancel").touch()

    def wait(self, timeout_s: float, every_s: float = 0.2) -> RunState:
        """Poll until the run has ended or ``timeout_s`` has passed, for hosts without an interface."""
        until = time.monotonic() + timeout_s
        state = self.poll()
        while state.is_active and time.monotonic() < until:
            time.sleep(every_s)
            state = self.poll()
        return state


def _remove(path: Path) -> None:
    if path.exists():
        path.unlink()


def _cancel_time(folder: Path) -> float | None:
    try:
        return (folder / "cancel").stat().st_mtime
    except OSError:
        return None


def _cause(status: int | None) -> str:
    if status in (-9, 137):
        return "The system ended the worker, most likely because memory ran out."
    if status is not None and status < 0:
        return f"The worker crashed ({signal.Signals(-status).name})."
    if status:
        return f"The worker stopped with exit status {status}."
    return "The worker stopped without a word: it was killed, ran out of memory, or the machine went down."


def _remedy(status: int | None) -> str:
    if status in (-9, 137):
        return OUT_OF_MEMORY_REMEDY
    return "Press Resume to go on from the last checkpoint; the log says more."
