"""Ctrl-C and SIGTERM as a polite request: finish the step, write a checkpoint, stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from infusion_core.progress import ShouldStop


@contextmanager
def stop_on_signals() -> Iterator[ShouldStop]:
    """Yield a ``should_stop`` that turns true at the first SIGINT or SIGTERM.

    A second one raises KeyboardInterrupt at once. Files are replaced whole, so that this does no harm
    beyond the loss of the work since the last checkpoint.
    """
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    wanted = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGBREAK"):
        wanted.append(signal.SIGBREAK)  # what a Windows host can send to a child of its own group
    before = {number: signal.signal(number, ask) for number in wanted}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
