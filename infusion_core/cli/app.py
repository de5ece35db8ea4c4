"""The ``infusion`` command: finds a command's module when asked for, turns errors into exit statuses."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from importlib import metadata

import click

from infusion_core.errors import Cancelled, InfusionError

# In the order in which `infusion --help` lists them; each is a module in infusion_core/cli/commands.
COMMANDS = ("demo", "inpaint", "batch", "render", "evaluate", "doctor", "install", "schema",
            "prepare", "trunk", "train", "sample", "export", "assemble", "submit")  # fmt: skip

EXIT_FAILED = 1
EXIT_WRONG_INPUT = 2
EXIT_CANCELLED = 130


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"infusion_core.cli.commands.{cmd_name}")
        command: click.Command = module.command
        return command


def _version() -> str:
    try:
        return metadata.version("infusion-inpaint")
    except metadata.PackageNotFoundError:
        return "unknown (run from its source)"


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"infusion {_version()}")
        ctx.exit()


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version,
              help="Show the version and exit.")  # fmt: skip
def infusion() -> None:
    """Fill holes in shots of fire, water, smoke, foliage and crowds.

    A small network is trained on the shot itself, so nothing else needs to be downloaded and no other
    footage ends up in the result.

    \b
    First steps:
      infusion doctor
      infusion demo
      infusion inpaint plate.%04d.exr matte.%04d.exr clean.%04d.exr --frames 1001-1048

    \b
    Exit status: 0 done; 2 wrong input or settings; 130 cancelled, go on with --resume; 1 anything else.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        arguments: Words after ``infusion``; None takes those of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    verbose = "--verbose" in words
    try:
        result = infusion.main(words, prog_name="infusion", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return EXIT_WRONG_INPUT
    except (click.Abort, KeyboardInterrupt):
        _say("Stopped.")
        return EXIT_CANCELLED
    except InfusionError as error:
        return _report(error, verbose)
    except BrokenPipeError:
        return EXIT_FAILED  # whoever read our output has gone
    except Exception as error:
        return _report_failure(error, verbose)


def _report(error: InfusionError, verbose: bool) -> int:
    if verbose:
        _say("".join(traceback.format_exception(error)))
    label = "Cancelled" if isinstance(error, Cancelled) else "Error"
    text = str(error)
    _say(text if text.startswith(label) else f"{label}: {text}")
    return error.exit_status


def _report_failure(error: Exception, verbose: bool) -> int:
    if verbose:
        _say("".join(traceback.format_exception(error)))
    else:
        text = str(error).strip().splitlines()
        _say(f"Error: {type(error).__name__}: {text[0] if text else ''}")
        for note in getattr(error, "__notes__", ["Run again with --verbose for the whole story."]):
            _say(note)
    return EXIT_FAILED


def _say(text: str) -> None:
    try:
        click.echo(text, err=True)
    except OSError:
        return  # nobody is listening any more
