"""``infusion inpaint``: fill a shot."""

from __future__ import annotations

from typing import Any

import click

from infusion_core.cli.display import format_seconds, showing
from infusion_core.cli.options import GroupedCommand, preset_options, progress_options, setting_options


@click.command("inpaint", cls=GroupedCommand, short_help="Fill the hole of a shot.")
@click.argument("plate", required=False)
@click.argument("matte", required=False)
@click.argument("output", required=False)
@setting_options("shot")
@preset_options()
@setting_options("run")
@click.option(
    "--job",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Job folder: models, checkpoints, loss curve, previews, log, ONNX bundle.  "
    "[default: NAME.infusion beside OUTPUT]",
)
@click.option(
    "--resume", is_flag=True, help="Go on with the job in the job folder. With --job, no more is needed."
)
@click.option("--overwrite", is_flag=True, help="Replace existing output frames, and a job that was begun.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Check all inputs, show what would be done, the region of interest, memory and work; write nothing.",
)
@progress_options
def command(plate: str | None, matte: str | None, output: str | None, **options: Any) -> None:
    """Fill the hole of a shot by internal diffusion.

    PLATE is the sequence to repair, MATTE is white where to fill (a sequence, one still for all frames,
    or the plate itself with --matte-channel), OUTPUT is the sequence to write. Write sequences as
    name.%04d.exr, name.####.exr or name.@@@@.exr, or give a folder that holds one sequence.

    \b
    Everything outside the hole comes back bit for bit, all channels and metadata included.
    Ctrl-C stops within seconds and keeps the work; --resume goes on.

    \b
    Examples:
      infusion inpaint plate.%04d.exr matte.%04d.exr clean.%04d.exr --frames 1001-1048
      infusion inpaint plate.####.exr roto.####.exr clean.####.exr --preset draft --grow 4 --feather 6
      infusion inpaint plate.%04d.exr plate.%04d.exr clean.%04d.exr --matte-channel A --handles 8
      infusion inpaint --job clean.infusion --resume
    """
    from infusion_core.cli.run_settings import job_from

    spec, folder = job_from(plate, matte, output, options)
    if options["dry_run"]:
        from infusion_core.cli.plan import show_plan

        show_plan(spec, folder, as_json=options["progress"] == "json")
        return
    run_job(spec, folder, resume=options["resume"], progress=options["progress"], verbose=options["verbose"])


def run_job(spec: Any, folder: Any, *, resume: bool, progress: str, verbose: bool) -> None:
    """Run a job with a display, signals and the events of ``--progress json``."""
    import os
    import time

    from infusion_core.cli.signals import stop_on_signals
    from infusion_core.job.events import error_event, started_event
    from infusion_core.job.inpaint import inpaint

    begun = time.monotonic()
    with showing(progress, verbose) as display, stop_on_signals() as should_stop:
        display.event(started_event(folder.path, os.getpid()))
        try:
            files = inpaint(
                spec,
                folder,
                resume=resume,
                on_progress=display.progress,
                on_event=display.event,
                should_stop=should_stop,
            )
        except (Exception, KeyboardInterrupt) as error:
            display.event(error_event(error))
            raise
        took = format_seconds(time.monotonic() - begun)
        display.say(f"Wrote {len(files)} frames to {spec.output} in {took}.")
        display.say(f"Models and log are in {folder.path}; 'infusion render' makes other takes from them.")
