"""Initial weights that a seed decides, with the same bits on every machine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lrn.arithmetic import normals, uniforms

__all__ = ["draw", "starts"]

_NORMAL, _UNIFORM = 2**63, 2**63 + 1  # streams of a seed that nothing else draws from
_Array = NDArray[np.float64]
_Scaled = tuple[Tensor, float]
"""A parameter, and the factor of its random numbers, or its constant."""


def draw(modules: Iterable[nn.Module], seed: int, *, he: bool) -> None:
    """Sets the weights and biases of convolutions, linear layers and norms as `starts` has them; resets the norms."""
    layers = list(modules)
    with torch.no_grad():
        for parameter, values in starts(layers, [seed], he=he):
            parameter.copy_(torch.as_tensor(values[0]))
        for layer in layers:
            if isinstance(layer, nn.BatchNorm2d):
                layer.reset_running_stats()


def starts(modules: Iterable[nn.Module], seeds: Sequence[int], *, he: bool) -> Iterator[tuple[Tensor, _Array]]:
    """The initial values (S, *shape) of the parameters of convolutions, linear layers and norms, for S seeds.

    Uniform in ±1/√fan_in, as torch starts convolutions and linear layers; norms as the identity.

    Args:
        modules: the layers; others are passed over. Those that come first get the same weights whatever comes later.
        seeds: whole, from 0.
        he: whether convolutions start as He et al. (2015) say instead: normal with variance 2 / fan_in, biases 0.
    """
    normal, uniform, constant = list[_Scaled](), list[_Scaled](), list[_Scaled]()
    for layer in modules:
        if isinstance(layer, nn.BatchNorm2d):
            constant += _scaled(1.0, layer.weight) + _scaled(0.0, layer.bias)
        elif he and isinstance(layer, nn.Conv2d):
            normal += _scaled(math.sqrt(2 / layer.weight[0].numel()), layer.weight)
            constant += _scaled(0.0, layer.bias)
        elif isinstance(layer, nn.Conv2d | nn.Linear):
            uniform += _scaled(1 / math.sqrt(layer.weight[0].numel()), *layer.parameters())
    for parameter, value in constant:
        yield parameter, np.full((len(seeds), *parameter.shape), value)
    (drawn,) = normals([(seed, _NORMAL) for seed in seeds], [(_size(normal),)])
    yield from _dealt(normal, drawn)
    yield from _dealt(uniform, uniforms([(seed, _UNIFORM) for seed in seeds], _size(uniform)) * 2 - 1)


def _scaled(scale: float, *parameters: Tensor | None) -> list[_Scaled]:
    return [(parameter, scale) for parameter in parameters if parameter is not None]


def _size(parameters: list[_Scaled]) -> int:
    return sum(parameter.numel() for parameter, _ in parameters)


def _dealt(parameters: list[_Scaled], numbers: _Array) -> Iterator[tuple[Tensor, _Array]]:
    """Each parameter's share of numbers (S, *), in order."""
    start = 0
    for parameter, scale in parameters:
        share = numbers[:, start : start + parameter.numel()]
        yield parameter, share.reshape(len(numbers), *parameter.shape) * scale
        start += parameter.numel()
