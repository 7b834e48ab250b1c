"""Dead neurons and dead layers of any module on any data, and networks without them.

A neuron is dead when its post-ReLU output is exactly zero for every input (thesis §3.3, after Lu et al.,
2020); a layer is dead when every neuron of it is. Both are statements about the data looked at: more data
can bring a neuron back to life and never kill one. Zero is exact, -0.0 included; NaN is not zero, so a
neuron that outputs NaN is not dead.

`dead_units` looks into a `torch.nn.Module`, `dead_neurons` and `dead_layers` take layer outputs that are
already at hand, and `prune` builds the smaller network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from lrn._torch import torch

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lrn.dead._looking import batches, looking
from lrn.dead._prune import prune
from lrn.dead._watch import RELU_LIKE, Watch

__all__ = ["DeadUnits", "LayerUnits", "dead_layers", "dead_neurons", "dead_units", "looking", "prune"]

Array = TypeVar("Array", NDArray[Any], Tensor)


@dataclass(frozen=True, eq=False)
class LayerUnits:
    """The units of one ReLU-like call.

    Attributes:
        name: path of the activation module ("features.1"), or of the module whose code makes the call, with
            the operation and brackets ("features.relu()"); later calls of the same name in a pass get "#2",
            "#3", ...
        kind: class of the activation module ("ReLU"), or the operation ("relu").
        dead: which units never fired, (W,) bool, read-only.
    """

    name: str
    kind: str
    dead: NDArray[np.bool_]

    @property
    def units(self) -> int:
        """The number of units W."""
        return len(self.dead)

    @property
    def dead_neurons(self) -> int:
        """The number of units that never fired."""
        return int(self.dead.sum())

    @property
    def is_dead(self) -> bool:
        """Whether every unit is dead."""
        return bool(self.dead.all())


@dataclass(frozen=True, eq=False)
class DeadUnits:
    """What `dead_units` found: the layers in the order they were called, and the number of samples looked at.

    `str()` gives a table to read, `to_dict()` the same for machines, and `found["name"]` one layer.
    """

    layers: tuple[LayerUnits, ...]
    samples: int

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each layer."""
        return tuple(layer.name for layer in self.layers)

    @property
    def masks(self) -> tuple[NDArray[np.bool_], ...]:
        """Which units are dead, (W,) bool for each layer."""
        return tuple(layer.dead for layer in self.layers)

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of dead units of each layer."""
        return tuple(layer.dead_neurons for layer in self.layers)

    @property
    def units(self) -> int:
        """The number of units of all layers."""
        return sum(layer.units for layer in self.layers)

    @property
    def dead_neurons(self) -> int:
        """The number of dead units of all layers."""
        return sum(self.counts)

    @property
    def dead_layers(self) -> int:
        """The number of layers of which every unit is dead."""
        return sum(layer.is_dead for layer in self.layers)

    def __getitem__(self, name: str) -> LayerUnits:
        """The layer of this name; KeyError with the names there are."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(f"no layer {name!r}; there are {', '.join(self.names)}")

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types; the dead units of a layer as their positions."""
        return {
            "samples": self.samples,
            "units": self.units,
            "dead_neurons": self.dead_neurons,
            "dead_layers": self.dead_layers,
            "layers": [
                {
                    "name": layer.name,
                    "kind": layer.kind,
                    "units": layer.units,
                    "dead": np.flatnonzero(layer.dead).tolist(),
                    "is_dead": layer.is_dead,
                }
                for layer in self.layers
            ],
        }

    def __str__(self) -> str:
        head = ("layer", "kind", "units", "dead")
        rows = [(layer.name, layer.kind, str(layer.units), str(layer.dead_neurons)) for layer in self.layers]
        name, kind, units, dead = (max(map(len, column)) for column in zip(head, *rows, strict=True))
        remarks = ["", *("  dead layer" if layer.is_dead else "" for layer in self.layers)]
        table = [
            f"{row[0]:<{name}}  {row[1]:<{kind}}  {row[2]:>{units}}  {row[3]:>{dead}}{remark}"
            for row, remark in zip([head, *rows], remarks, strict=True)
        ]
        total = f"{self.dead_neurons} of {self.units} units and {self.dead_layers} of {len(self.layers)} layers"
        return "\n".join([f"{total} are dead on {self.samples} samples", *table])


def dead_units(
    module: nn.Module,
    data: Any,
    *,
    batch_size: int | None = None,
    unit_dims: Mapping[str, int] | None = None,
) -> DeadUnits:
    """Find the units of each ReLU-like activation in `module` that are exactly zero on all of `data`.

    The forward code needs no change: activation modules and functional calls (`torch.relu(x)`,
    `x.clamp(min=0)`) are found alike, each counted once, and one entry is made for each call of a forward
    pass, in order.

    ReLU-like is what is exactly zero on a whole interval of inputs, for there a unit can be zero for all
    data and get no gradient: relu, relu6, clamp with min=0, hardtanh with min_val=0, threshold with
    value=0, leaky_relu with slope 0, hardswish, hardsigmoid, hardshrink, softshrink, and the ReLU of an
    `RNNCell`. Leaky ReLU, PReLU, ELU, SELU, GELU, SiLU, Softplus, Tanh and Sigmoid are zero at single
    points at most; their units are not reported. Not seen: a ReLU spelled as arithmetic (`x * (x > 0)`,
    `torch.maximum(x, zero)`), or inside a custom `torch.autograd.Function`.

    Units are the channels where the last convolution or normalisation over channels, or the features where
    the last linear layer or layer normalisation, gave an output of the same shape (or else of as many
    dimensions). Without one they are the last dimension of (N, F) and (N, T, F), dimension 1 of (N, C, H,
    W) and (N, C, D, H, W), and an output (N,) is one unit. `unit_dims` overrules this. A unit is dead when
    it is zero at every position.

    The module is run in evaluation mode without gradients, compiled parts eagerly. Its training flags and
    the random states are put back, its hooks and parameters left alone. Memory does not grow with the
    number of batches.

    Args:
        module: any module that takes one batch; on any device.
        data: a tensor or NumPy array with the samples in dimension 0; a tuple (input, target), of which the
            input is used; or an iterable of batches (a `DataLoader`, a list, nested or not). In an iterable
            a tuple or list is a batch, and its first element the input. Batches are moved to the module's
            device.
        batch_size: largest number of samples in one forward pass; None takes the batches as they come.
        unit_dims: for calls by name, the dimension of the output that holds the units.

    Returns:
        The dead units by layer.

    Raises:
        TypeError: `module` is not a module, or is TorchScript; or `data` or `unit_dims` is none of the above.
        ValueError: `data` is empty, `module` makes no ReLU-like call, a name in `unit_dims` is none of its
            calls or has no such dimension, or a layer's number of units differs between batches.
    """
    _check_module(module)
    unit_dims = _checked_dims(unit_dims or {})
    watch = Watch(module, unit_dims)
    samples = 0
    with looking(module), watch.attached():
        for batch in batches(module, data, batch_size):
            watch.forward(batch)
            samples += len(batch)
    _check_calls(watch, unit_dims)
    return DeadUnits(tuple(_layer(name, call.kind, call.fired) for name, call in watch.calls.items()), samples)


def dead_neurons(outputs: Array) -> Array:
    """Which neurons are dead, given what they output: exactly zero on all samples.

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


