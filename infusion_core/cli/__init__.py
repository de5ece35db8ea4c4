"""The command line, ``infusion``. Importing it is quick: each command imports what it needs when it runs."""

from infusion_core.cli.app import main

__all__ = ["main"]
