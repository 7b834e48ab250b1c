"""Fully connected stacks: `depth` times a `torch.nn.Linear` and its activation, with a norm between them if wanted.

They differ in the input of the layers: the one before (`PlainNet`); the sum of all before (`ResidualNet`); or, in the
output layer, every hidden layer at once (`LateResidualNet`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise, starmap
from operator import attrgetter

import torch
from torch import Tensor, nn

from lrn.nets._size import size, sizes

__all__ = ["HiddenStack", "LateResidualNet", "PlainNet", "ResidualNet"]


class HiddenStack(nn.Module):
    """A stack of Linear layers, each followed by its activation; the part that all networks share.

    Abstract: a subclass says in `output_inputs` how many numbers its output layer reads, and has `forward`.
    The hidden layers are made before the output layer, so under one torch seed every subclass starts from the
    same hidden weights.

    Args:
        in_features: numbers per input sample, at least 1.
        hidden: width of each hidden layer, first to last, each at least 1; may be empty.
        out_features: numbers per output sample, at least 1.
        activation: makes an activation module, called once per hidden layer; a class such as `torch.nn.ReLU`.
        norm: makes the module between a hidden layer and its activation, called with that layer's width; a class such
            as `torch.nn.BatchNorm1d`, which takes inputs of shape (N, in_features) only. None for no such module.

    Attributes:
        hidden: the D `torch.nn.Linear` layers, as torch initialises them (uniform in ±1/√fan_in).
        norms: the D norms, or none.
        activations: the D activation modules, one per layer, so that a hook sees each layer by itself.
        output: the `torch.nn.Linear` that makes the prediction.

    Raises:
        TypeError: a size is not a whole number, or `activation` or `norm` does not make modules.
        ValueError: a size is below 1.
    """

    hidden: nn.ModuleList
    norms: nn.ModuleList
    activations: nn.ModuleList
    output: nn.Linear

    def __init__(
        self,
        in_features: int,
        hidden: Sequence[int],
        out_features: int,
        activation: Callable[[], nn.Module] = nn.ReLU,
        norm: Callable[[int], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.in_features = size("in_features", in_features)
        self.out_features = size("out_features", out_features)
        widths = _widths(hidden)
        self.hidden = nn.ModuleList(starmap(nn.Linear, pairwise((self.in_features, *widths))))
        self.norms = nn.ModuleList(_module("norm", norm, width) for width in widths if norm is not None)
        self.activations = nn.ModuleList(_module("activation", activation) for _ in widths)
        self.output = _linear(self.output_inputs(widths), self.out_features)

    @property
    def widths(self) -> tuple[int, ...]:
        """The width of each hidden layer, first to last."""
        return tuple(map(attrgetter("out_features"), self.hidden))

    def output_inputs(self, widths: Sequence[int]) -> int:
        """How many numbers the output layer reads, for hidden layers of these widths."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its output layer reads")

    def layer_outputs(self, x: Tensor) -> list[Tensor]:
        """The post-activation output of every hidden layer, first to last.

        Args:
            x: inputs, shape (*, in_features).

        Returns:
            D tensors, the d-th of shape (*, widths[d]).
        """
        outputs = []
        for d in range(len(self.hidden)):
            x = self.layer_output(d, x)
            outputs.append(x)
        return outputs

    def layer_output(self, d: int, below: Tensor) -> Tensor:
        """The post-activation output of hidden layer `d`, counted from 0, for its input."""
        z = self.hidden[d](below)
        h: Tensor = self.activations[d](self.norms[d](z) if self.norms else z)
        return h


class PlainNet(HiddenStack):
    """A feed-forward network: each layer reads only the layer before it (thesis §3.2).

        h_0 = x,    h_d = relu(A_d h_{d-1} + b_d),    y = A h_D + b

    With no hidden layers (`hidden=[]`) it is the affine map y = A x + b.

    Example:
        >>> net = PlainNet(1, [2, 2, 2], 1)
        >>> net(torch.zeros(20, 1)).shape, net.output.in_features
        (torch.Size([20, 1]), 2)
    """

    def output_inputs(self, widths: Sequence[int]) -> int:
        """The width of the last hidden layer, or the number of inputs where there is none."""
        return widths[-1] if widths else self.in_features

    def forward(self, x: Tensor) -> Tensor:
        """Predictions (*, out_features) for inputs (*, in_features)."""
        outputs = self.layer_outputs(x)
        y: Tensor = self.output(outputs[-1] if outputs else x)
        return y


