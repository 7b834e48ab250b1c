"""Initial weights that a seed decides, with the same bits on every machine."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn

from lrn.arithmetic import normal

__all__ = ["draw"]

_NORMAL, _UNIFORM = 2**63, 2**63 + 1  # streams of a seed that nothing else draws from


def draw(modules: Iterable[nn.Module], seed: int, *, he: bool) -> None:
    """Sets the weights and biases of convolutions, linear layers and norms, in order.

    Uniform in ±1/√fan_in, as torch starts convolutions and linear layers; norms as the identity.

    Args:
        modules: the layers; others are passed over. Those that come first get the same weights whatever comes later.
        seed: whole, from 0.
        he: whether convolutions start as He et al. (2015) say instead: normal with variance 2 / fan_in, biases 0.
    """
    gaussian = np.random.Generator(np.random.Philox(key=[seed, _NORMAL]))
    uniform = np.random.Generator(np.random.Philox(key=[seed, _UNIFORM]))
    layers = list(modules)
    normals = [layer.weight for layer in layers if he and isinstance(layer, nn.Conv2d)]
    numbers = normal(gaussian, sum(map(torch.numel, normals)))  # at once, which is quicker
    with torch.no_grad():
        for weight in normals:
            _fill(weight, numbers[: weight.numel()] * math.sqrt(2 / weight[0].numel()))
            numbers = numbers[weight.numel() :]
        for layer in layers:
            if isinstance(layer, nn.Conv2d) and he:
                _zero(layer.bias)
            elif isinstance(layer, nn.Conv2d | nn.Linear):
                bound = 1 / math.sqrt(layer.weight[0].numel())
                for parameter in layer.parameters():
                    _fill(parameter, (uniform.random(parameter.numel()) * 2 - 1) * bound)
            elif isinstance(layer, nn.BatchNorm2d):
                layer.reset_parameters()


def _zero(parameter: Tensor | None) -> None:
    if parameter is not None:
        parameter.zero_()


def _fill(parameter: Tensor, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    parameter.copy_(torch.as_tensor(values).view_as(parameter))
