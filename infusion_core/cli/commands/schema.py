"""``infusion schema``: every setting, for hosts and scripts."""

from __future__ import annotations

import json

import click


@click.command("schema", short_help="Print every setting as JSON.")
def command() -> None:
    """Print the schema of all settings as JSON: names, types, defaults, ranges, choices and help.

    Host plugins make their knobs from it. Names in it are those of TOML files and of --set.
    """
    from infusion_core.settings import schema

    click.echo(json.dumps(schema(), indent=2))
