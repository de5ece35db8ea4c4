"""What the commands for a farm's tasks have in common."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

# As EX_TEMPFAIL of sysexits.h: it did not work out this time, try again.
EXIT_RUN_AGAIN = 75

EPILOGUE = "Exit status: 0 done; 75 stopped, run the same again; 2 wrong input or settings; 1 anything else."


def step_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: JOB, --progress and --verbose."""
    for option in (
        click.option("--verbose", is_flag=True, help="Show the log while working, and full tracebacks."),
        click.option(
            "--progress",
            type=click.Choice(("auto", "bar", "plain", "json", "openjd", "none")),
            default="auto",
            help="json: one JSON object a line on standard output; openjd: openjd_progress and openjd_status "
            "lines. Fractions are of this step.  [default: auto]",
        ),
        click.argument("job", type=click.Path(file_okay=False)),
    ):
        command = option(command)
    return command


def do_step(name: str, job: str, progress: str, verbose: bool, **what: Any) -> int:
    """Run one step with a display and signals; return the exit status."""
    from infusion_core.cli.display import showing
    from infusion_core.cli.signals import stop_on_signals
    from infusion_core.errors import Cancelled
    from infusion_core.farm.gpus import take_reserved_gpus
    from infusion_core.farm.step import run_step
    from infusion_core.job.events import error_event
    from infusion_core.job.folder import JobFolder

    take_reserved_gpus(os.environ)
    with showing(progress, verbose) as display, stop_on_signals() as should_stop:
        try:
            run_step(
                JobFolder(Path(job).absolute()),
                name,
                on_progress=display.progress,
                on_event=display.event,
                should_stop=should_stop,
                **what,
            )
        except (Cancelled, KeyboardInterrupt) as stopped:
            display.event(error_event(stopped))
            click.echo("Stopped; run the same again to go on.", err=True)
            return EXIT_RUN_AGAIN
        except Exception as error:
            display.event(error_event(error))
            raise
    return 0
