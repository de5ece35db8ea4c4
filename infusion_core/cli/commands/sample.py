"""``infusion sample``: one step of a job in parallel mode, for farms."""

from __future__ import annotations

import click

from infusion_core.cli.farm_step import EPILOGUE, do_step, step_options


@click.command("sample", short_help="Fill a job's hole with its experts. (for farms)", epilog=EPILOGUE)
@step_options
def command(job: str, progress: str, verbose: bool) -> int:
    """Run the reverse diffusion of the job in the folder JOB once all of its experts are trained.

    For jobs whose training.mode is parallel. Does nothing where that is done. 'infusion train JOB' is trunk,
    experts and sampling in turn.
    """
    return do_step("sample", job, progress, verbose)
