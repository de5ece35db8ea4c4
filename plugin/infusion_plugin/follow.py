"""Following a run to its end where a host has lines of text to show it: a terminal, a console."""

from __future__ import annotations

import time
from collections.abc import Callable

from infusion_plugin import farm
from infusion_plugin.run_state import RunState
from infusion_plugin.worker_client import WorkerClient


def follow(
    client: WorkerClient,
    say: Callable[[str], object],
    *,
    every_s: float = 1.0,
    is_cancelled: Callable[[RunState], bool] = lambda state: False,
) -> RunState:
    """Wait for the end of a run; say a line for each per cent of it and whenever it stops answering.

    Args:
        client: The run's client.
        say: Shows a line.
        every_s: Seconds between two looks.
        is_cancelled: Asked at every look; once true the run is cancelled, and waited for. A farm's run is
            left to the farm instead, and no longer followed.

    Returns:
        The state the run ended in, or had at the last look.
    """
    said: object = None
    is_asked = False
    state = client.poll()
    while state.is_active:
        mark = (int(100 * state.fraction), state.answering)
        if mark != said:
            say(f"Infusion Inpaint: {mark[0]} %, {state.describe()}")
            said = mark
        if not is_asked and is_cancelled(state):
            if farm.holds(client.folder):
                say("Infusion Inpaint: no longer watched; the farm goes on.")
                return state
            is_asked = True
            client.cancel()
            say("Infusion Inpaint: stopping; what is done is kept.")
        time.sleep(every_s)
        state = client.poll()
    return state
