"""Command line options made from the schema of settings, and help that shows them in groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from typing import Any, get_type_hints

import click

from infusion_core.settings import PRESETS, SECTIONS, TrainingSettings

# Options not named here are listed under "More".
GROUPS: dict[str, tuple[str, ...]] = {
    "Frames": ("frames", "handles", "layer"),
    "Matte": ("matte_channel", "invert", "threshold", "grow", "feather"),
    "Picture": ("colour", "alpha", "context"),
    "Quality": ("preset", "seed", "prior", "config", "assignments"),
    "Machine": ("device", "precision", "threads", "memory"),
    "Job": ("job", "resume", "overwrite", "dry_run"),
}
# Spellings for those whose fingers say otherwise.
ALIASES = {"colour": ("--color",)}


class GroupedCommand(click.Command):
    """A command whose help lists its options in the groups above."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        group_of = {name: title for title, names in GROUPS.items() for name in names}
        rows: dict[str, list[tuple[str, str]]] = {title: [] for title in (*GROUPS, "More")}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                rows[group_of.get(parameter.name or "", "More")].append(record)
        for title, records in rows.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def _click_type(item: Field[Any], kind: type) -> click.ParamType:
    choices, low, high = (item.metadata[name] for name in ("choices", "minimum", "maximum"))
    if choices:
        return click.Choice(choices)
    if kind is int:
        return click.IntRange(low, high)
    if kind is float:
        return click.FloatRange(low, high)
    return click.STRING


def _setting_option(item: Field[Any], kind: type) -> Callable[[Any], Any]:
    dashed = item.name.replace("_", "-")
    text = item.metadata["help"]
    if kind is bool:
        return click.option(f"--{dashed}/--no-{dashed}", item.name, default=None, help=text)
    metavar = item.metadata["unit"].upper() or None
    if not item.metadata["choices"] and kind is str:
        metavar = "RANGE" if item.name == "frames" else item.name.split("_")[-1].upper()
    if item.default != "":
        text = f"{text}  [default: {item.default}]"
    return click.option(
        f"--{dashed}",
        *ALIASES.get(item.name, ()),
        item.name,
        type=_click_type(item, kind),
        default=None,
        metavar=metavar,
        help=text,
    )


def setting_options(*sections: str, without: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    """Decorator: one option for every setting of ``sections``, None where the user gave none."""

    def decorate(command: Any) -> Any:
        for section in reversed(sections):
            kinds = get_type_hints(SECTIONS[section])
            for item in reversed(fields(SECTIONS[section])):
                if item.name in without:
                    continue
                command = _setting_option(item, kinds[item.name])(command)
        return command

    return decorate


def preset_options(default: str = "standard") -> Callable[[Any], Any]:
    """Decorator: --preset, --config, --set and --no-prior.

    Args:
        default: Preset of a command that was given none, as its help says; the command sees to it.
    """
    options = (
        click.option(
            "--set", "assignments", multiple=True, metavar="NAME=VALUE",
            help="Any other setting, e.g. training.window=8, stages.training_steps=400 (all stages) or "
            "stages.0.intervals=6 (the first). 'infusion schema' lists them. Repeatable.",
        ),
        click.option(
            "--config", multiple=True, type=click.Path(dir_okay=False), metavar="FILE.toml",
            help="Settings from a TOML file with tables such as [shot] and [training]. Repeatable: later "
            "files win, and options given here win over files.",
        ),
        click.option(
            "--preset", type=click.Choice(PRESETS), default=None,
            help="draft for a first look, standard, best, or paper for the authors' algorithm constant by "
            f"constant (days on a CPU).  [default: {default}]",
        ),
    )  # fmt: skip

    prior = next(item for item in fields(TrainingSettings) if item.name == "prior")

    def decorate(command: Any) -> Any:
        for option in (*options, _setting_option(prior, bool)):
            command = option(command)
        return command

    return decorate


def progress_options(command: Any) -> Any:
    """Decorator: --progress and --verbose."""
    for option in (
        click.option(
            "--verbose",
            is_flag=True,
            help="Show the log while working, and a full traceback when something fails.",
        ),
        click.option(
            "--progress",
            type=click.Choice(("auto", "bar", "plain", "json", "none")),
            default="auto",
            help="auto: a bar on a terminal, else plain lines. json: one JSON object a line on standard "
            "output, for farms and hosts.  [default: auto]",
        ),
    ):
        command = option(command)
    return command


def given_tables(values: Mapping[str, Any], *sections: str) -> dict[str, dict[str, Any]]:
    """The settings that the user gave as options, as nested tables for ``settings.resolve``."""
    tables = {
        section: {
            item.name: values[item.name]
            for item in fields(SECTIONS[section])
            if values.get(item.name) is not None
        }
        for section in sections
    }
    return {section: table for section, table in tables.items() if table}
