"""Files that are either the old one or the new one, never half of either. Standard library only."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from infusion_core.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it takes the place of ``path`` when the block ends well.

    Raises:
        OutputError: the folder cannot be written, or the path is a device, a pipe or a folder, whose place
            a file must not take.
    """
    beside = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}{path.suffix}")
    try:
        if path.exists() and not path.is_file():
            raise OutputError("Not a file, so none is put in its place.", path=path, remedy="Name a file.")
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        os.replace(beside, path)
    except OSError as error:
        raise OutputError(
            f"Cannot write the file: {error.strerror or error}.",
            path=path,
            remedy="Check the free space and the permissions of its folder.",
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 in place of whatever ``path`` holds."""
    with replacing(path) as beside:
        beside.write_text(text, "utf-8")


def write_json(path: Path, data: Any) -> None:
    """Write ``data`` as readable JSON in place of whatever ``path`` holds."""
    write_text(path, json.dumps(data, indent=2) + "\n")
