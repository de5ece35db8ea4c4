"""Muon: momentum whose update is made orthogonal, for the hidden convolutions (Jordan et al. 2024).

A convolution's weight is taken as a matrix of (channels out, channels in x taps). Its update is the
nearest matrix with all singular values near 1, so that rare directions of the gradient are learned as
fast as common ones. First and last layers and biases are updated by Adam.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.9
SECOND_MOMENT = 0.99
ADAM_SHARE = 0.1  # Adam's learning rate relative to Muon's
ITERATIONS = 5
QUINTIC = (3.4445, -4.7750, 2.0315)  # pushes singular values in (0, 1] towards 1 in five iterations


def orthogonalised(stacks: Sequence[Tensor]) -> list[Tensor]:
    """Matrices with their singular vectors kept and singular values of about 1.

    Each iteration multiplies by a polynomial of the matrix's square. All of them commute, so it is enough to
    iterate on the squares, which are small and for matrices of one shorter side alike.

    Args:
        stacks: Each (N, rows, columns); those of one shorter side in a row.
    """
    wides = [_wide(stack / (stack.norm(dim=(-2, -1), keepdim=True) + 1e-7)) for stack in stacks]
    factors: list[Tensor] = []
    for _, alike in itertools.groupby(wides, key=lambda wide: wide.shape[1]):
        squares = [wide @ wide.mT for wide in alike]
        factors += _factors(torch.cat(squares)).split([len(one) for one in squares])
    turned = [factor @ wide for factor, wide in zip(factors, wides, strict=True)]
    return [one if _is_wide(stack) else one.mT for one, stack in zip(turned, stacks, strict=True)]


def _factors(square: Tensor) -> Tensor:
    """What matrices of these squares (N, side, side), at most 1, are to be multiplied by."""
    a, b, c = QUINTIC
    result = torch.eye(square.shape[-1], device=square.device).expand_as(square)
    for _ in range(ITERATIONS):
        factor = torch.baddbmm(b * square, square, square, alpha=c)
        factor.diagonal(dim1=-2, dim2=-1).add_(a)
        result = factor @ result
        square = factor @ square @ factor
    return result


def _is_wide(stack: Tensor) -> bool:
    return stack.shape[1] <= stack.shape[2]


def _wide(stack: Tensor) -> Tensor:
    return stack if _is_wide(stack) else stack.mT


def _by_sides(kernel: Tensor) -> tuple[int, int, int]:
    """Orders kernels as ``orthogonalised`` wants them."""
    rows, columns = len(kernel), kernel[0].numel()
    return min(rows, columns), rows, columns


def _as_matrix(kernel: Tensor) -> Tensor:
    """(channels out, taps x channels in); a view where channels are stored last."""
    return kernel.movedim(1, -1).flatten(1)


def _as_kernel(matrix: Tensor, like: Tensor) -> Tensor:
    return matrix.unflatten(1, like.movedim(1, -1).shape[1:]).movedim(-1, 1)


class Muon:
    """Muon for the parameters in ``hidden``, Adam for the others, with one learning rate.

    It has what the engine uses of ``torch.optim.Optimizer``, and its state has the keys of
    ``torch.optim.Adam``: step, exp_avg, exp_avg_sq (Adam's part only). It is none, for making the first
    optimiser of a process has PyTorch import its compiler, which takes some seconds. Kernels of one shape are
    updated together: small networks spend their time on starting operations.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], hidden: Iterable[nn.Parameter], lr: float) -> None:
        self.param_groups = [{"lr": lr}]
        self.state: dict[nn.Parameter, dict[str, Tensor]] = {}
        self._parameters = list(parameters)
        self._hidden = sorted(hidden, key=_by_sides)
        ids = {id(parameter) for parameter in self._hidden}
        self._others = [parameter for parameter in self._parameters if id(parameter) not in ids]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """The state of each parameter that has one, by its place in the order given."""
        each = enumerate(self._parameters)
        return {"state": {i: self.state[one] for i, one in each if one in self.state}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over copies of what ``state_dict`` gave."""
        self.state = {}
        for i, moments in state_dict["state"].items():
            parameter = self._parameters[i]
            self.state[parameter] = {
                name: value.to("cpu" if name == "step" else parameter.device, copy=True)
                for name, value in moments.items()
            }

    @torch.no_grad()
    def step(self) -> None:
        """Update every parameter that has a gradient."""
        rate = self.param_groups[0]["lr"]
        hidden, others = (
            [parameter for parameter in part if parameter.grad is not None]
            for part in (self._hidden, self._others)
        )
        if hidden:
            self._orthogonal_step(hidden, rate)
        if others:
            self._adam_step(others, rate * ADAM_SHARE)

    def _state_of(self, parameters: list[nn.Parameter], names: tuple[str, ...]) -> list[list[Tensor]]:
        """The running values of parameters by name, zero at first."""
        for parameter in parameters:
            moments = self.state.setdefault(parameter, {})
            for name in names:
                if name not in moments:
                    moments[name] = torch.zeros(()) if name == "step" else torch.zeros_like(parameter)
        return [[self.state[parameter][name] for parameter in parameters] for name in names]

    def _orthogonal_step(self, parameters: list[nn.Parameter], rate: float) -> None:
        """Update kernels that are sorted ``_by_sides``."""
        gradients = _gradients(parameters)
        (averages,) = self._state_of(parameters, ("exp_avg",))
        torch._foreach_lerp_(averages, gradients, 1 - MOMENTUM)
        updates = torch._foreach_lerp(gradients, averages, MOMENTUM)  # Nesterov's look-ahead
        stacks = [
            torch.stack(list(alike)) for _, alike in itertools.groupby(map(_as_matrix, updates), _by_sides)
        ]
        turned = itertools.chain.from_iterable(orthogonalised(stacks))
        weights: list[Tensor] = list(parameters)
        kernels = [_as_kernel(one, weight) for one, weight in zip(turned, weights, strict=True)]
        torch._foreach_add_(weights, kernels, alpha=-rate)

    def _adam_step(self, parameters: list[nn.Parameter], rate: float) -> None:
        gradients = _gradients(parameters)
        steps, firsts, seconds = self._state_of(parameters, ("step", "exp_avg", "exp_avg_sq"))
        torch._foreach_add_(steps, 1)
        count = float(steps[0])
        torch._foreach_lerp_(firsts, gradients, 1 - MOMENTUM)
        torch._foreach_lerp_(seconds, torch._foreach_mul(gradients, gradients), 1 - SECOND_MOMENT)
        spread = torch._foreach_sqrt(torch._foreach_div(seconds, 1 - SECOND_MOMENT**count))
        torch._foreach_add_(spread, 1e-8)
        weights: list[Tensor] = list(parameters)
        torch._foreach_addcdiv_(weights, firsts, spread, value=-rate / (1 - MOMENTUM**count))


def _gradients(parameters: list[nn.Parameter]) -> list[Tensor]:
    return [parameter.grad for parameter in parameters if parameter.grad is not None]
