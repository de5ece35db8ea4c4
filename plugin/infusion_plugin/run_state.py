"""What a host shows of a run, folded from its events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from infusion_plugin.protocol import Event

STAGE_LABELS = {
    "prepare": "Preparing",
    "train": "Training",
    "denoise": "Filling",
    "export": "Exporting models",
    "write": "Writing frames",
}


CANCELLED = "Cancelled; Resume goes on from the last checkpoint."


@dataclass(frozen=True)
class RunState:
    """Where a run stands.

    Attributes:
        status: "idle" (no run yet), "starting", "running", "done", "cancelled" or "failed".
        answering: False while the worker lives but has given no heartbeat for a while.
        fraction: Share of the work that is done, 0 to 1.
        stage, interval, num_intervals, step, num_steps, loss, time_left_s, message: As the core reports.
        preview: Latest preview picture, or None.
        warnings: Texts of the warnings so far.
        error: What went wrong, in a sentence, with remedy; empty otherwise.
        output: File pattern of the result once done.
    """

    status: str = "idle"
    answering: bool = True
    fraction: float = 0.0
    stage: str = ""
    interval: int | None = None
    num_intervals: int | None = None
    step: int = 0
    num_steps: int = 0
    loss: float | None = None
    time_left_s: float | None = None
    message: str = ""
    preview: str | None = None
    warnings: tuple[str, ...] = ()
    error: str = ""
    output: str = ""

    @property
    def is_active(self) -> bool:
        """Whether a worker is at work or about to be."""
        return self.status in ("starting", "running")

    def describe(self) -> str:
        """One line for a status field or a progress bar."""
        if self.status == "failed":
            return self.error
        if self.status == "cancelled":
            return self.message
        if not self.is_active:
            return {"idle": "Nothing has been run yet.", "done": "Done."}[self.status]
        if not self.answering:
            return "The worker has not answered for a while. Wait, or press Cancel to end it."
        parts = [self.message or STAGE_LABELS.get(self.stage, "Starting")]
        if self.loss is not None:
            parts.append(f"loss {self.loss:.4g}")
        if self.time_left_s is not None:
            parts.append(f"{duration(self.time_left_s)} left")
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """Seconds as people say them: ``45 s``, ``12 min``, ``3 h 05 min``."""
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


_PROGRESS_FIELDS = ("stage", "fraction", "interval", "num_intervals", "step", "num_steps", "loss")


def fold(state: RunState, event: Event) -> RunState:
    """The state after ``event``; ``started`` begins anew."""
    kind = event["event"]
    if kind == "started":
        return RunState(status="running", message="Starting the worker")
    if kind == "progress":
        given: dict[str, Any] = {name: event[name] for name in _PROGRESS_FIELDS if name in event}
        time_left_s, message = event.get("time_left_s"), event.get("message", "")
        return replace(state, status="running", time_left_s=time_left_s, message=message, **given)
    if kind == "preview":
        return replace(state, preview=event.get("path"))
    if kind == "warning":
        return replace(state, warnings=(*state.warnings, error_text(event)))
    if kind == "error" and event.get("type") == "Cancelled":
        return replace(state, status="cancelled", message=CANCELLED)
    if kind == "error":
        return replace(state, status="failed", error=error_text(event))
    return replace(state, status="done", fraction=1.0, time_left_s=0.0, output=event.get("output") or "")


def error_text(event: Event) -> str:
    """Message, place and remedy of an error or warning event in one text."""
    message = str(event.get("message") or "Something went wrong.")
    where = []
    if event.get("path") and str(event["path"]) not in message:
        where.append(str(event["path"]))
    if event.get("frame") is not None:
        where.append(f"frame {event['frame']}")
    text = f"{', '.join(where)}: {message}" if where else message
    return f"{text} {event.get('remedy') or ''}".strip()
