"""What goes wrong on the host's side of the process boundary, in words an artist can act on."""

from __future__ import annotations

OUT_OF_MEMORY_REMEDY = (
    "Set Memory lower, choose a smaller preset, or shorten the range; Resume goes on from the checkpoint."
)


class PluginError(Exception):
    """Root of the plugin layer's errors.

    Args:
        message: What is wrong, in one sentence.
        remedy: What the artist can do about it, in one sentence.
        path: The file or folder concerned.
    """

    def __init__(self, message: str, *, remedy: str = "", path: object | None = None) -> None:
        self.message = message
        self.remedy = remedy
        self.path = None if path is None else str(path)
        super().__init__(str(self))

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path and self.path not in self.message else ""
        return f"{where}{self.message} {self.remedy}".strip()


class InputError(PluginError):
    """Something that the artist entered or connected cannot be used."""


class InterpreterError(PluginError):
    """The Python that holds infusion_core cannot be found or does not work."""


class JobError(PluginError):
    """A job folder that cannot be read, or was written by another release."""


class JobLockedError(JobError):
    """Another run is at work in the job folder."""


class InstallError(PluginError):
    """An adapter that cannot be put where its host looks for it."""
