"""One operation of torch, the facts known of its tensors, and the data's dimensions as its labels name them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import chain
from operator import attrgetter
from typing import Any

from torch import Tensor

from lrn.dead._factors import Dim, Dims, Factor, dimension, has_units, kinds_of, of_kind, relabelled, size_of

__all__ = [
    "CONTRACTIONS",
    "MATMULS",
    "NORMS",
    "RECURRENT",
    "Info",
    "Operation",
    "aligned",
    "contracted",
    "described",
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
SEEN_THROUGH = {"aten", "quantized", "prim", "prims", "_quantized", "mkldnn", "onednn", "torchvision", "profiler"}


@cache
def described(func: Any) -> tuple[str, tuple[str, ...], bool, bool]:
    """An operation's name, those of its arguments, whether it changes one, and whether its inside is seen."""
    schema, seen_through = getattr(func, "_schema", None), getattr(func, "namespace", "") in SEEN_THROUGH
    if schema is None:
        return func.name().rstrip("_"), (), False, seen_through
    arguments = tuple(map(attrgetter("name"), schema.arguments))
    return func.overloadpacket.__name__.rstrip("_"), arguments, schema.is_mutable, seen_through


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
        return "+".join(feeds_of(map(self.info, self.constants))) or self.caller()

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
        return _only_tensors(flat)

    @cached_property
    def data_tensors(self) -> list[Tensor]:
        """The tensors among the arguments that depend on the model's input."""
        return [tensor for tensor in self.tensors if self.info(tensor).data]

    @cached_property
    def constants(self) -> list[Tensor]:
        """The tensors among the arguments that do not depend on the model's input."""
        return [tensor for tensor in self.tensors if not self.info(tensor).data]

    def dims(self, tensor: Tensor) -> Dims:
        """The labels of a tensor."""
        dims = self.info(tensor).dims
        return of_kind("unknown", tensor.shape) if dims is None else dims

    @cached_property
    def outputs(self) -> list[Tensor]:
        """The tensors of the result."""
        return _only_tensors(self.result if isinstance(self.result, list | tuple) else [self.result])

    def outputs_of_kind(self, kind: str) -> list[Dims]:
        """Labels of one kind for every dimension of each output."""
        return [of_kind(kind, output.shape) for output in self.outputs]


def _only_tensors(values: Iterable[Any]) -> list[Tensor]:
    return [value for value in values if isinstance(value, Tensor)]


def feeds_of(infos: Iterable[Info]) -> tuple[str, ...]:
    """The layers that several tensors come from, each once, in order."""
    return tuple(dict.fromkeys(chain.from_iterable(map(attrgetter("feeds"), infos))))


def fits(dims: Dims, shape: Sequence[int]) -> bool:
    """Whether labels are those of a tensor of this shape."""
    return tuple(map(size_of, dims)) == tuple(shape)


def settled(op: Operation, dims: Dims) -> Dims:
    """The labels with weights as units; the one dimension of raw data that weights fit is noted as features."""
    if not op.data_tensors:
        return dims
    if dims and not has_units(dims):
        weighted = _weighted_positions(op, len(dims))
        fed_by_layers = bool(feeds_of(map(op.info, op.data_tensors)))
        if len(weighted) == 1 and not fed_by_layers and kinds_of(dims[weighted[0]]) == {"input"}:
            op.features.update(map(dimension, dims[weighted[0]]))
    return relabelled(dims, _weight_as_unit)


def _weighted_positions(op: Operation, rank: int) -> list[int]:
    """The dimensions, of `rank`, along which the constants of a call have weights; one entry for each of them."""
    labels: list[Dim] = []
    for tensor in op.constants:
        labels.extend(aligned(op.dims(tensor), rank))
    return [position % rank for position, dim in enumerate(labels) if "weight" in kinds_of(dim)]


def _weight_as_unit(factor: Factor) -> Factor:
    return Factor("unit", factor.size, factor.base, factor.path) if factor.kind == "weight" else factor


def aligned(dims: Dims, rank: int) -> Dims:
    """The labels with empty ones before them, for as many dimensions as `rank`."""
    return ((),) * (rank - len(dims)) + dims


def contracted(op: Operation, dim: Dim) -> None:
    """Notes that weights were summed over this dimension of the data."""
    for factor in dim:
        if factor.kind == "input":
            op.features.add(dimension(factor))


def not_units(dim: Dim) -> Dim:
    """A dimension whose units, if it has any, are positions now."""
    return tuple(map(_unit_as_position, dim))


def _unit_as_position(factor: Factor) -> Factor:
    return Factor("place", factor.size) if factor.kind in ("unit", "weight", "unknown") else factor
