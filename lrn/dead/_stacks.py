"""Plain and late residual stacks, and flat sequences of Linear and ReLU, without their dead neurons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, pairwise, takewhile
from typing import Any, NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lrn.dead._data import Batch
from lrn.nets import LateResidualNet, PlainNet

__all__ = ["is_stack", "shrink_stack"]

Prunable = PlainNet | LateResidualNet | nn.Sequential


class Stage(NamedTuple):
    """A hidden layer: a Linear, and what stands between it and the next Linear."""

    linear: nn.Linear
    rest: tuple[nn.Module, ...]

    def __call__(self, x: Tensor) -> Tensor:
        return _through(self.rest, self.linear(x))


class Evidence(NamedTuple):
    """The neurons that fired on the data, and the constant layers.

    Attributes:
        alive: which neurons fired, (W,) bool, for each layer before the first dead one.
        constants: outputs (W,) of the first dead layer, which are zero, and of each layer behind it; empty
            if no layer is dead.
    """

    alive: list[Tensor]
    constants: list[Tensor]


def is_stack(net: Any) -> bool:
    """Whether a network is exactly a PlainNet, a LateResidualNet or a flat Sequential of Linear and ReLU."""
    if type(net) in (PlainNet, LateResidualNet):
        return True
    if type(net) is not nn.Sequential or not set(map(type, net)) <= {nn.Linear, nn.ReLU}:
        return False
    return len(set(net)) == len(net) and not _has_tied_weights(net) and not any(map(_has_hooks, net.modules()))


def _has_tied_weights(net: nn.Module) -> bool:
    return len(list(net.parameters())) < len(list(net.named_parameters(remove_duplicate=False)))


def _has_hooks(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)


def shrink_stack(whole: Prunable, small: Prunable, read_batches: Callable[[], Iterable[Batch]]) -> None:
    """Make `small`, a copy of `whole`, smaller."""
    head, stages = _stages(whole)
    _shrink(small, stages, _find(head, stages, read_batches()))


def _stages(net: Prunable) -> tuple[list[nn.Module], list[Stage]]:
    """What comes before the first Linear, and the hidden layers."""
    if not isinstance(net, nn.Sequential):
        stages = []
        for linear, activation in zip(net.hidden, net.activations, strict=True):
            stages.append(Stage(cast(nn.Linear, linear), (activation,)))
        return [], stages
    modules = list(net)
    linears = _linears(net)
    if not linears:
        raise TypeError("prune takes a Sequential with at least one Linear; there is none")
    stages = [Stage(cast(nn.Linear, modules[i]), tuple(modules[i + 1 : j])) for i, j in pairwise(linears)]
    return modules[: linears[0]], stages


def _linears(net: nn.Sequential) -> list[int]:
    return [i for i, module in enumerate(net) if isinstance(module, nn.Linear)]


def _find(head: Sequence[nn.Module], stages: Sequence[Stage], data: Iterable[Batch]) -> Evidence:
    fired = [torch.zeros_like(stage.linear.weight[:, 0], dtype=torch.bool) for stage in stages]
    for batch in data:
        x = _through(head, batch.args[0])
        for stage, flags in zip(stages, fired, strict=True):
            x = stage(x)
            flags |= (x != 0).reshape(-1, len(flags)).any(0)
    alive = list(takewhile(torch.any, fired))
    constants: list[Tensor] = []
    for stage in stages[len(alive) :]:
        constants.append(stage(constants[-1]) if constants else torch.zeros_like(stage.linear.weight[:, 0]))
    return Evidence(alive, constants)


def _shrink(net: Prunable, stages: Sequence[Stage], evidence: Evidence) -> None:
    """Replace the layers of `net` by smaller ones."""
    output = _output(net)
    first = stages[0].linear if stages else output
    inputs = torch.ones_like(first.weight[0], dtype=torch.bool)
    thin = list(map(_thin, stages, evidence.alive, [inputs, *evidence.alive]))
    if isinstance(net, LateResidualNet):
        net.output = _late_output(output, evidence, inputs)
    elif isinstance(net, PlainNet):
        net.output = _plain_output(output, evidence, inputs)
        thin = [] if evidence.constants else thin
    else:
        _refill(net, [*thin, _plain_output(output, evidence, inputs)], constant=bool(evidence.constants))
        return
    net.hidden = nn.ModuleList(thin)
    net.activations = net.activations[: len(thin)]


def _refill(net: nn.Sequential, linears: Sequence[nn.Linear], *, constant: bool) -> None:
    indices = _linears(net)
    if constant:
        del net[: indices[-1]]
        net[0] = linears[-1]
        return
    for index, linear in zip(indices, linears, strict=True):
        net[index] = linear


def _plain_output(output: nn.Linear, evidence: Evidence, inputs: Tensor) -> nn.Linear:
    if evidence.constants:
        weight = output.weight.new_zeros(output.out_features, len(inputs))
        return _linear(output, weight, output(evidence.constants[-1]))
    return _linear(output, output.weight[:, [inputs, *evidence.alive][-1]], output.bias)


def _late_output(output: nn.Linear, evidence: Evidence, inputs: Tensor) -> nn.Linear:
    alive = torch.cat([inputs[:0], *evidence.alive])
    weight = output.weight[:, : len(alive)][:, alive]
    bias: Tensor | None = output.bias
    if evidence.constants:
        bias = F.linear(torch.cat(evidence.constants), output.weight[:, len(alive) :], bias)
    return _linear(output, weight, bias)


def _thin(stage: Stage, rows: Tensor, columns: Tensor) -> nn.Linear:
    parameters = chain.from_iterable(map(nn.Module.parameters, stage.rest))
    if max(map(torch.numel, parameters), default=0) > 1 and not rows.all():
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
