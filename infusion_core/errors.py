"""Every error that Infusion Inpaint raises on purpose: what went wrong, where, and what to do.

Standard library only.
"""

from __future__ import annotations

from os import PathLike, fspath
from typing import Any


class InfusionError(Exception):
    """Root of the project's errors.

    Args:
        message: What is wrong, in one sentence a compositor understands.
        path: The file or folder concerned.
        frame: The frame number concerned.
        remedy: What the user can do about it, in one sentence.
    """

    exit_status = 1

    def __init__(
        self,
        message: str,
        *,
        path: str | PathLike[str] | None = None,
        frame: int | None = None,
        remedy: str | None = None,
    ) -> None:
        self.message = message
        self.path = None if path is None else fspath(path)
        self.frame = frame
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        where = []
        if self.path is not None and self.path not in self.message:
            where.append(self.path)
        if self.frame is not None:
            where.append(f"frame {self.frame}")
        text = f"{', '.join(where)}: {self.message}" if where else self.message
        return f"{text} {self.remedy}" if self.remedy else text

    def to_dict(self) -> dict[str, Any]:
        """The error as plain data, for JSON-lines events."""
        return {
            "type": type(self).__name__,
            "message": self.message,
            "path": self.path,
            "frame": self.frame,
            "remedy": self.remedy,
        }


class InputError(InfusionError, ValueError):
    """A plate, a matte, a frame range or a bundle that cannot be used as given."""

    exit_status = 2


class SettingsError(InfusionError, ValueError):
    """A setting that does not exist, has the wrong type, or lies outside its range."""

    exit_status = 2


class OutputError(InfusionError):
    """A result that cannot be written where it was asked for."""

    exit_status = 2


class ResourceError(InfusionError):
    """Too little memory, disk or device for the work asked."""

    exit_status = 2


class JobError(InfusionError):
    """A job folder that cannot be used: another run holds it, or its files do not fit together."""

    exit_status = 2


class FarmError(InfusionError):
    """A render farm that does not answer or does not take a job."""


class Cancelled(InfusionError):  # noqa: N818 - a request granted, not a fault
    """The user stopped the work; what is done is checkpointed and can be resumed."""

    exit_status = 130

    def __init__(self, message: str = "Cancelled.", **where: Any) -> None:
        super().__init__(message, **where)
