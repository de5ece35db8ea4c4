"""``infusion trunk``: one step of a job in parallel mode, for farms."""

from __future__ import annotations

import click

from infusion_core.cli.farm_step import EPILOGUE, do_step, step_options


@click.command("trunk", short_help="Train what a job's experts start from. (for farms)", epilog=EPILOGUE)
@step_options
def command(job: str, progress: str, verbose: bool) -> int:
    """Train the shared trunk of the job in the folder JOB, whose training.mode is parallel.

    Does nothing where that is done. 'infusion train JOB' is trunk, experts and sampling in turn.
    """
    return do_step("trunk", job, progress, verbose)
