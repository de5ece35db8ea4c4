"""``infusion assemble``: one step of a job, for farms."""

from __future__ import annotations

import click

from infusion_core.cli.farm_step import EPILOGUE, do_step, step_options


@click.command("assemble", short_help="Write a trained job's frames. (for farms)", epilog=EPILOGUE)
@step_options
@click.option("--frames", default="", metavar="RANGE", help="Write these only.  [default: all]")
def command(job: str, progress: str, verbose: bool, frames: str) -> int:
    """Write the frames of the job in the folder JOB that are not written yet, once it is trained.

    Several may write frames of one job at the same time.
    """
    return do_step("assemble", job, progress, verbose, frames=frames)
