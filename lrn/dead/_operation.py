"""One operation of torch, the facts known of its tensors, and the data's dimensions as its labels name them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from math import prod
from typing import Any

from torch import Tensor

from lrn.dead._layout import (
    Dims,
    Factor,
    dimension,
    has_units,
    of_kind,
    relabelled,
)

__all__ = [
    "CONTRACTIONS",
    "MATMULS",
    "NORMS",
    "RECURRENT",
    "Info",
    "Operation",
    "aligned",
    "contracted",
    "feeds_of",
    "fits",
    "not_units",
    "settled",
]

MATMULS = {"mm", "bmm", "addmm", "baddbmm", "mv", "addmv", "_addmm_activation", "_scaled_mm", "_int_mm"}
MATMULS |= {"_sparse_addmm", "_sparse_mm", "sspaddmm", "smm", "hspmm"}
NORMS = ("batch_norm", "layer_norm", "group_norm", "rms_norm", "instance_norm")
RECURRENT = ("rnn", "lstm", "gru")
CONTRACTIONS = (*MATMULS, "linear", "conv", "embedding", "_embedding_bag", "_trilinear", "einsum", *RECURRENT)


@dataclass(slots=True)
class Info:
    """The facts known of one tensor.

    Attributes:
        dims: the labels of its dimensions; None where it has no shape (nested tensors).
        data: whether it depends on the model's input.
        feeds: the layers that it comes from: the last products with weights, and the terms added to them.
        serial: number of the latest of these calls, to tell the outputs of two calls apart.
        direct: whether it is a layer's output as it came, and not the result of arithmetic with it.
        sources: activations that it depends on, as far as no layer lies between.
        layered: whether weights were summed over it on the way, so that dimensions of the data are positions now.
        gate: whether it is the result of a comparison of data with something.
        ranked: for the values of a top-k, the labels of the tensor that they were taken from.
        learned: whether it is a parameter, or was made of parameters alone.
        measured: whether numbers of the data are in it, and not only which are larger, how many, or where.
        foreign: whether its numbers came from outside torch, from NumPy or lists, and could be the data's.
    """

    dims: Dims | None
    data: bool = False
    feeds: tuple[str, ...] = ()
    serial: int = 0
    direct: bool = False
    layered: bool = False
    sources: frozenset[str] = frozenset()
    gate: bool = False
    ranked: Dims | None = None
    learned: bool = False
    measured: bool = False
    foreign: bool = False


@dataclass
class Operation:
    """One call of an operation.

    Attributes:
        name: as in `aten.NAME`, without the underscore of in-place forms.
        schema: names of the arguments, in order.
        tracked: returns the facts known of a tensor.
        caller: returns what to call a layer without weights that have a name.
        features: bases of input dimensions that turned out to be features; rules add to it.
        image_sizes: heights and widths of the images that came in, or were made of them before the first layer.
    """

    name: str
    schema: Sequence[str]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any
    tracked: Callable[[Tensor], Info]
    caller: Callable[[], str]
    features: set[str] = field(default_factory=set)
    image_sizes: Set[int] = frozenset()
    _infos: dict[int, Info] = field(default_factory=dict)

    def info(self, tensor: Tensor) -> Info:
        """The facts known of a tensor before the call; rules ask many times, and to look them up is slow."""
        info = self._infos.get(id(tensor))
        if info is None:
            info = self._infos[id(tensor)] = self.tracked(tensor)
        return info

    @cached_property
    def layer(self) -> str:
        """The layer whose weights the call uses, by the names of its parameters."""
        infos = [self.info(tensor) for tensor in self.tensors]
        return "+".join(feeds_of(info for info in infos if not info.data)) or self.caller()

    def get(self, name: str, default: Any = None) -> Any:
        """The argument of this name."""
        if name in self.kwargs:
            return self.kwargs[name]
        position = self.schema.index(name) if name in self.schema else len(self.args)
        return self.args[position] if position < len(self.args) else default

    @cached_property
    def tensors(self) -> list[Tensor]:
        """The tensors among the arguments, those in lists included."""
        flat: list[Any] = []
        for value in (*self.args, *self.kwargs.values()):
            flat += value if isinstance(value, list | tuple) else [value]
        return [value for value in flat if isinstance(value, Tensor)]

    def dims(self, tensor: Tensor) -> Dims:
        """The labels of a tensor."""
        dims = self.info(tensor).dims
        return of_kind("unknown", tensor.shape) if dims is None else dims

    @cached_property
    def outputs(self) -> list[Tensor]:
        """The tensors of the result."""
        several = self.result if isinstance(self.result, list | tuple) else [self.result]
        return [value for value in several if isinstance(value, Tensor)]


def feeds_of(infos: Iterable[Info]) -> tuple[str, ...]:
    """The layers that several tensors come from, each once, in order."""
    return tuple(dict.fromkeys(chain.from_iterable(info.feeds for info in infos)))


def fits(dims: Dims, shape: Sequence[int]) -> bool:
    return len(dims) == len(shape) and all(prod(f.size for f in dim) == n for dim, n in zip(dims, shape, strict=True))


def settled(op: Operation, dims: Dims) -> Dims:
    """What weights alone spread data over are units; and the one data dimension that weights fit are features."""
    data = [tensor for tensor in op.tensors if op.info(tensor).data]
    if not data:
        return dims
    if not has_units(dims):
        weights: list[tuple[Factor, ...]] = []
        for tensor in op.tensors:
            if not op.info(tensor).data:
                weights.extend(aligned(op.dims(tensor), len(dims)))
        wide = [d for d, dim in enumerate(weights) if any(factor.kind == "weight" for factor in dim)]
        raw = not any(op.info(tensor).feeds for tensor in data)
        if len(wide) == 1 and raw and _is_input(dims[wide[0] % len(dims)]):
            op.features.update(dimension(factor) for factor in dims[wide[0] % len(dims)])
    return relabelled(dims, lambda f: Factor("unit", f.size, f.base, f.path) if f.kind == "weight" else f)


def _is_input(dim: tuple[Factor, ...]) -> bool:
    return bool(dim) and all(factor.kind == "input" for factor in dim)


def aligned(dims: Dims, rank: int) -> Dims:
    return ((),) * (rank - len(dims)) + dims


def contracted(op: Operation, dim: tuple[Factor, ...]) -> None:
    """Notes that weights were summed over this dimension of the data."""
    op.features.update(dimension(factor) for factor in dim if factor.kind == "input")


def not_units(dim: tuple[Factor, ...]) -> tuple[Factor, ...]:
    return tuple(Factor("place", f.size) if f.kind in ("unit", "weight", "unknown") else f for f in dim)
