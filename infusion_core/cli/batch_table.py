"""The live table of a batch on a terminal; a line a change elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from infusion_core.cli.display import format_seconds
from infusion_core.farm.shot_state import OnChange, ShotState

_COLOURS = {"done": "green", "complete": "green", "failed": "red", "cancelled": "yellow", "running": "cyan"}


def batch_table(states: Sequence[ShotState]) -> Table:
    """One row a shot: name, status, share done, where it runs, what it does."""
    table = Table("Shot", "Status", "Done", "GPU", "Time", "")
    for state in states:
        status = Text(state.status, _COLOURS.get(state.status, ""))
        took = format_seconds(state.seconds) if state.seconds else ""
        done = f"{state.fraction:.0%}"
        table.add_row(Text(state.name), status, done, state.slot, took, Text(state.message))
    return table


@contextmanager
def showing_batch() -> Iterator[OnChange]:
    """Yield the ``on_change`` that shows a batch on standard error."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield _Lines().show
        return
    with Live(console=console, refresh_per_second=4) as live:
        yield lambda states: live.update(batch_table(states))


class _Lines:
    """Says when a shot starts or ends."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def show(self, states: Sequence[ShotState]) -> None:
        for state in states:
            if state.status not in ("waiting", self._said.get(state.name)):
                self._said[state.name] = state.status
                click.echo(": ".join(filter(None, (state.name, state.status, state.message))), err=True)
