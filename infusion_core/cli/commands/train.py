"""``infusion train``: one step of a job, for farms."""

from __future__ import annotations

import click

from infusion_core.cli.farm_step import EPILOGUE, do_step, step_options


@click.command("train", short_help="Train a job's intervals. (for farms)", epilog=EPILOGUE)
@step_options
@click.option(
    "--interval",
    type=click.IntRange(0),
    metavar="K",
    help="Go on from the checkpoint through interval K, from 0, and stop there; in parallel mode train the "
    "expert of interval K alone.  [default: to the end]",
)
def command(job: str, progress: str, verbose: bool, interval: int | None) -> int:
    """Train the models of the job in the folder JOB and denoise with them, from the checkpoint on.

    Intervals that are done are not done again; those before K that are missing are. With training.mode
    parallel, --interval K needs the trunk alone ('infusion trunk JOB') and may run beside other intervals.
    """
    return do_step("train", job, progress, verbose, interval=interval)
