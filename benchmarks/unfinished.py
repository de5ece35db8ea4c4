"""A row that was stopped goes on where it stood: rows of the recipe take hours."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from infusion_core.atomic import replacing
from infusion_core.engine.checkpoint import State


@dataclass(frozen=True)
class Spent:
    """What a row has cost.

    Attributes:
        seconds, cpu_seconds: By the clock and of the processor.
        starts: How often it was started.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    starts: int = 0


class Unfinished:
    """What is kept of a row while it runs, in ``OUT/unfinished``.

    Attributes:
        state: Where it stood when it was stopped; None for a row that begins.
        before: What it had cost by then.
    """

    def __init__(self, out: Path, key: str) -> None:
        self._state, self._spent = (out / "unfinished" / f"{key}.{kind}" for kind in ("safetensors", "json"))
        self.state, self.before = None, Spent()
        if self._state.exists() and self._spent.exists():
            self.state = State.load(self._state)
            self.before = Spent(**json.loads(self._spent.read_text("utf-8")))
        self._start, self._start_cpu = time.perf_counter(), time.process_time()

    def spent(self) -> Spent:
        """What the row has cost by now."""
        return Spent(
            self.before.seconds + time.perf_counter() - self._start,
            self.before.cpu_seconds + time.process_time() - self._start_cpu,
            self.before.starts + 1,
        )

    def keep(self, state: State) -> None:
        """Keep where the row stands; what it costs to run it again from there on counts as well."""
        self._state.parent.mkdir(parents=True, exist_ok=True)
        state.save(self._state)
        with replacing(self._spent) as beside:
            beside.write_text(json.dumps(vars(self.spent())), "utf-8")

    def discard(self) -> None:
        """Forget all of it, once the row is finished."""
        for path in (self._state, self._spent):
            path.unlink(missing_ok=True)
