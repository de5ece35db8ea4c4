"""Work on many frames at once: reading files leaves the processor idle, decoding them does not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from infusion_core.cores import usable_cores
from infusion_core.progress import OnProgress, Progress, ShouldStop, raise_if_stopped

T = TypeVar("T")

_MAX_THREADS = 4  # each holds whole frames while it works: about 150 MB for a 4K matte


def for_each_frame(
    work: Callable[[int], T],
    count: int,
    message: str,
    *,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> list[T]:
    """Call ``work`` with 0 to ``count - 1`` from a few threads and return the results in order.

    Progress (stage ``prepare``, its fraction that of this pass) is reported from the calling thread.
    The first error in order is raised; work that has not begun by then is dropped.

    Raises:
        Cancelled: ``should_stop`` said so.
    """
    results: list[T] = []
    with ThreadPoolExecutor(min(_MAX_THREADS, usable_cores())) as pool:
        try:
            for number, result in enumerate(pool.map(work, range(count))):
                raise_if_stopped(should_stop)
                results.append(result)
                done = number + 1
                on_progress(Progress("prepare", done / count, step=done, num_steps=count, message=message))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return results
