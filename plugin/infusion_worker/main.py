"""One run of a job folder from first event to exit status."""

from __future__ import annotations

import json
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from infusion_plugin import lock
from infusion_plugin.errors import OUT_OF_MEMORY_REMEDY, JobError, PluginError
from infusion_plugin.files import write_json
from infusion_plugin.job import Run, read_run, write_run
from infusion_plugin.protocol import EVENT_SCHEMA_VERSION
from infusion_plugin.schema import SCHEMA_PATH
from infusion_worker.event_log import EventLog, take_stdout
from infusion_worker.heartbeat import Heartbeat, StopRequest

OUT_OF_MEMORY_HINTS = ("out of memory", "can't allocate memory", "cannot allocate memory")


def work(folder: Path) -> int:
    """Do the run that ``run.json`` in ``folder`` asks for; without one, fill the shot from the start.

    Returns:
        The exit status: 0 done, 2 wrong input, 130 cancelled, 1 anything else.
    """
    echo = take_stdout()
    try:
        run = _claim(folder)
    except PluginError as error:
        echo.write(json.dumps(_error_event(error)) + "\n")
        return 2
    log = EventLog(folder / "events.jsonl", run.run_id, echo)
    stop = StopRequest(folder)
    signal.signal(signal.SIGTERM, stop.ask)
    signal.signal(signal.SIGINT, stop.ask)
    try:
        with Heartbeat(folder, run.run_id):
            return _run(folder, run, log, stop)
    finally:
        lock.release(folder, run.run_id)


def _claim(folder: Path) -> Run:
    """The run to do, with the folder's lock in this process's name."""
    if not folder.is_dir():
        raise JobError("There is no such job folder.", path=folder)
    run = read_run(folder)
    held = lock.read_lock(folder)
    if run is not None and held is not None and held.run_id == run.run_id:
        lock.hand_over(folder, run.run_id)  # the host that started us took it for us
        return run
    run = Run() if run is None else Run(task=run.task, resume=run.resume, seed=run.seed, output=run.output)
    lock.acquire(folder, run.run_id)
    write_run(folder, run)
    return run


def _run(folder: Path, run: Run, log: EventLog, stop: StopRequest) -> int:
    started = {"event": "started", "schema_version": EVENT_SCHEMA_VERSION}
    log.write({**started, "job": str(folder), "task": run.task})
    try:
        from infusion_worker.tasks import TASKS

        TASKS[run.task](folder, run, log.write, stop)
    except BaseException as error:
        traceback.print_exc()
        event = _error_event(error)
        log.write(event)
        return int(event["exit_status"])
    return 0


def _error_event(error: BaseException) -> dict[str, Any]:
    """The event for any exception; the core's and the plugin layer's own know place and remedy."""
    event: dict[str, Any] = {
        "event": "error",
        "schema_version": EVENT_SCHEMA_VERSION,
        "type": type(error).__name__,
        "message": getattr(error, "message", None) or str(error) or type(error).__name__,
        "path": getattr(error, "path", None),
        "frame": getattr(error, "frame", None),
        "remedy": getattr(error, "remedy", None),
        "exit_status": getattr(error, "exit_status", 1),
    }
    text = event["message"].lower()
    if isinstance(error, MemoryError) or any(hint in text for hint in OUT_OF_MEMORY_HINTS):
        event["message"] = f"Memory ran out ({type(error).__name__})."
        event["remedy"] = OUT_OF_MEMORY_REMEDY
    elif isinstance(error, ModuleNotFoundError):
        event["message"] = f"The Python {sys.executable} lacks {error.name}."
        event["remedy"] = "Run 'infusion doctor', or point Python at the one that holds infusion-inpaint."
    return event


def write_schema() -> int:
    """Regenerate the plugin layer's copy of the settings schema from the core."""
    from infusion_core.settings import schema

    write_json(SCHEMA_PATH, schema())
    return 0
