"""``infusion evaluate``: how good a fill is."""

from __future__ import annotations

import json
from typing import Any

import click

from infusion_core.cli.options import GroupedCommand, given_tables, setting_options


@click.command("evaluate", cls=GroupedCommand, short_help="Measure a fill against the truth.")
@click.argument("result")
@click.argument("truth")
@click.argument("matte")
@setting_options("shot", without=("handles", "alpha", "context"))
@click.option("--seed", type=int, default=0, help="Chooses the patches that are compared.  [default: 0]")
@click.option("--fps", type=click.FloatRange(1, 1000), default=24.0, help="Frames a second.  [default: 24]")
@click.option("--quick", is_flag=True, help="Leave out optical flow, ColorVideoVDP and FLIP.")
@click.option(
    "--plate", metavar="SEQUENCE", help="The plate that was filled, for --sheet.  [default: RESULT]"
)
@click.option("--sheet", type=click.Path(dir_okay=False), metavar="FILE.png", help="Draw a contact sheet.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(result: str, truth: str, matte: str, **options: Any) -> None:
    """Measure how good a fill is, inside the hole only.

    RESULT is the filled sequence, TRUTH what is really there (- where nobody knows: then texture is
    compared with that around the hole), MATTE the matte that was filled.

    PSNR and SSIM reward blur on fire and water: read them with sharpness and dynamics.

    \b
    Examples:
      infusion evaluate clean.%04d.exr truth.%04d.exr matte.%04d.exr
      infusion evaluate clean.%04d.exr - matte.%04d.exr --json
    """
    from infusion_core import settings as schema
    from infusion_core.cli.signals import stop_on_signals
    from infusion_core.evaluate import evaluate_sequences

    settings = schema.resolve(tables=given_tables(options, "shot"))
    with stop_on_signals() as should_stop:
        evaluation = evaluate_sequences(
            result,
            None if truth == "-" else truth,
            matte,
            options["frames"] or "",
            settings,
            seed=options["seed"],
            with_perceptual=not options["quick"],
            frames_per_second=options["fps"],
            should_stop=should_stop,
        )
    if options["sheet"]:
        from pathlib import Path

        from infusion_core.cli.sheet import write_sheet

        known_truth = None if truth == "-" else truth
        write_sheet(
            Path(options["sheet"]), options["plate"] or result, matte, result, known_truth, settings.shot
        )
    if options["as_json"]:
        click.echo(json.dumps(evaluation, indent=2))
    else:
        show_table(evaluation)


def show_table(evaluation: dict[str, Any]) -> None:
    """Print an evaluation for people."""
    from rich.console import Console

    from infusion_core.evaluate import evaluation_table

    Console().print(evaluation_table(evaluation))
