"""The shipped warm start as arrays. NumPy only."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

import numpy as np
from safetensors.numpy import load

from infusion_core.settings import NetworkSettings


def prior_file(network: NetworkSettings) -> Traversable:
    """Where the warm start of such a network lies, if there is one."""
    shape = f"{network.kind}_{network.channels}_{network.growth:g}_{network.levels}_{network.basis}"
    return resources.files("infusion_core.prior").joinpath("shipped", f"{shape}.safetensors")


def load_prior(network: NetworkSettings) -> dict[str, np.ndarray] | None:
    """The weights that such a network starts from, name to float32 array; None where none are shipped."""
    file = prior_file(network)
    if not file.is_file():
        return None
    return {name: array.astype(np.float32) for name, array in load(file.read_bytes()).items()}
