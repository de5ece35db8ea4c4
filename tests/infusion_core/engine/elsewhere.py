"""A device that is not there: tensors that say they live on it and compute on the CPU.

A GPU refuses what a CPU lets pass: tensors of two devices in one operation, ``numpy()`` of its own, a
generator of another device. So does this one, which needs no GPU; and it counts what a GPU would be slow
at. It says that it is ``meta``, the one device beside the CPU for which autograd runs everywhere. It knows
neither autocast nor bfloat16.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

ELSEWHERE = torch.device("meta")
# What PyTorch lets take tensors of the CPU beside those of a GPU: copies, and indices.
MIXING = ("aten::_to_copy", "aten::copy_", "aten::index", "aten::index_put_", "aten::_index_put_impl_")


class Away(torch.Tensor):
    """A tensor elsewhere."""

    @staticmethod
    def __new__(cls, here):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            here.shape,
            strides=here.stride(),
            storage_offset=here.storage_offset(),
            dtype=here.dtype,
            device=ELSEWHERE,
        )

    def __init__(self, here):
        self.here = here

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        raise AssertionError("a tensor outlived the device that it was on")


class AwayGenerator(torch.Generator):
    """Randomness elsewhere."""

    device = ELSEWHERE


@dataclass
class Traffic:
    """What was done there.

    Attributes:
        operations: How often each was started.
        uploads: Copies of tensors from the CPU.
        downloads: Copies of tensors to the CPU, and numbers read: the program waits for each.
    """

    operations: Counter[str] = field(default_factory=Counter)
    uploads: int = 0
    downloads: int = 0


class _Elsewhere(TorchDispatchMode):
    def __init__(self, traffic):
        super().__init__()
        self.traffic = traffic

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        tensors = [one for one in tree_flatten((args, kwargs))[0] if isinstance(one, torch.Tensor)]
        away = any(isinstance(one, Away) for one in tensors)
        target = kwargs.get("device")
        lands_away = away if target is None else torch.device(target) == ELSEWHERE
        self._refuse_mixtures(func, tensors, away)
        self._count(func, tensors, away, lands_away)
        if target is not None:
            kwargs = {**kwargs, "device": torch.device("cpu")}
        result = func(*tree_map(_here, args), **tree_map(_here, kwargs))
        if not lands_away or not isinstance(result, torch.Tensor | list | tuple):
            return result
        if any(argument.is_write for argument in _aliases(func)):
            return args[0]
        return tree_map(_away, result)

    def _refuse_mixtures(self, func, tensors, away):
        if not away or func._schema.name in MIXING:
            return
        for one in tensors:
            if not isinstance(one, Away) and one.ndim:
                raise RuntimeError(f"{func} takes {tuple(one.shape)} of the CPU and tensors elsewhere.")

    def _count(self, func, tensors, away, lands_away):
        here = any(not isinstance(one, Away) and one.ndim for one in tensors)
        self.traffic.uploads += func._schema.name in MIXING and lands_away and here
        self.traffic.downloads += away and (
            not lands_away or func._schema.name in ("aten::_local_scalar_dense", "aten::nonzero")
        )
        if lands_away:
            self.traffic.operations[func._schema.name] += 1


def _aliases(func):
    return [one.alias_info for one in func._schema.arguments if one.alias_info is not None]


def _here(value):
    return value.here if isinstance(value, Away) else value


def _away(value):
    return Away(value) if isinstance(value, torch.Tensor) else value


@contextmanager
def elsewhere(monkeypatch):
    """Within it the device is there; yields its traffic."""
    generator, autocast = torch.Generator, torch.autocast

    def make_generator(device="cpu"):
        return AwayGenerator() if torch.device(device) == ELSEWHERE else generator(device)

    def make_autocast(device, *args, **options):
        return nullcontext() if device == ELSEWHERE.type else autocast(device, *args, **options)

    traffic = Traffic()
    with monkeypatch.context() as patch, _Elsewhere(traffic):
        patch.setattr("infusion_core.engine.train.Generator", make_generator)
        patch.setattr(torch, "autocast", make_autocast)
        yield traffic
