"""A learner as named arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from infusion_core.engine.train import Learner

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def copied(tensor: Tensor) -> np.ndarray:
    """A tensor as an array of its own, which later training does not change."""
    return tensor.detach().cpu().contiguous().clone().numpy()


def shared(tensor: Tensor) -> np.ndarray:
    """A tensor as an array, on the CPU of the same memory: for what nothing changes in place."""
    return tensor.detach().cpu().numpy()


def learner_arrays(learner: Learner) -> dict[str, np.ndarray]:
    """Weights, their average and the optimiser's moments."""
    tensors: dict[str, Tensor] = {f"weight/{k}": v for k, v in learner.network.named_parameters()}
    tensors |= {f"average/{k}": v for k, v in learner.average.items()}
    names = [name for name, _ in learner.network.named_parameters()]
    for i, moments in learner.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{key}/{names[i]}": value for key, value in moments.items()}
    return {name: copied(tensor) for name, tensor in tensors.items()}


def restore_learner(learner: Learner, arrays: Mapping[str, np.ndarray]) -> None:
    """Put ``learner_arrays`` back."""
    parameters = dict(learner.network.named_parameters())
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(torch.from_numpy(arrays[f"weight/{name}"]))
            if learner.average:
                learner.average[name].copy_(torch.from_numpy(arrays[f"average/{name}"]))
    moments: dict[int, dict[str, Tensor]] = {}
    for i, name in enumerate(parameters):
        for key in _MOMENTS:
            if f"optimiser/{key}/{name}" in arrays:
                value = torch.from_numpy(arrays[f"optimiser/{key}/{name}"])
                moments.setdefault(i, {})[key] = value
    described = learner.optimiser.state_dict()
    learner.optimiser.load_state_dict({**described, "state": moments})


def sampling_arrays(learner: Learner) -> dict[str, np.ndarray]:
    """The weights that the reverse diffusion uses, by name."""
    return {name: copied(weight) for name, weight in learner.sampling_weights().items()}


def start_from(learner: Learner, weights: Mapping[str, np.ndarray]) -> None:
    """Give a new learner the weights, and the same as their average."""
    with torch.no_grad():
        for name, parameter in learner.network.named_parameters():
            parameter.copy_(torch.from_numpy(weights[name]))
            if learner.average:
                learner.average[name].copy_(parameter)
