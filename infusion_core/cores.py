"""How many CPU cores there are to use, and keeping NumPy to them."""

from __future__ import annotations

import os

from threadpoolctl import threadpool_limits


def usable_cores() -> int:
    """The cores that this process may use; farms and containers often lend fewer than there are."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def threads_for(asked: int) -> int:
    """The number of threads that ``run.threads`` stands for: 0 is as many as ``usable_cores``."""
    return asked or usable_cores()


def limit_numpy(threads: int) -> threadpool_limits:
    """Have NumPy's linear algebra use so many threads from now on, in the whole process.

    In a ``with`` statement until its end, then as many as before.

    Its libraries otherwise take as many as the machine has cores, whatever a farm lent.
    """
    return threadpool_limits(limits=threads, user_api="blas")
