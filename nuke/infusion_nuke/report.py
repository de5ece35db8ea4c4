"""Telling the artist what went wrong: a window with an interface, an exception without one."""

from __future__ import annotations

from infusion_plugin.errors import PluginError


def report(text: str) -> None:
    """Show ``text``.

    Raises:
        PluginError: in a Nuke without an interface, so that scripts and farms see it.
    """
    import nuke

    if not nuke.GUI:
        raise PluginError(text)
    nuke.message(text)
