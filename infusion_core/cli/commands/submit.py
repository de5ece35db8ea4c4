"""``infusion submit``: hand shots to a render farm."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from infusion_core.farm.tasks import Task


@click.command("submit", short_help="Make a render farm's job of a shot list or a job folder.")
@click.argument("source", metavar="SHOTS_OR_JOB", type=click.Path())
@click.option("--farm", type=click.Choice(("openjd", "opencue")), default="openjd", help="[default: openjd]")
@click.option(
    "--output",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Job to write. opencue: only write the XML, launch nothing.  "
    "[default: template.yaml in NAME.openjd beside the list or job; opencue: none, the job is launched]",
)
@click.option("--chunk", type=click.IntRange(1), default=10, metavar="FRAMES",
              help="Frames that one task writes.  [default: 10]")  # fmt: skip
def command(source: str, farm: str, output: str | None, chunk: int) -> None:
    """Check all shots, make their job folders, and make a farm's job of their tasks.

    SHOTS_OR_JOB is a shot list (TOML or CSV) or a job folder.

    openjd: an Open Job Description template is written. It is then given to the farm with the farm's own
    command, e.g. 'deadline bundle submit' for Deadline Cloud, or run here with 'openjd run'. Nothing is
    sent anywhere by this command.

    opencue: the job is launched by the Cuebot that CUEBOT_HOSTS or PyCue's settings name, for the show and
    shot of the variables SHOW and SHOT. With --output its XML is written instead.
    """
    from infusion_core.atomic import write_text
    from infusion_core.farm.checks import check_shots, put_job
    from infusion_core.farm.shot_list import listed_job, problems_error, read_shot_list
    from infusion_core.farm.tasks import tasks_of

    path = Path(source).absolute()
    shots = [listed_job(path)] if path.is_dir() else read_shot_list(path)
    problems = check_shots(shots)
    if problems:
        raise problems_error(problems, path)
    job = _MAKERS[farm](path.stem, tasks_of(shots), chunk)
    for shot in shots:
        put_job(shot)
    if farm == "opencue" and output is None:
        from infusion_core.farm.opencue import launch

        click.echo(f"Launched {launch(job)}.")
        return
    target = Path(output).absolute() if output else path.with_suffix(".openjd") / "template.yaml"
    write_text(target, job)
    hint = f"'deadline bundle submit {target.parent}'" if farm == "openjd" else "PyCue's launchSpec"
    click.echo(f"Wrote {target}; give it to the farm, e.g. with {hint}.")


def _openjd(name: str, tasks: Sequence[Task], chunk: int) -> str:
    from infusion_core.farm.openjd import openjd_template

    template = openjd_template(name, tasks, _starter(), chunk)
    # JSON is YAML too, and needs no library here.
    return json.dumps(template, indent=2, ensure_ascii=False) + "\n"


def _opencue(name: str, tasks: Sequence[Task], chunk: int) -> str:
    from infusion_core.farm.opencue import opencue_job

    return opencue_job(name, tasks, _starter(), chunk)


def _starter() -> list[str]:
    """The words that start ``infusion`` here, and on a farm that has it at the same place."""
    return [Path(sys.executable).as_posix(), "-m", "infusion_core.cli"]


_MAKERS = {"openjd": _openjd, "opencue": _opencue}
