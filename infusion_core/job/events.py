"""What a run tells the process that started it, one JSON object a line. Standard library only.

``Progress.to_event`` makes the commonest of them; every event has ``event`` and ``schema_version``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from infusion_core.errors import Cancelled, InfusionError
from infusion_core.progress import EVENT_SCHEMA_VERSION

OnEvent = Callable[[dict[str, Any]], None]


def ignore_event(_: dict[str, Any]) -> None:
    """The ``on_event`` of a caller who does not care."""


def _event(kind: str, **values: Any) -> dict[str, Any]:
    return {"event": kind, "schema_version": EVENT_SCHEMA_VERSION, **values}


def started_event(job: Path, pid: int) -> dict[str, Any]:
    """The run holds the job folder and begins."""
    return _event("started", job=str(job), pid=pid)


def preview_event(path: Path, interval: int | None) -> dict[str, Any]:
    """A picture of the fill as it stands after ``interval`` was written; None: the trunk's own fill."""
    return _event("preview", path=str(path), interval=interval)


def warning_event(message: str) -> dict[str, Any]:
    """Something the user should know, though the run goes on."""
    return _event("warning", message=message)


def error_event(error: BaseException) -> dict[str, Any]:
    """The run ends without a result; ``type`` is ``Cancelled`` when the user asked for it."""
    if isinstance(error, KeyboardInterrupt):
        error = Cancelled("Stopped at once.")
    if isinstance(error, InfusionError):
        return _event("error", exit_status=error.exit_status, **error.to_dict())
    details = {"type": type(error).__name__, "message": str(error) or type(error).__name__}
    return _event("error", exit_status=1, **details, path=None, frame=None, remedy=None)


def done_event(job: Path | None, output: str, frames: int) -> dict[str, Any]:
    """The result is written."""
    return _event("done", job=None if job is None else str(job), output=output, frames=frames)
