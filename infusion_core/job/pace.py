"""One fraction and one time left for a run made of several steps. Standard library only."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from infusion_core.progress import OnProgress, Progress

# Rough speed of a desktop machine at the networks' convolutions. It shares the progress bar out among
# the steps; the time left of the step in work is measured.
FLOPS_PER_S = 5e10
SMOOTHING_S = 30.0
FIRST_ESTIMATE_AFTER_S = 2.0


class Pace:
    """Turns each step's own fraction into that of the whole run.

    Args:
        expected_s: Seconds each step is expected to take, in order; only their ratios matter for the
            fraction, and the time left of the step in work is measured, not expected.
        on_progress: Gets the reports of the whole run.
        clock: Seconds, rising.
    """

    def __init__(
        self,
        expected_s: Mapping[str, float],
        on_progress: OnProgress,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._expected_s = dict(expected_s)
        self._on_progress = on_progress
        self._clock = clock
        self._highest = 0.0

    def expect(self, expected_s: Mapping[str, float]) -> None:
        """Put better figures in place of what was expected."""
        self._expected_s |= expected_s

    def step(self, name: str, *, tells_time: bool = True) -> OnProgress:
        """The callback for the step ``name``, whose reports have fractions of that step alone.

        Without ``tells_time`` no time left is told, for it is not known yet how long other steps will take.
        """
        names = list(self._expected_s)
        before = sum(self._expected_s[other] for other in names[: names.index(name)])
        after = sum(self._expected_s[other] for other in names[names.index(name) + 1 :])
        own = self._expected_s[name]
        total = before + own + after or 1.0
        speed = Speed(self._clock)

        def report(progress: Progress) -> None:
            left_s = speed.time_left_s(progress.fraction)
            # Better expectations may lower the fraction; a progress bar that goes back alarms people.
            self._highest = max(self._highest, (before + own * progress.fraction) / total)
            self._on_progress(
                replace(
                    progress,
                    fraction=min(1.0, self._highest),
                    time_left_s=left_s + after if tells_time and left_s is not None else None,
                )
            )

        return report


class Speed:
    """Time left of one step, from its smoothed speed since it was first heard of."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first: tuple[float, float] | None = None
        self._last = (0.0, 0.0)
        self._rate = 0.0

    def time_left_s(self, fraction: float) -> float | None:
        """Seconds left at ``fraction`` done; None until the speed is known.

        A step that goes on from a checkpoint starts at a fraction above 0, which counts for nothing.
        """
        now = self._clock()
        if self._first is None:
            self._first = self._last = (now, fraction)
            return None
        elapsed, done = now - self._first[0], fraction - self._first[1]
        if elapsed < FIRST_ESTIMATE_AFTER_S or done <= 0:
            return None
        since, gained = now - self._last[0], fraction - self._last[1]
        if self._rate <= 0:
            self._rate = done / elapsed
            self._last = (now, fraction)
        elif since >= 1.0:
            weight = 1.0 - math.exp(-since / SMOOTHING_S)
            self._rate += weight * (gained / since - self._rate)
            self._last = (now, fraction)
        return (1.0 - fraction) / self._rate if self._rate > 0 else None
