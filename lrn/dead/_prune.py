"""Networks without their dead neurons: smaller, and on the data the same function."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, TypeVar

import torch
from torch import nn

from lrn.dead._batches import batches
from lrn.dead._chains import UnknownLayer, chains_of, shrink_chains
from lrn.dead._copies import independent_copy
from lrn.dead._data import Batch
from lrn.dead._graph import shrink_graph
from lrn.dead._looking import looking
from lrn.dead._same import check_same
from lrn.dead._stacks import is_stack, shrink_stack
from lrn.nets import BasicBlock, BottleneckBlock, ConvolutionalNet, LateResidualNet, PlainNet

__all__ = ["prune"]

Net = TypeVar("Net", bound=nn.Module)


def prune(net: Net, data: Any, *, batch_size: int | None = None) -> Net:
    """Returns a smaller network that gives the same output as `net` on `data`, by leaving out its dead parts.

    A dead neuron hands zero to all who read it, so its row, and the columns that read it, can go without a
    trace; so can a channel of a convolution. Where batch normalisation makes a constant of the zeros, the layer behind
    takes it into its bias.

    Behind a dead layer every layer is constant on the data. A plain network is then constant itself
    and becomes `PlainNet(..., hidden=[])` with zero weights and the constant as its bias; a sequential one of Linear
    and ReLU keeps only its last Linear, in the same way; other networks keep one unit of the layer. A late residual
    network keeps the layers before the first dead one, and the constant that those behind it add goes into the output
    bias; if the first is dead, that leaves `LateResidualNet(..., hidden=[])`.

    The outputs are equal where sums are exact, and where nothing is dead. Elsewhere they differ by
    rounding, for the same products are added up in another order; this is checked on all of `data`. On other data the
    two are different functions. Masks of `torch.nn.utils.prune`, weight normalisation and parametrisations become
    ordinary weights.

    Args:
        net: a `PlainNet`, a `LateResidualNet`, a `ConvolutionalNet` or one of its blocks, or a `torch.nn.Sequential`,
            nested or not, of torch's own linear layers, convolutions, normalisations, pooling, padding, upsampling,
            activations, Flatten, Dropout and Identity. A grouped convolution loses as many channels in each group, and
            one of a channel per group (depthwise) those of the layer before it. Every other module needs the package
            torch-pruning (`pip install 'lrn-claims[prune]'`), which follows its graph. It is not changed, and is looked
            at in evaluation mode.
        data: as in `dead_units`.
        batch_size: as in `dead_units`.

    Returns:
        A new network of the same class, names, device, dtype and training mode, that shares no parameter with `net`.

    Raises:
        TypeError: `net` or `data` has another type.
        ValueError: `data` is empty; `data` or a parameter is NaN or infinite, since zero times that is not
            zero; an activation has parameters for each neuron and some of its neurons are dead; or the smaller
            network does not give the same output, as where a forward of its own reads a unit that was cut.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
        >>> with torch.no_grad():
        ...     _ = net[0].bias.copy_(torch.tensor([9.0, -9.0, 9.0]))
        >>> prune(net, torch.rand(50, 2))[0].out_features
        2
    """
    if not isinstance(net, nn.Module):
        raise TypeError(_allowed(net))
    modes = list(map(attrgetter("training"), net.modules()))
    whole = independent_copy(net)
    shrink = _shrinker_of(whole)
    _check_finite(whole.named_parameters())
    small = independent_copy(whole)
    with looking(whole), looking(small):

        def read() -> Iterable[Batch]:
            for batch in batches(whole, data, batch_size):
                _check_finite(("data", t) for t in batch.tensors)
                yield batch

        read_batches = read if _can_repeat(data) else _stored(read())
        shrink(whole, small, read_batches)
        check_same(whole, small, read_batches())
    small.train(net.training)
    if len(list(small.modules())) == len(modes):
        for child, mode in zip(small.modules(), modes, strict=True):
            child.training = mode
    return small


Shrink = Callable[[Any, Any, Callable[[], Iterable[Batch]]], None]


def _shrinker_of(net: Any) -> Shrink:
    """How a network is made smaller. Raises TypeError where there is none."""
    if isinstance(net, nn.Module):
        for path, child in net.named_modules():
            if "forward" in vars(child):
                name = path or type(net).__name__
                raise TypeError(f"prune takes modules with their class's forward; {name} has one of its own instead")
    if isinstance(net, PlainNet | LateResidualNet) and len(net.norms):
        raise TypeError("prune takes networks whose activations act on each number by itself, without norms")
    if is_stack(net):
        return shrink_stack
    if isinstance(net, nn.Sequential) or type(net) in (ConvolutionalNet, BasicBlock, BottleneckBlock):
        try:
            chains_of(net)
        except TypeError as error:
            if not (isinstance(error, UnknownLayer) and _has_torch_pruning()):
                raise
            return shrink_graph
        return shrink_chains
    if isinstance(net, nn.Module) and list(net.children()) and _has_torch_pruning():
        return shrink_graph
    raise TypeError(_allowed(net))


def _has_torch_pruning() -> bool:
    return importlib.util.find_spec("torch_pruning") is not None


def _allowed(net: Any) -> str:
    allowed = "a PlainNet, a LateResidualNet or a torch.nn.Sequential of Linear and ReLU"
    hint = (
        "; for other modules install torch-pruning (pip install 'lrn-claims[prune]')"
        if isinstance(net, nn.Module)
        else ""
    )
    return f"prune takes {allowed}, not {type(net).__name__}{hint}"


def _can_repeat(data: Any) -> bool:
    return not hasattr(data, "__next__")


def _stored(data: Iterable[Batch]) -> Callable[[], Iterable[Batch]]:
    """A generator is read once, so its batches are kept."""
    batches_read = list(data)
    return lambda: batches_read


def _check_finite(tensors: Iterable[tuple[str, Any]]) -> None:
    for name, tensor in tensors:
        if not torch.isfinite(tensor).all():
            raise ValueError(f"prune needs finite numbers, but {name} has NaN or infinite ones")
