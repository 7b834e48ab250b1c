"""Dead neurons and layers of layer outputs that are already at hand."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["dead_layers", "dead_neurons"]

Array = TypeVar("Array", NDArray[Any], Tensor)


def dead_neurons(outputs: Array) -> Array:
    """Returns which neurons are dead, given their outputs: exactly zero on all samples.

    Args:
        outputs: post-ReLU outputs (..., N, W), for instance (S, D, N, W); a NumPy array or a torch tensor.

    Returns:
        (..., W) bool of the same kind, for instance (S, D, W).

    Raises:
        TypeError: `outputs` is neither.
        ValueError: there is no sample or neuron axis, or no sample.
    """
    _check_array("outputs", outputs)
    if outputs.ndim < 2:
        raise ValueError(f"outputs must have the axes (..., N, W), but their shape is {tuple(outputs.shape)}")
    if outputs.shape[-2] == 0:
        raise ValueError(f"outputs must have at least one sample, but their shape is {tuple(outputs.shape)}")
    return (outputs == 0).all(-2)


def dead_layers(flags: Array) -> Array:
    """Which layers are dead, given which neurons are: every neuron of them.

    Args:
        flags: dead neurons (..., W) bool, for instance (S, D, W), as `dead_neurons` returns.

    Returns:
        (...) bool of the same kind, for instance (S, D).

    Raises:
        TypeError: `flags` is not an array or tensor of bool.
        ValueError: there is no neuron axis, or no neuron.
    """
    _check_array("flags", flags)
    if flags.dtype not in (np.bool_, torch.bool):
        raise TypeError(f"flags must be bool, one for each neuron, not {flags.dtype}")
    if flags.ndim == 0 or flags.shape[-1] == 0:
        raise ValueError(f"flags must have at least one neuron, but their shape is {tuple(flags.shape)}")
    return flags.all(-1)  # type: ignore[return-value]


def _check_array(name: str, value: Any) -> None:
    if not isinstance(value, np.ndarray | Tensor):
        raise TypeError(f"{name} must be a numpy array or a torch tensor, not {type(value).__name__}")
