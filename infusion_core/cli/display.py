"""How a run shows itself: a bar on a terminal, plain lines in a log, JSON lines for programs."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from typing import Any, Protocol, TextIO

import click

from infusion_core.job.events import warning_event
from infusion_core.progress import Progress

PLAIN_LINE_EVERY_S = 10.0
EVENT_EVERY_S = 0.2


class Display(Protocol):
    """What a command needs to show a run."""

    def progress(self, progress: Progress) -> None:
        """Show where the run stands."""

    def event(self, event: dict[str, Any]) -> None:
        """Tell of a preview, a warning, an error or the end."""

    def say(self, text: str) -> None:
        """Tell a person something."""


def format_seconds(seconds: float | None) -> str:
    """A duration as a person writes it: ``40 s``, ``12 min``, ``3 h 05 min``."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def describe(progress: Progress) -> str:
    """One line for a person: what is done, the loss, the time left."""
    parts = [progress.message or progress.stage]
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.3g}")
    if progress.time_left_s is not None:
        parts.append(f"{format_seconds(progress.time_left_s)} left")
    return ", ".join(parts)


class JsonDisplay:
    """JSON lines on standard output; goes on in silence when nobody reads them any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stream: TextIO | None = sys.stdout
        self._last: tuple[float, str, int | None] = (float("-inf"), "", None)

    def progress(self, progress: Progress) -> None:
        now, where = time.monotonic(), (progress.stage, progress.interval)
        if where == self._last[1:] and now - self._last[0] < EVENT_EVERY_S and progress.fraction < 1.0:
            return
        self._last = (now, *where)
        self.event(progress.to_event())

    def event(self, event: dict[str, Any]) -> None:
        with self._lock:
            if self._stream is None:
                return
            try:
                self._stream.write(json.dumps(event) + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                self._stream = None

    def say(self, text: str) -> None:
        """Words are for people; programs get events."""


class PlainDisplay:
    """A line now and then on standard error, for logs."""

    def __init__(self) -> None:
        self._last: tuple[float, str, int | None] = (float("-inf"), "", None)

    def progress(self, progress: Progress) -> None:
        now, where = time.monotonic(), (progress.stage, progress.interval)
        if where == self._last[1:] and now - self._last[0] < PLAIN_LINE_EVERY_S:
            return
        self._last = (now, *where)
        self.say(f"{progress.fraction:6.1%}  {describe(progress)}")

    def event(self, event: dict[str, Any]) -> None:
        if event["event"] == "warning":
            self.say(f"Warning: {event['message']}")

    def say(self, text: str) -> None:
        try:
            click.echo(text, err=True)
        except OSError:
            return


class SilentDisplay(PlainDisplay):
    """Warnings and results only."""

    def progress(self, progress: Progress) -> None:
        """Show nothing."""


class BarDisplay(PlainDisplay):
    """A bar with the time left and the loss, on a terminal."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[details]}"),
            console=Console(stderr=True),
            refresh_per_second=4,
        )
        self._task = self._bar.add_task("", total=1.0, details="")

    def __enter__(self) -> BarDisplay:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def progress(self, progress: Progress) -> None:
        words, *details = describe(progress).split(", ")
        self._bar.update(
            self._task, completed=progress.fraction, description=words, details=", ".join(details)
        )

    def say(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)


class _WarningHandler(logging.Handler):
    def __init__(self, display: Display) -> None:
        super().__init__(logging.WARNING)
        self._display = display

    def emit(self, record: logging.LogRecord) -> None:
        if not getattr(record, "in_log_only", False):
            self._display.event(warning_event(record.getMessage()))


@contextmanager
def showing(mode: str, verbose: bool = False) -> Iterator[Display]:
    """Yield the display for ``mode`` (auto, bar, plain, json, none); the core's warnings go to it too."""
    if mode == "auto":
        mode = "bar" if sys.stderr.isatty() else "plain"
    logger = logging.getLogger("infusion_core")
    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    from infusion_core.cli.openjd_display import OpenJdDisplay

    displays: dict[str, type[Display]] = {
        "json": JsonDisplay,
        "openjd": OpenJdDisplay,
        "plain": PlainDisplay,
        "none": SilentDisplay,
        "bar": BarDisplay,
    }
    display = displays[mode]()
    handler = _WarningHandler(display)
    logger.addHandler(handler)
    propagate, logger.propagate = logger.propagate, verbose
    try:
        with ExitStack() as stack:
            if isinstance(display, BarDisplay):
                stack.enter_context(display)
            if isinstance(display, (JsonDisplay, OpenJdDisplay)):
                # Libraries that print would spoil the events.
                stack.enter_context(redirect_stdout(sys.stderr))
            yield display
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
