"""The layers of a model by name: modules with parameters of their own, named as `lrn.dead` names them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from lrn.dead import paths_of

__all__ = ["NamedLayer", "layers_of"]


class NamedLayer(NamedTuple):
    """A module with trainable parameters of its own, those of its parametrisations included.

    Attributes:
        name: its path, without what `torch.compile` adds; its class if it is the model.
        module: the module.
        parameters: trainable ones, by their name in the model.
    """

    name: str
    module: nn.Module
    parameters: dict[str, Tensor]


def layers_of(model: nn.Module) -> Iterator[NamedLayer]:
    """The layers of a model, in the order in which they are registered."""
    paths = paths_of(model)
    inside: set[int] = set()
    for path, module in model.named_modules():
        if id(module) in inside:
            continue
        own = list(module.named_parameters(recurse=False))
        if is_parametrized(module):
            parts = module.parametrizations
            assert isinstance(parts, nn.Module)
            inside.update(map(id, parts.modules()))
            own += parts.named_parameters(prefix="parametrizations")
        trainable: dict[str, Tensor] = {}
        for name, parameter in own:
            if parameter.requires_grad:
                trainable[f"{path}.{name}" if path else name] = parameter
        if trainable:
            yield NamedLayer(paths[id(module)] or type(module).__name__, module, trainable)