class LateResidualNet(HiddenStack):
    """A network with late residual connections: the output reads every hidden layer (thesis §3.2).

        h_0 = x,    h_d = relu(A_d h_{d-1} + b_d),    y = A [h_1, ..., h_D] + b

    A layer that dies cuts off what lies behind it, not what lies before it. With no hidden layers
    (`hidden=[]`) nothing is concatenated and y = b, a constant.

    Example:
        >>> net = LateResidualNet(1, [2, 2, 2], 1)
        >>> net(torch.zeros(20, 1)).shape, net.output.in_features
        (torch.Size([20, 1]), 6)
    """

    def output_inputs(self, widths: Sequence[int]) -> int:
        """The sum of all widths."""
        return sum(widths)

    def forward(self, x: Tensor) -> Tensor:
        """Predictions (*, out_features) for inputs (*, in_features)."""
        outputs = self.layer_outputs(x)
        y: Tensor = self.output(torch.cat(outputs, dim=-1) if outputs else x[..., :0])
        return y


class ResidualNet(HiddenStack):
    """A network whose hidden layers add their output to their input (He et al., 2016).

        h_1 = relu(A_1 x + b_1),    h_d = relu(A_d h_{d-1} + b_d) + h_{d-1},    y = A h_D + b

    A layer that dies passes its input on. `layer_outputs` are the relu(...), before the addition: a neuron is dead
    if that is zero. With no hidden layers (`hidden=[]`) it is the affine map y = A x + b.

    Raises:
        ValueError: the widths are not all the same.

    Example:
        >>> net = ResidualNet(1, [2, 2, 2], 1)
        >>> net(torch.zeros(20, 1)).shape, net.output.in_features
        (torch.Size([20, 1]), 2)
    """

    def output_inputs(self, widths: Sequence[int]) -> int:
        """The width, or the number of inputs where there is no hidden layer."""
        if len(set(widths)) > 1:
            raise ValueError(f"hidden layers of a ResidualNet must have one width; got {list(widths)}")
        return widths[0] if widths else self.in_features

    def layer_outputs(self, x: Tensor) -> list[Tensor]:
        """The output of every hidden layer, before it is added to the layer's input; shapes as in `HiddenStack`."""
        outputs, h = [], x
        for d in range(len(self.hidden)):
            outputs.append(self.layer_output(d, h))
            h = outputs[d] if d == 0 else outputs[d] + h
        return outputs

    def forward(self, x: Tensor) -> Tensor:
        """Predictions (*, out_features) for inputs (*, in_features)."""
        h = x
        for d in range(len(self.hidden)):
            h = self.layer_output(d, h) + h if d else self.layer_output(d, h)
        y: Tensor = self.output(h)
        return y


def _widths(hidden: Sequence[int]) -> tuple[int, ...]:
    try:
        widths = tuple(hidden)
    except TypeError:
        raise TypeError(f"hidden must be a sequence of layer widths such as [2, 2], not {hidden!r}") from None
    return sizes("hidden", widths)


def _module(name: str, make: Callable[..., nn.Module], *arguments: int) -> nn.Module:
    example = {"activation": "torch.nn.ReLU", "norm": "torch.nn.BatchNorm1d"}[name]
    if isinstance(make, nn.Module) or not callable(make):
        raise TypeError(f"{name} must be a callable that makes a module ({example}), not {make!r}")
    try:
        module = make(*arguments)
    except TypeError as error:
        raise TypeError(f"{name} must be a callable that makes a module ({example}): {error}") from error
    if not isinstance(module, nn.Module):
        raise TypeError(f"{name} must make a torch.nn.Module, but {make!r} made {module!r}")
    return module


def _linear(in_features: int, out_features: int) -> nn.Linear:
    with warnings.catch_warnings():
        # A late network without hidden layers has an output layer without weights, and torch warns of those.
        warnings.filterwarnings("ignore", message="Initializing zero-element tensors is a no-op")
        return nn.Linear(in_features, out_features)
