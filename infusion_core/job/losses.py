"""The loss curve of a job: one JSON object a line, so that it can be read while it grows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from infusion_core.atomic import write_text


def read_losses(path: Path) -> list[tuple[int, int, float]]:
    """(interval, step, loss) of every line; a torn last line is left out."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_text("utf-8").splitlines():
        try:
            row = json.loads(line)
            rows.append((row["interval"], row["step"], row["loss"]))
        except (ValueError, KeyError, TypeError):
            continue
    return rows


def gather_losses(parts: Iterable[Path], whole: Path) -> None:
    """Write the lines of several files into one, by interval and step."""
    rows = sorted(row for path in parts for row in read_losses(path))
    write_text(whole, "".join(_line(*row) for row in rows))


class LossLog:
    """Appends to ``losses.jsonl``.

    Args:
        path: The file.
        interval, step: Where the run goes on; later lines are those of work that will be done again.
    """

    def __init__(self, path: Path, interval: int, step: int) -> None:
        kept = [row for row in read_losses(path) if row[:2] < (interval, step)]
        write_text(path, "".join(_line(*row) for row in kept))
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def __enter__(self) -> LossLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, interval: int, step: int, loss: float) -> None:
        """Add one training step's loss (mean squared error in model range)."""
        self._file.write(_line(interval, step, loss))


def _line(interval: int, step: int, loss: float) -> str:
    return json.dumps({"interval": interval, "step": step, "loss": loss}) + "\n"
