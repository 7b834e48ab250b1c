"""Networks without their dead neurons: smaller, and on the data the same function."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lrn.dead._data import batches
from lrn.dead._looking import looking
from lrn.nets import LateResidualNet, PlainNet

__all__ = ["prune"]

Prunable = PlainNet | LateResidualNet | nn.Sequential
Net = TypeVar("Net", PlainNet, LateResidualNet, nn.Sequential)


class Stage(NamedTuple):
    """A hidden layer: a Linear, and what stands between it and the next Linear."""

    linear: nn.Linear
    rest: tuple[nn.Module, ...]

    def __call__(self, x: Tensor) -> Tensor:
        return _through(self.rest, self.linear(x))


class Found(NamedTuple):
    """What the data showed.

    Attributes:
        alive: which neurons fired, (W,) bool, for each layer before the first dead one.
        constants: outputs (W,) of the first dead layer, which are zero, and of each layer behind it; empty
            if no layer is dead.
    """

    alive: list[Tensor]
    constants: list[Tensor]


def prune(net: Net, data: Any, *, batch_size: int | None = None) -> Net:
    """A smaller network that gives the same output as `net` on `data`, by leaving out what is dead on it.

    A dead neuron hands zero to all who read it, so its row, and the columns that read it, can go without a
    trace. Behind a dead layer every layer is constant on the data. A plain network is then constant itself
    and becomes `PlainNet(..., hidden=[])` with zero weights and the constant as its bias; a sequential one
    keeps only its last Linear, in the same way. A late residual network keeps the layers before the first
    dead one, and what those behind it add goes into the output bias; if the first is dead, that leaves
    `LateResidualNet(..., hidden=[])`.

    The outputs are equal where sums are exact, and where nothing is dead. Elsewhere they differ by
    rounding, for the same products are added up in another order. On other data the two are different
    functions.

    Args:
        net: a `PlainNet`, a `LateResidualNet`, or a `torch.nn.Sequential` of Linear and ReLU. It is not
            changed. Its activations must act on each number by itself.
        data: as in `dead_units`.
        batch_size: as in `dead_units`.

    Returns:
        A new network of the same class, device, dtype and training mode, that shares no parameter with `net`.

    Raises:
        TypeError: `net` or `data` is none of these.
        ValueError: `data` is empty; `data` or a parameter is NaN or infinite, since zero times that is not
            zero; or an activation has parameters for each neuron and some of its neurons are dead.
    """
    if not isinstance(net, PlainNet | LateResidualNet | nn.Sequential):
        allowed = "a PlainNet, a LateResidualNet or a torch.nn.Sequential of Linear and ReLU"
        raise TypeError(f"prune takes {allowed}, not {type(net).__name__}")
    if not isinstance(net, nn.Sequential) and len(net.norms):
        raise TypeError("prune takes networks whose activations act on each number by itself, without norms")
    head, stages = _stages(net)
    _check_finite(net.named_parameters())
    small = copy.deepcopy(net)
    with looking(net):
        _shrink(small, stages, _find(head, stages, batches(net, data, batch_size)))
    return small.train(net.training)


def _stages(net: Prunable) -> tuple[list[nn.Module], list[Stage]]:
    """What comes before the first Linear, and the hidden layers."""
    if not isinstance(net, nn.Sequential):
        pairs = zip(net.hidden, net.activations, strict=True)
        return [], [Stage(cast(nn.Linear, linear), (activation,)) for linear, activation in pairs]
    modules = list(net)
    for module in modules:
        if not isinstance(module, nn.Linear | nn.ReLU):
            raise TypeError(f"prune takes a Sequential of Linear and ReLU only, not of {type(module).__name__}")
    linears = _linears(net)
    if not linears:
        raise TypeError("prune takes a Sequential with at least one Linear; there is none")
    stages = [Stage(cast(nn.Linear, net[i]), tuple(modules[i + 1 : j])) for i, j in pairwise(linears)]
    return modules[: linears[0]], stages


def _linears(net: nn.Sequential) -> list[int]:
    return [i for i, module in enumerate(net) if isinstance(module, nn.Linear)]


def _find(head: Sequence[nn.Module], stages: Sequence[Stage], data: Iterable[Tensor]) -> Found:
    alive = [torch.zeros_like(stage.linear.weight[:, 0], dtype=torch.bool) for stage in stages]
    for batch in data:
        x = batch.args[0]
        _check_finite([("data", x)])
        x = _through(head, x)
        for stage, flags in zip(stages, alive, strict=True):
            x = stage(x)
            flags |= (x != 0).reshape(-1, len(flags)).any(0)
    first = next((d for d, flags in enumerate(alive) if not flags.any()), len(stages))
    constants = [torch.zeros_like(stage.linear.weight[:, 0]) for stage in stages[first : first + 1]]
    for stage in stages[first + 1 :]:
        constants.append(stage(constants[-1]))
    return Found(alive[:first], constants)


def _shrink(net: Prunable, stages: Sequence[Stage], found: Found) -> None:
    """Replace the layers of `net` by smaller ones."""
    output = _output(net)
    first = stages[0].linear if stages else output
    inputs = torch.ones_like(first.weight[0], dtype=torch.bool)
    thin = [
        _thin(stage, rows, columns)
        for stage, rows, columns in zip(stages, found.alive, [inputs, *found.alive], strict=False)
    ]
    if isinstance(net, LateResidualNet):
        net.output = _late_output(output, found, inputs)
    elif isinstance(net, PlainNet):
        net.output = _plain_output(output, found, inputs)
        thin = [] if found.constants else thin
    else:
        _refill(net, [*thin, _plain_output(output, found, inputs)], constant=bool(found.constants))
        return
    net.hidden = nn.ModuleList(thin)
    net.activations = net.activations[: len(thin)]


def _refill(net: nn.Sequential, linears: Sequence[nn.Linear], *, constant: bool) -> None:
    places = _linears(net)
    if constant:
        del net[: places[-1]]
        net[0] = linears[-1]
        return
    for place, linear in zip(places, linears, strict=True):
        net[place] = linear


def _plain_output(output: nn.Linear, found: Found, inputs: Tensor) -> nn.Linear:
    if found.constants:
        weight = output.weight.new_zeros(output.out_features, len(inputs))
        return _linear(output, weight, output(found.constants[-1]))
    return _linear(output, output.weight[:, [inputs, *found.alive][-1]], output.bias)


def _late_output(output: nn.Linear, found: Found, inputs: Tensor) -> nn.Linear:
    alive = torch.cat([inputs[:0], *found.alive])
    weight = output.weight[:, : len(alive)][:, alive]
    bias: Tensor | None = output.bias
    if found.constants:
        bias = F.linear(torch.cat(found.constants), output.weight[:, len(alive) :], bias)
    return _linear(output, weight, bias)


def _thin(stage: Stage, rows: Tensor, columns: Tensor) -> nn.Linear:
    own = [p for module in stage.rest for p in module.parameters() if p.numel() > 1]
    if own and not rows.all():
        raise ValueError("prune cannot drop neurons from an activation that has parameters for each neuron")
    linear = stage.linear
    return _linear(linear, linear.weight[rows][:, columns], None if linear.bias is None else linear.bias[rows])


def _linear(like: nn.Linear, weight: Tensor, bias: Tensor | None) -> nn.Linear:
    linear = nn.Linear(1, 1, bias=bias is not None)
    linear.out_features, linear.in_features = weight.shape
    linear.weight = nn.Parameter(weight, requires_grad=like.weight.requires_grad)
    if bias is not None:
        needs_grad = like.weight.requires_grad if like.bias is None else like.bias.requires_grad
        linear.bias = nn.Parameter(bias, requires_grad=needs_grad)
    return linear


def _output(net: Prunable) -> nn.Linear:
    return cast(nn.Linear, net[_linears(net)[-1]]) if isinstance(net, nn.Sequential) else net.output


def _through(modules: Iterable[nn.Module], x: Tensor) -> Tensor:
    for module in modules:
        x = module(x)
    return x


def _check_finite(tensors: Iterable[tuple[str, Tensor]]) -> None:
    for name, tensor in tensors:
        if not tensor.isfinite().all():
            raise ValueError(f"prune needs finite numbers, but {name} has NaN or infinite ones")
