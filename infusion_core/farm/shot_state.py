"""Where the shots of a batch stand, and what came of them. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

EXIT_CANCELLED = 130


@dataclass(frozen=True)
class ShotState:
    """Where one shot of a batch stands.

    Attributes:
        name: The shot.
        status: waiting, running, done, complete (an earlier run did it all), failed or cancelled.
        fraction: Share of the work that is done, 0 to 1.
        message: What is being done, or what went wrong.
        slot: The GPU it runs or ran on; empty on the CPU.
        frames: How many were written; 0 until done.
        seconds: How long it took.
        output, job: Where result and job folder lie.
        error: The error event of a shot that failed, with type, message, path, frame and remedy.
    """

    name: str
    output: str
    job: str
    status: str = "waiting"
    fraction: float = 0.0
    message: str = ""
    slot: str = ""
    frames: int = 0
    seconds: float = 0.0
    error: dict[str, Any] | None = None


OnChange = Callable[[Sequence[ShotState]], None]


def summary(states: Sequence[ShotState]) -> dict[str, Any]:
    """The outcome of a batch as plain data."""
    kinds = ("done", "complete", "failed", "cancelled", "waiting")
    counts = {kind: sum(state.status == kind for state in states) for kind in kinds}
    return {"schema_version": 1, "counts": counts, "shots": [asdict(state) for state in states]}


def exit_status(states: Sequence[ShotState]) -> int:
    """0: every shot is done; 130: the batch was stopped; 1: a shot failed."""
    kinds = {state.status for state in states}
    if kinds & {"cancelled", "waiting"}:
        return EXIT_CANCELLED
    return 1 if "failed" in kinds else 0
