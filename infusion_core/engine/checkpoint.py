"""The state of a run between two steps, as a safetensors file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from safetensors import SafetensorError, safe_open

from infusion_core.array_files import save_arrays
from infusion_core.errors import JobError

CHECKPOINT_SCHEMA_VERSION = 2
Phase = Literal["start", "train", "denoise", "done"]


@dataclass(frozen=True)
class State:
    """Where a run stands and all tensors that it needs to go on.

    Attributes:
        interval: Index of the interval in work.
        phase: What is being done in it: ``start`` before its first training step, ``done`` after the last
            interval.
        step: Steps of the phase that are finished.
        tensors: Weights, their average, the optimiser's moments, the noisy clip, the last x0_hat and
            what finer stages are held to.
    """

    interval: int
    phase: Phase
    step: int
    tensors: dict[str, np.ndarray]

    def save(self, path: str | Path) -> None:
        """Write the state beside ``path`` and rename it, so that a crash leaves the older one.

        Raises:
            OutputError: the file cannot be written.
        """
        where = {"interval": self.interval, "phase": self.phase, "step": self.step}
        metadata = {"schema_version": str(CHECKPOINT_SCHEMA_VERSION), "where": json.dumps(where)}
        save_arrays(Path(path), self.tensors, metadata)

    @staticmethod
    def load(path: str | Path) -> State:
        """Read a state.

        Raises:
            JobError: the file is missing, damaged or of another release.
        """
        try:
            with safe_open(path, "np") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError) as error:
            raise JobError(
                f"The checkpoint cannot be read: {error}.", path=path, remedy="Start the job anew."
            ) from error
        if metadata.get("schema_version") != str(CHECKPOINT_SCHEMA_VERSION):
            raise JobError(
                "The checkpoint was written by another release.", path=path, remedy="Start the job anew."
            )
        try:
            return State(**json.loads(metadata["where"]), tensors=tensors)
        except (KeyError, TypeError, ValueError) as error:
            raise JobError(
                "The checkpoint does not say where the run stood.", path=path, remedy="Start the job anew."
            ) from error
