"""Muon: momentum whose update is made orthogonal, for the hidden convolutions (Jordan et al. 2024).

A convolution's weight is taken as a matrix of (channels out, channels in x taps). Its update is the
nearest matrix with all singular values near 1, so that rare directions of the gradient are learned as
fast as common ones. First and last layers and biases are updated by Adam.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.9
SECOND_MOMENT = 0.99
ADAM_SHARE = 0.1  # Adam's learning rate relative to Muon's
ITERATIONS = 5
QUINTIC = (3.4445, -4.7750, 2.0315)  # pushes singular values in (0, 1] towards 1 in five iterations


def orthogonalised(matrix: Tensor) -> Tensor:
    """A matrix (rows, columns) with the singular vectors of ``matrix`` and singular values of about 1."""
    a, b, c = QUINTIC
    result = matrix / (matrix.norm() + 1e-7)
    tall = result.shape[0] > result.shape[1]
    result = result.T if tall else result
    for _ in range(ITERATIONS):
        square = result @ result.T
        result = a * result + (b * square + c * square @ square) @ result
    return result.T if tall else result


class Muon(torch.optim.Optimizer):
    """Muon for the parameters in ``hidden``, Adam for the others, with one learning rate.

    Its state has the keys of ``torch.optim.Adam``: step, exp_avg, exp_avg_sq (Adam's part only).
    """

    def __init__(self, parameters: Iterable[nn.Parameter], hidden: Iterable[nn.Parameter], lr: float) -> None:
        super().__init__(parameters, {"lr": lr})
        self._hidden = {id(parameter) for parameter in hidden}

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is None:
                    continue
                if id(parameter) in self._hidden:
                    self._orthogonal_step(parameter, gradient, group["lr"])
                else:
                    self._adam_step(parameter, gradient, group["lr"] * ADAM_SHARE)

    def _orthogonal_step(self, parameter: nn.Parameter, gradient: Tensor, rate: float) -> None:
        state = self.state[parameter]
        if not state:
            state["exp_avg"] = torch.zeros_like(parameter)
        average = state["exp_avg"].lerp_(gradient, 1 - MOMENTUM)
        update = torch.lerp(gradient, average, MOMENTUM)  # Nesterov's look-ahead
        matrix = update.reshape(len(update), -1)
        parameter.add_(orthogonalised(matrix).reshape(parameter.shape), alpha=-rate)

    def _adam_step(self, parameter: nn.Parameter, gradient: Tensor, rate: float) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        state["step"] += 1
        steps = float(state["step"])
        first = state["exp_avg"].lerp_(gradient, 1 - MOMENTUM) / (1 - MOMENTUM**steps)
        second = state["exp_avg_sq"].lerp_(gradient**2, 1 - SECOND_MOMENT)
        parameter.addcdiv_(first, (second / (1 - SECOND_MOMENT**steps)).sqrt() + 1e-8, value=-rate)
