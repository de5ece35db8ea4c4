"""``infusion export``: one step of a job, for farms."""

from __future__ import annotations

import click

from infusion_core.cli.farm_step import EPILOGUE, do_step, step_options


@click.command("export", short_help="Make a job's ONNX bundle. (for farms)", epilog=EPILOGUE)
@step_options
def command(job: str, progress: str, verbose: bool) -> int:
    """Make the ONNX bundle of the job in the folder JOB, once it is trained.

    Does nothing where that is done. 'infusion inpaint' is all steps in turn.
    """
    return do_step("export", job, progress, verbose)
