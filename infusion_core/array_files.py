"""Named arrays as a safetensors file. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save_file

from infusion_core.atomic import replacing


def save_arrays(
    path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None
) -> None:
    """Write arrays in place of whatever ``path`` holds, without a copy of those that are contiguous.

    Raises:
        OutputError: the file cannot be written.
    """
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    with replacing(path) as beside:
        beside.touch()
        mode = beside.stat().st_mode
        try:
            save_file(contiguous, beside, dict(metadata or {}) or None)
        except SafetensorError as error:
            raise OSError(str(error)) from error
        beside.chmod(mode)  # safetensors gives the file to its owner alone: no farm's user could read it
