"""``infusion submit``: hand shots to a render farm."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.command("submit", short_help="Make a render farm's job of a shot list or a job folder.")
@click.argument("source", metavar="SHOTS_OR_JOB", type=click.Path())
@click.option("--farm", type=click.Choice(("openjd",)), default="openjd", help="[default: openjd]")
@click.option(
    "--output",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Template to write.  [default: template.yaml in NAME.openjd beside the list or job]",
)
@click.option("--chunk", type=click.IntRange(1), default=10, metavar="FRAMES",
              help="Frames that one task writes.  [default: 10]")  # fmt: skip
def command(source: str, farm: str, output: str | None, chunk: int) -> None:
    """Check all shots, make their job folders, and write an Open Job Description template of their tasks.

    SHOTS_OR_JOB is a shot list (TOML or CSV) or a job folder. The template is then given to the farm with
    the farm's own command, e.g. 'deadline bundle submit' for Deadline Cloud, or run here with 'openjd run'.
    Nothing is sent anywhere by this command.
    """
    from infusion_core.atomic import write_text
    from infusion_core.farm.checks import check_shots, put_job
    from infusion_core.farm.openjd import openjd_template
    from infusion_core.farm.shot_list import listed_job, problems_error, read_shot_list
    from infusion_core.farm.tasks import tasks_of

    path = Path(source).absolute()
    shots = [listed_job(path)] if path.is_dir() else read_shot_list(path)
    problems = check_shots(shots)
    if problems:
        raise problems_error(problems, path)
    starter = [Path(sys.executable).as_posix(), "-m", "infusion_core.cli"]
    template = openjd_template(path.stem, tasks_of(shots), starter, chunk)
    for shot in shots:
        put_job(shot)
    target = Path(output).absolute() if output else path.with_suffix(".openjd") / "template.yaml"
    # JSON is YAML too, and needs no library here.
    write_text(target, json.dumps(template, indent=2, ensure_ascii=False) + "\n")
    click.echo(f"Wrote {target}; give it to the farm, e.g. 'deadline bundle submit {target.parent}'.")
