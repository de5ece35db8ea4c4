"""``infusion demo``: see it work, with nothing at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from infusion_core.cli.options import GroupedCommand, preset_options, progress_options, setting_options


@click.command(
    "demo", cls=GroupedCommand, short_help="Make a shot of fire and water, fill it, show the result."
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False),
    default="infusion_demo",
    metavar="DIR",
    help="Where to put everything; files of an earlier demo are replaced.  [default: infusion_demo]",
)
@preset_options("draft")
@setting_options("run")
@progress_options
def command(folder: str, **options: Any) -> None:
    """Make a short procedural shot of fire and water with a marker in front of it, remove the marker,
    compare with the truth and draw a contact sheet.

    It needs no footage and no download, and takes a few minutes on two CPU cores.
    """
    from infusion_core import settings as schema
    from infusion_core.cli.commands.evaluate import show_table
    from infusion_core.cli.commands.inpaint import run_job
    from infusion_core.cli.options import given_tables
    from infusion_core.cli.sheet import write_sheet
    from infusion_core.demo import write_demo
    from infusion_core.evaluate import evaluate_sequences
    from infusion_core.job.folder import JobFolder, default_job_folder
    from infusion_core.job.spec import JobSpec

    settings = schema.resolve(
        options["preset"] or "draft",
        files=options["config"],
        # The marker's matte is soft; grown, its edge lies on pixels that show nothing of the marker.
        tables={"shot": {"grow": 2}, **given_tables(options, "run", "training")},
        assignments=options["assignments"],
    )
    place = Path(folder).absolute()
    if options["progress"] != "json":
        click.echo("Making a shot of fire and water ...", err=True)
    shot = write_demo(place)
    output = str(place / "clean.%04d.exr")
    spec = JobSpec(shot.plate, shot.matte, output, settings, overwrite=True)
    job = JobFolder(default_job_folder(output))
    run_job(spec, job, resume=False, progress=options["progress"], verbose=options["verbose"])
    sheet = place / "contact_sheet.png"
    write_sheet(sheet, shot.plate, shot.matte, output, shot.truth, settings.shot)
    if options["progress"] != "json":
        show_table(evaluate_sequences(output, shot.truth, shot.matte))
        click.echo(f"Look at {sheet}: plate, result and truth side by side.")
        click.echo(f"The sequences are in {place}.")