def _layer(name: str, kind: str, fired: Tensor) -> LayerUnits:
    dead = ~fired.cpu().numpy()
    dead.setflags(write=False)
    return LayerUnits(name, kind, dead)


def _check_module(module: Any) -> None:
    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, not {type(module).__name__}")
    for path, child in module.named_modules():
        if isinstance(child, torch.jit.ScriptModule):
            where = f"submodule {path!r}" if path else "module"
            raise TypeError(f"{where} is TorchScript, whose calls cannot be seen; give the module it was made from")


def _checked_dims(unit_dims: Any) -> dict[str, int]:
    whole = isinstance(unit_dims, Mapping) and all(isinstance(dim, int) for dim in unit_dims.values())
    if not whole:
        raise TypeError(f"unit_dims must map names of calls to whole numbers, as in {{'relu()': 1}}; got {unit_dims!r}")
    return dict(unit_dims)


def _check_calls(watch: Watch, unit_dims: Mapping[str, int]) -> None:
    if not watch.calls:
        raise ValueError(f"no ReLU-like activation was called; what counts: {RELU_LIKE}")
    for name in unit_dims:
        if name not in watch.calls:
            raise ValueError(f"unit_dims names {name!r}, but the calls are {', '.join(watch.calls)}")


def _check_array(name: str, value: Any) -> None:
    if not isinstance(value, np.ndarray | Tensor):
        raise TypeError(f"{name} must be a numpy array or a torch tensor, not {type(value).__name__}")
