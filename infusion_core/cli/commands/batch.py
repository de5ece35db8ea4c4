"""``infusion batch``: fill many shots."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from infusion_core.farm.shot_state import ShotState


@click.command("batch", short_help="Fill the shots of a list, several at once.")
@click.argument("shot_list", metavar="SHOTS", type=click.Path(dir_okay=False))
@click.option(
    "--at-once",
    type=click.IntRange(0, 1024),
    default=0,
    metavar="COUNT",
    help="Shots worked on at the same time; never more than one on a GPU. 0: one for each GPU, or one on "
    "the CPU.  [default: 0]",
)
@click.option(
    "--gpus",
    metavar="LIST",
    help="GPUs to use, e.g. 0,2; none: the CPU only.  [default: all that CUDA_VISIBLE_DEVICES allows]",
)
@click.option("--dry-run", is_flag=True, help="Check the list and all inputs; start nothing.")
@click.option("--skip-broken", is_flag=True, help="Do the other shots where inputs of some are not usable.")
@click.option(
    "--summary",
    type=click.Path(dir_okay=False),
    metavar="FILE.json",
    help="Write the outcome of every shot as JSON; - for standard output.",
)
def command(
    shot_list: str, at_once: int, gpus: str | None, dry_run: bool, skip_broken: bool, summary: str | None
) -> int:
    """Fill the shots of SHOTS, a TOML or CSV file, each in a process of its own.

    The whole list is checked before anything starts. A shot that fails does not stop the others. Run the
    same command again to do what is missing: shots that are done are left alone, the others go on from
    their checkpoints. Ctrl-C keeps all work.

    \b
    Exit status: 0 every shot is done; 1 a shot failed; 2 the list is wrong, nothing was started;
    130 stopped.

    \b
    A list:
      [defaults]
      preset = "standard"
      grow = 2
      [[shots]]
      name = "sq010_sh020"
      plate = "sh020/plate.%04d.exr"
      matte = "sh020/matte.%04d.exr"
      output = "sh020/clean.%04d.exr"
      frames = "1001-1048"
    """
    from infusion_core.cli.batch_table import showing_batch
    from infusion_core.cli.signals import stop_on_signals
    from infusion_core.farm.batch import run_batch
    from infusion_core.farm.checks import check_shots
    from infusion_core.farm.shot_list import problems_error, read_shot_list
    from infusion_core.farm.shot_state import exit_status
    from infusion_core.farm.slots import make_slots, visible_gpus

    shots = read_shot_list(shot_list)
    problems = check_shots(shots)
    if problems and not skip_broken:
        raise problems_error(problems, Path(shot_list))
    if dry_run:
        click.echo(f"{len(shots) - len(problems)} of {len(shots)} shots can be filled.", err=True)
        return 1 if problems else 0
    chosen = visible_gpus() if gpus is None else [gpu for gpu in gpus.split(",") if gpu not in ("", "none")]
    if all(shot.spec.settings.run.device == "cpu" for shot in shots):
        chosen = []
    with stop_on_signals() as should_stop, showing_batch() as show:
        states = run_batch(shots, problems, make_slots(chosen, at_once), show, should_stop)
    _write_summary(states, summary)
    return exit_status(states)


def _write_summary(states: Sequence[ShotState], path: str | None) -> None:
    from infusion_core.atomic import write_json
    from infusion_core.farm.shot_state import summary

    outcome = summary(states)
    if path == "-":
        click.echo(json.dumps(outcome, indent=2))
    elif path is not None:
        write_json(Path(path).absolute(), outcome)
    told = ", ".join(f"{count} {kind}" for kind, count in outcome["counts"].items() if count)
    click.echo(f"Shots: {told}.", err=True)
