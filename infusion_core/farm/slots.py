"""Where shots of a batch run: one slot for each GPU, or shares of the CPU. Standard library only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from infusion_core.cores import usable_cores
from infusion_core.settings import Settings

_QUERY = ("nvidia-smi", "--query-gpu=index", "--format=csv,noheader")


@dataclass(frozen=True)
class Slot:
    """Room for one process.

    Attributes:
        gpu: What CUDA calls the GPU, its number or UUID; empty: no GPU of its own.
        threads: CPU threads for a shot that does not say; 0: all.
    """

    gpu: str = ""
    threads: int = 0

    def environment(self) -> dict[str, str]:
        """What the process finds in its environment."""
        return {"CUDA_VISIBLE_DEVICES": self.gpu} if self.gpu else {}

    def options(self, settings: Settings) -> list[str]:
        """Options of ``infusion inpaint`` for a shot in this slot."""
        words = []
        if self.gpu and settings.run.device.startswith("cuda:"):
            words += ["--device", "cuda"]  # the process sees one GPU, which is number 0 to it
        if self.threads and not settings.run.threads:
            words += ["--threads", str(self.threads)]
        return words


def visible_gpus() -> list[str]:
    """The NVIDIA GPUs that this process may use: those of CUDA_VISIBLE_DEVICES, else all."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return [gpu.strip() for gpu in given.split(",") if gpu.strip() not in ("", "-1")]
    try:
        done = subprocess.run(_QUERY, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.split() if done.returncode == 0 else []


def make_slots(gpus: Sequence[str], at_once: int) -> list[Slot]:
    """Slots for at most ``at_once`` shots (0: one for each GPU, or a single one on the CPU).

    Shots never share a GPU, so there are at most as many slots as GPUs where there are any.
    """
    if gpus:
        return [Slot(gpu) for gpu in gpus[: at_once or None]]
    count = at_once or 1
    return [Slot(threads=max(1, usable_cores() // count) if count > 1 else 0) for _ in range(count)]
