"""How the core tells its caller what it is doing, and how the caller stops it.

Standard library only. A caller passes ``on_progress`` (called from the working thread, often)
and ``should_stop`` (polled between steps; when true the core raises ``Cancelled``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from infusion_core.errors import Cancelled

Stage = Literal["prepare", "train", "denoise", "export", "write"]

EVENT_SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Progress:
    """One report of where the work stands.

    Attributes:
        stage: What is being done.
        fraction: Share of the whole run that is done, 0 to 1, by expected work.
        interval: Index of the interval in work, from 0; None outside train and denoise, for the trunk,
            and while detail is taken from the plate.
        num_intervals: How many intervals there are.
        step: Step within the stage, from 0.
        num_steps: Steps in this stage.
        loss: Latest training loss, model range squared; None where there is none.
        time_left_s: Estimated seconds left of the whole run; None while unknown.
        message: A few words for a person, e.g. "Training interval 3 of 8".
    """

    stage: Stage
    fraction: float
    interval: int | None = None
    num_intervals: int | None = None
    step: int = 0
    num_steps: int = 0
    loss: float | None = None
    time_left_s: float | None = None
    message: str = ""

    def to_event(self) -> dict[str, Any]:
        """The report as a JSON-lines event."""
        return {"event": "progress", "schema_version": EVENT_SCHEMA_VERSION, **asdict(self)}


OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


def ignore_progress(_: Progress) -> None:
    """The ``OnProgress`` of a caller who does not care."""


def half(on_progress: OnProgress, start: float) -> OnProgress:
    """A callback for the half of a step that begins at fraction ``start``."""
    return lambda progress: on_progress(replace(progress, fraction=start + 0.5 * progress.fraction))


def never_stop() -> bool:
    """The ``ShouldStop`` of a caller who waits to the end."""
    return False


def raise_if_stopped(should_stop: ShouldStop) -> None:
    """Raise ``Cancelled`` once the caller has asked to stop."""
    if should_stop():
        raise Cancelled("Cancelled by the user; finished work is kept.")
