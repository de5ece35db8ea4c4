"""``infusion render``: another take from the models of a finished job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from infusion_core.cli.display import showing
from infusion_core.cli.options import GroupedCommand, given_tables, progress_options, setting_options


@click.command("render", cls=GroupedCommand, short_help="Another take from the models of a job.")
@click.argument("job_or_bundle")
@click.argument("plate")
@click.argument("matte")
@click.argument("output")
@setting_options("shot", without=("colour",))
@setting_options("run", without=("precision",))
@click.option("--overwrite", is_flag=True, help="Replace existing output frames.")
@progress_options
def command(job_or_bundle: str, plate: str, matte: str, output: str, **options: Any) -> None:
    """Fill a shot again with the models that a job has trained, with ONNX Runtime and without PyTorch.

    JOB_OR_BUNDLE is the folder of a finished job, or its 'bundle' folder, which can be moved anywhere.
    Another --seed gives another take; the job's own seed gives its result again. Whatever is not given
    here (frames, matte channel, grow, feather ...) is as it was in the job.

    \b
    Example:
      infusion render clean.infusion plate.%04d.exr matte.%04d.exr take2.%04d.exr --seed 7
    """
    from infusion_core import settings as schema
    from infusion_core.bundle import open_bundle
    from infusion_core.cli.signals import stop_on_signals
    from infusion_core.job.events import error_event
    from infusion_core.job.render import find_bundle, render_take
    from infusion_core.job.spec import JobSpec

    with showing(options["progress"], options["verbose"]) as display, stop_on_signals() as should_stop:
        try:
            bundle = open_bundle(find_bundle(Path(job_or_bundle)))
            settings = schema.override(bundle.settings, given_tables(options, "shot", "run"))
            spec = JobSpec(plate, matte, output, settings, options["overwrite"])
            files = render_take(
                bundle, spec, on_progress=display.progress, on_event=display.event, should_stop=should_stop
            )
        except (Exception, KeyboardInterrupt) as error:
            display.event(error_event(error))
            raise
        display.say(f"Wrote {len(files)} frames to {spec.output}.")
