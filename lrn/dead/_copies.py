"""Copies of modules that have plain weights."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from torch import Tensor, nn
from torch.nn.utils import parametrize, remove_spectral_norm, remove_weight_norm
from torch.nn.utils import prune as masks

__all__ = ["independent_copy"]

Module = TypeVar("Module", bound=nn.Module)


def independent_copy(module: Module) -> Module:
    """A deep copy whose weights are parameters again where they were computed from others (masks, weight norms)."""
    # deepcopy refuses tensors that were computed, as the weight under a mask is.
    memo: dict[int, Any] = {}
    for child in module.modules():
        for value in vars(child).values():
            if isinstance(value, Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
    made = copy.deepcopy(module, memo)
    for child in made.modules():
        _make_plain(child)
    return made


def _make_plain(child: nn.Module) -> None:
    if parametrize.is_parametrized(child):
        _own_class(child)
        for name in list(child.parametrizations):  # type: ignore[arg-type]
            parametrize.remove_parametrizations(child, name)
    for hook in list(child._forward_pre_hooks.values()):
        name = str(getattr(hook, "_tensor_name", getattr(hook, "name", "weight")))
        if isinstance(hook, masks.BasePruningMethod):
            masks.remove(child, name)
        elif type(hook).__name__ == "WeightNorm":
            remove_weight_norm(child, name)
        elif type(hook).__name__ == "SpectralNorm":
            remove_spectral_norm(child, name)


def _own_class(child: nn.Module) -> None:
    """Parts a parametrised copy's class from that of its original, which torch alters when it makes weights plain."""
    shared = type(child)
    members = dict(vars(shared))
    for slot in ("__dict__", "__weakref__"):
        members.pop(slot, None)
    child.__class__ = type(shared.__name__, shared.__bases__, members)
