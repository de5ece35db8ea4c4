"""``infusion prepare``: one step of a job, for farms."""

from __future__ import annotations

import click

from infusion_core.cli.farm_step import EPILOGUE, do_step, step_options


@click.command("prepare", short_help="Read a job's shot into its folder. (for farms)", epilog=EPILOGUE)
@step_options
def command(job: str, progress: str, verbose: bool) -> int:
    """Check all inputs of the job in the folder JOB and read its shot.

    Does nothing where that is done. 'infusion inpaint' is all steps in turn.
    """
    return do_step("prepare", job, progress, verbose)
