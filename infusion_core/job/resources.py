"""Memory and disk that a run may use. Standard library only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infusion_core.errors import ResourceError

GIB = 2**30


def free_memory() -> int | None:
    """Bytes of memory that this process could still take; None where the system does not say."""
    limits = [limit for limit in (_meminfo(), _cgroup_room()) if limit is not None]
    return min(limits) if limits else _physical_memory()


def _meminfo() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    sizes = dict(line.split(":", 1) for line in lines if ":" in line)
    available = sizes.get("MemAvailable")
    return None if available is None else int(available.split()[0]) * 1024


def _cgroup_room() -> int | None:
    """Room below the limit of a container (cgroup version 2 or 1)."""
    root = Path("/sys/fs/cgroup")
    for limit, usage in (
        (root / "memory.max", root / "memory.current"),
        (root / "memory/memory.limit_in_bytes", root / "memory/memory.usage_in_bytes"),
    ):
        try:
            return max(0, int(limit.read_text()) - int(usage.read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return None


def _physical_memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory")


@contextmanager
def told_as_resource_error() -> Iterator[None]:
    """Turn running out of memory, of the machine or of a GPU, into a ResourceError with a remedy."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        text = str(error)
        if not isinstance(error, MemoryError) and not any(hint in text.lower() for hint in _OUT_OF_MEMORY):
            raise
        raise ResourceError(
            f"Out of memory. {text.splitlines()[0] if text else ''}".strip(),
            remedy="Set --memory lower so that smaller tiles are used, fill fewer frames at a time, or keep "
            "less --context; then go on with --resume.",
        ) from error


def memory_budget(memory_gib: float) -> int | None:
    """Bytes that a run may use: the user's figure, or what is free when that is 0."""
    return int(memory_gib * GIB) if memory_gib > 0 else free_memory()


def check_memory(needed: int, memory_gib: float) -> None:
    """Raise ResourceError when ``needed`` bytes are more than the run may use."""
    budget = memory_budget(memory_gib)
    if budget is not None and needed > budget:
        allowed = "allowed by --memory" if memory_gib > 0 else "free"
        raise ResourceError(
            f"This shot needs about {needed / GIB:.1f} GiB of memory; {budget / GIB:.1f} GiB are {allowed}.",
            remedy="Fill fewer frames at a time (--frames), keep less around the hole (--context), "
            "close other programs, or raise --memory.",
        )


def check_disk(needed: int, folder: Path) -> None:
    """Raise ResourceError when the disk of ``folder``, made or not, has less than ``needed`` bytes free."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise ResourceError(
            f"The job folder needs about {needed / GIB:.2f} GiB; its disk has {free / GIB:.2f} GiB free.",
            path=folder,
            remedy="Free some space, or put the job elsewhere with --job.",
        )
