"""How each operation of torch hands on the labels of `lrn.dead._layout`.

Operations are those of torch's dispatcher ("aten"), a few hundred into which all others are taken apart. Those that
are not listed keep the labels of the dimensions that keep their size, and everything that does not fit is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

from torch import Tensor

from lrn.dead._layout import (
    Dims,
    Factor,
    broadcast,
    dimension,
    drop,
    fresh_units,
    has_units,
    joined,
    of_kind,
    relabelled,
    renewed,
    resized,
    view,
)

__all__ = ["CONTRACTIONS", "NORMS", "Info", "Operation", "labels"]

MATMULS = {"mm", "bmm", "addmm", "baddbmm", "mv", "addmv", "_addmm_activation", "_scaled_mm", "_int_mm"}
NORMS = ("batch_norm", "layer_norm", "group_norm", "rms_norm", "instance_norm")
VIEWS = {"view", "_unsafe_view", "reshape", "_reshape_alias", "view_copy", "_reshape_copy", "squeeze", "unsqueeze"}
VIEWS |= {"squeeze_", "unsqueeze_", "squeeze_copy", "unsqueeze_copy", "flatten", "unflatten"}
SLICES = {"slice", "narrow", "split", "split_with_sizes", "chunk", "tensor_split", "split_copy", "slice_copy"}
SLICES |= {"split_with_sizes_copy", "unsafe_split", "unsafe_chunk", "unsafe_split_with_sizes", "narrow_copy"}
REORDERED = {"flip", "roll", "channel_shuffle", "native_channel_shuffle", "rot90"}
RECURRENT = ("rnn", "lstm", "gru")
CONTRACTIONS = (*MATMULS, "linear", "conv", "embedding", "_trilinear", "einsum", *RECURRENT)


@dataclass(slots=True)
class Info:
    """What is known of one tensor.

    Attributes:
        dims: the labels of its dimensions; None where it has no shape (nested tensors).
        data: whether it depends on the model's input.
        feeds: the layers that it comes from: the last products with weights, and what was added to them.
        serial: number of the latest of these calls, to tell apart what one and another call gave.
        direct: whether it is a layer's output as it came, and not the result of arithmetic with it.
        sources: activations that it depends on, as far as no layer lies between.
        layered: whether weights were summed over it on the way, so that dimensions of the data are positions now.
        gate: whether it is the result of a comparison of data with something.
        ranked: for the values of a top-k, the labels of what they were taken from.
        learned: whether it is a parameter, or was made of parameters alone.
        measured: whether numbers of the data are in it, and not only which are larger, how many, or where.
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


@dataclass
class Operation:
    """One call of an operation.

    Attributes:
        name: as in `aten.NAME`, without the underscore of in-place forms.
        schema: names of the arguments, in order.
        info: what is known of a tensor.
        layer: name of the layer whose weights are used, or what to call it.
        features: bases of input dimensions that turned out to be features; rules add to it.
    """

    name: str
    schema: Sequence[str]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any
    info: Callable[[Tensor], Info]
    layer: str
    features: set[str] = field(default_factory=set)

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

    @property
    def outputs(self) -> list[Tensor]:
        """The tensors of the result."""
        several = self.result if isinstance(self.result, list | tuple) else [self.result]
        return [value for value in several if isinstance(value, Tensor)]


def labels(op: Operation) -> list[Dims | None]:
    """The labels of each output of a call."""
    if any(output.is_nested for output in op.outputs) or not op.outputs:
        return [None for _ in op.outputs]
    made = _rule(op)(op)
    known: list[Dims | None] = [
        dims if _fits(dims, output.shape) else of_kind("unknown", output.shape)
        for dims, output in zip(made, op.outputs, strict=False)
    ]
    return known + [of_kind("unknown", output.shape) for output in op.outputs[len(made) :]]


def _fits(dims: Dims, shape: Sequence[int]) -> bool:
    return len(dims) == len(shape) and all(prod(f.size for f in dim) == n for dim, n in zip(dims, shape, strict=True))


def _rule(op: Operation) -> Callable[[Operation], list[Dims]]:
    name = op.name
    if name in _RULES:
        return _RULES[name]
    if any(norm in name for norm in NORMS) and "backward" not in name:
        return _normalised
    if "conv" in name and "backward" not in name and "convert" not in name:
        return _convolution
    if "scaled_dot_product" in name or "_efficient_attention" in name or "_flash_attention" in name:
        return _attention
    if any(part in name for part in RECURRENT) or ("linear" in name and "upsample" not in name):
        return _last_dimension
    if "dim" in op.schema and op.outputs[0].ndim <= op.tensors[0].ndim and op.outputs[0].shape != op.tensors[0].shape:
        return _reduction
    return _elementwise


def _elementwise(op: Operation) -> list[Dims]:
    """What keeps shapes, broadcasts, or changes the sizes of some dimensions."""
    made = []
    for output in op.outputs:
        shape = tuple(output.shape)
        fitting = [tensor for tensor in op.tensors if _broadcasts(tensor.shape, shape)]
        # Data first: among equals it says what a dimension is.
        fitting.sort(key=lambda tensor: not op.info(tensor).data)
        same = [tensor for tensor in op.tensors if tensor.ndim == output.ndim]
        data = [tensor for tensor in op.tensors if op.info(tensor).data]
        lost = data and not any(op.info(tensor).data for tensor in fitting)
        if lost and not any(tensor is one for tensor in data for one in same):
            made.append(of_kind("unknown", shape))
        elif fitting and not lost:
            made.append(_settled(op, broadcast([op.dims(tensor) for tensor in fitting], shape)))
        elif same:
            same.sort(key=lambda tensor: not op.info(tensor).data)
            made.append(resized(op.dims(same[0]), shape, op.name))
        else:
            made.append(of_kind("unknown" if any(op.info(t).data for t in op.tensors) else "any", shape))
    return made


def _broadcasts(shape: Sequence[int], to: Sequence[int]) -> bool:
    return len(shape) <= len(to) and all(a in (1, b) for a, b in zip(reversed(shape), reversed(to), strict=False))


def _settled(op: Operation, dims: Dims) -> Dims:
    """What weights alone spread data over are units; and the one data dimension that weights fit are features."""
    data = [tensor for tensor in op.tensors if op.info(tensor).data]
    if not data:
        return dims
    if not has_units(dims):
        weights = [dim for t in op.tensors if not op.info(t).data for dim in _aligned(op.dims(t), len(dims))]
        wide = [d for d, dim in enumerate(weights) if any(factor.kind == "weight" for factor in dim)]
        raw = not any(op.info(tensor).feeds for tensor in data)
        if len(wide) == 1 and raw and _is_input(dims[wide[0] % len(dims)]):
            op.features.update(dimension(factor) for factor in dims[wide[0] % len(dims)])
    return relabelled(dims, lambda f: Factor("unit", f.size, f.base, f.path) if f.kind == "weight" else f)


def _aligned(dims: Dims, rank: int) -> Dims:
    return ((),) * (rank - len(dims)) + dims


def _is_input(dim: tuple[Factor, ...]) -> bool:
    return bool(dim) and all(factor.kind == "input" for factor in dim)


def _contracted(op: Operation, dim: tuple[Factor, ...]) -> None:
    """Notes that weights were summed over this dimension of the data."""
    op.features.update(dimension(factor) for factor in dim if factor.kind == "input")


def _view(op: Operation) -> list[Dims]:
    return [view(op.dims(op.tensors[0]), output.shape) for output in op.outputs]


def _permute(op: Operation) -> list[Dims]:
    dims = op.dims(op.tensors[0])
    order = list(range(len(dims)))
    if op.name in ("permute", "permute_copy"):
        order = [d % len(dims) for d in op.get("dims")]
    elif op.name in ("transpose", "transpose_copy", "swapaxes", "swapdims"):
        a, b = (d % max(len(dims), 1) for d in op.args[1:3])
        order[a], order[b] = order[b], order[a]
    else:
        order.reverse()
    return [tuple(dims[d] for d in order)]


def _expand(op: Operation) -> list[Dims]:
    return [broadcast([op.dims(op.tensors[0])], op.outputs[0].shape)]


def _select(op: Operation) -> list[Dims]:
    dims = op.dims(op.tensors[0])
    return [drop(dims, [op.get("dim", 0) % len(dims)], False) for _ in op.outputs]


def _slice(op: Operation) -> list[Dims]:
    dims, made, start = op.dims(op.tensors[0]), [], op.get("start") or 0
    for output in op.outputs:
        made.append(resized(dims, output.shape, f"{start}:{op.get('step', 1)}"))
        start += output.shape[op.get("dim", 0)] if isinstance(start, int) else 0
    return made


def _chosen(op: Operation) -> list[Dims]:
    """`index_select`, `flip`, `roll`: the order of one dimension changes, or it gets another size."""
    dims, output = op.dims(op.tensors[0]), op.outputs[0]
    if op.name == "index_select" and not op.info(op.tensors[0]).data and op.tensors[1].ndim == 1:
        d = op.get("dim") % len(dims)  # a table that data chooses from, as an embedding
        return [_settled(op, (*dims[:d], *op.dims(op.tensors[1]), *dims[d + 1 :]))]
    changed = op.get("dims", op.get("dim", 1 if "shuffle" in op.name else 0))
    changed = {d % len(dims) for d in (changed if isinstance(changed, list | tuple) else [changed])}
    return [tuple(renewed(dim, output.shape[d], op.name) if d in changed else dim for d, dim in enumerate(dims))]


def _index(op: Operation) -> list[Dims]:
    """`x[..., indices, ...]`: what is indexed becomes positions, or units where units were chosen among."""
    dims, output, indices = op.dims(op.tensors[0]), op.outputs[0], op.get("indices")
    at = [d for d, index in enumerate(indices) if index is not None]
    wide = [index.ndim if index.dtype.is_floating_point or str(index.dtype) != "torch.bool" else 1
            for index in indices if index is not None]  # fmt: skip
    taken = sum(index.ndim for index in indices if index is not None and str(index.dtype) == "torch.bool")
    gone = range(at[0], max(at[-1] + 1, at[0] + taken))
    first, last = dims[: gone[0]], dims[gone[-1] + 1 :]
    width = output.ndim - len(first) - len(last)
    if width < 0 or list(gone)[: len(at)] != at or max(wide) < width:
        return [of_kind("unknown", output.shape)]
    middle: tuple[Factor, ...] = tuple(factor for d in gone for factor in dims[d])
    sizes = output.shape[len(first) : len(first) + width]
    if len(at) == 1 and width == 1:
        return [(*first, renewed(middle, sizes[0], "index"), *last)]
    chosen = [op.dims(index) for index in indices if index is not None and str(index.dtype) != "torch.bool"]
    places = broadcast(chosen, sizes) if len(chosen) == len(at) else of_kind("place", sizes)
    places = relabelled(places, lambda f: f if f.kind == "input" else Factor("place", f.size))
    made = _settled(op, (*first, *places, *last))
    return [made if not any(f.kind == "unit" for f in middle) else of_kind("unknown", output.shape)]


def _windows(op: Operation) -> list[Dims]:
    """`Tensor.unfold`: windows along one dimension, and the places within them in a new last one."""
    dims, output, d = op.dims(op.tensors[0]), op.outputs[0], op.args[1] % op.tensors[0].ndim
    if has_units((dims[d],)):
        return [of_kind("unknown", output.shape)]
    return [(*resized(dims, output.shape[:-1], "unfold"), *of_kind("place", output.shape[-1:]))]


def _as_real(op: Operation) -> list[Dims]:
    dims = op.dims(op.tensors[0])
    return [(*dims, *of_kind("any", [2])) if op.name == "view_as_real" else dims[:-1]]


def _reduction(op: Operation) -> list[Dims]:
    dims, output = op.dims(op.tensors[0]), op.outputs[0]
    gone = op.get("dim")
    gone = list(range(len(dims))) if gone is None or gone == [] else gone if isinstance(gone, list | tuple) else [gone]
    gone = [d % max(len(dims), 1) for d in gone]
    keep = output.ndim == len(dims)
    kept = tuple(dim if output.shape[d] > 1 else () for d, dim in enumerate(dims)) if keep else ()
    if keep and _fits(kept, output.shape):
        return [kept for _ in op.outputs]
    if keep:
        return [resized(dims, each.shape, op.name) for each in op.outputs]
    return [drop(dims, gone, False) for _ in op.outputs]


def _ranked(op: Operation) -> list[Dims]:
    dims, d = op.dims(op.tensors[0]), op.get("dim", -1)
    made = []
    for output in op.outputs:
        slot = of_kind("slot", [output.shape[d]])[0] if output.ndim else ()
        made.append(tuple(slot if i == d % len(dims) else dim for i, dim in enumerate(dims)))
    return made


def _cat(op: Operation) -> list[Dims]:
    output, d = op.outputs[0], op.get("dim", 0) % op.outputs[0].ndim
    parts = [op.dims(t) for t in op.args[0] if t.ndim == output.ndim]
    return [_settled(op, joined(parts, d, output.shape))]


def _stack(op: Operation) -> list[Dims]:
    output, d = op.outputs[0], op.get("dim", 0) % op.outputs[0].ndim
    parts = [op.dims(t) for t in op.args[0]]
    # Outputs of different layers side by side are different units; of one layer, different positions.
    bases = {tuple(f.base for dim in part for f in dim if f.kind == "unit") for part in parts}
    kind, base = ("unit", f"stack of {'+'.join(map(str, sorted(bases)))}") if len(bases) > 1 else ("place", "")
    new = of_kind(kind, [output.shape[d]], base)[0]
    whole = broadcast(parts, output.shape[:d] + output.shape[d + 1 :])
    return [(*whole[:d], new, *whole[d:])]


def _repeat(op: Operation) -> list[Dims]:
    dims, output = op.dims(op.tensors[0]), op.outputs[0]
    padded = _aligned(dims, output.ndim)
    made = []
    for dim, size in zip(padded, output.shape, strict=True):
        times = size // max(prod(factor.size for factor in dim), 1)
        made.append((*of_kind("any", [times])[0], *dim))
    return [tuple(made)]


def _matmul(op: Operation) -> list[Dims]:
    left, right = op.tensors[-2:]
    a, b = op.dims(left), op.dims(right)
    data = op.info(left).data, op.info(right).data
    columns = b[-1:] if len(b) > 1 else ()
    rows = a[-2:-1]
    batch: Dims = ()
    if len(a) > 2:
        first, second = (a[:-2], b[:-2]) if data[0] else (b[:-2], a[:-2])
        batch = broadcast([first, second], op.outputs[0].shape[:-2])
    if data == (True, False):
        columns, rows = _by_weights(op, a[-1], columns, rows, right)
    if data == (False, True):
        rows, columns = _by_weights(op, b[-2 if len(b) > 1 else -1], rows, columns, left)
    made: Dims = (*batch, *rows, *columns)
    if not any(data):
        return [relabelled(made, lambda f: f if f.kind != "unit" else Factor("weight", f.size, f.base, f.path))]
    return [tuple(_weights_are_units(op, dim) for dim in made)]


def _by_weights(
    op: Operation, summed: tuple[Factor, ...], weights: Dims, others: Dims, matrix: Tensor
) -> tuple[Dims, Dims]:
    """The labels of the weights' own dimension and of the data's other one, after a product of the two.

    A layer's weights make new units, and the old ones are positions for it. What mixes samples, or is no parameter and
    mixes positions (the neighbours in a graph, an average), leaves the units that there are.
    """
    _contracted(op, summed)
    units = has_units(others)
    samples = any(factor.kind == "input" and dimension(factor) == "0" for factor in summed)
    positions = bool(summed) and all(factor.kind in ("input", "place") for factor in summed)
    if units and (samples or (positions and not op.info(matrix).learned)):
        return tuple(map(_not_units, weights)), others
    return weights, tuple(map(_not_units, others)) if op.info(matrix).learned else others


def _weights_are_units(op: Operation, dim: tuple[Factor, ...]) -> tuple[Factor, ...]:
    return tuple(Factor("unit", f.size, f"{op.layer}.{f.base}", f.path) if f.kind == "weight" else f for f in dim)


def _convolution(op: Operation) -> list[Dims]:
    output, source = op.outputs[0], op.dims(op.tensors[0])
    if output.ndim != len(source):
        return [of_kind("unknown", output.shape)]
    channel = 1 if output.ndim > 2 else 0
    _contracted(op, source[channel])
    others = resized(source, (*output.shape[:channel], prod(f.size for f in source[channel]),
                              *output.shape[channel + 1 :]), "conv")  # fmt: skip
    made = [_not_units(dim) for dim in others]
    made[channel] = fresh_units(op.layer, output.shape[channel])
    return [tuple(made)]


def _not_units(dim: tuple[Factor, ...]) -> tuple[Factor, ...]:
    return tuple(Factor("place", f.size) if f.kind in ("unit", "weight", "unknown") else f for f in dim)


def _normalised(op: Operation) -> list[Dims]:
    source = op.dims(op.tensors[0])
    shape = op.get("normalized_shape", [0])
    d = 1 if "layer_norm" not in op.name and "rms_norm" not in op.name else len(source) - 1
    if not has_units(source) and len(shape) == 1 and d < len(source) and len(op.tensors) > 1:
        _contracted(op, source[d])
    return [source]


def _attention(op: Operation) -> list[Dims]:
    query, _, value = (op.dims(tensor) for tensor in op.tensors[:3])
    return [(*query[:-1], *value[-1:])]


def _last_dimension(op: Operation) -> list[Dims]:
    """Linear layers and recurrent ones that are one operation: the last dimension of the output is units."""
    source, made = op.dims(op.tensors[0]), []
    _contracted(op, source[-1] if source else ())
    for output in op.outputs:
        others = tuple(map(_not_units, source[:-1]))
        if output.ndim != len(source):
            others = of_kind("unknown", output.shape[:-1])
        made.append((*others, *((fresh_units(op.layer, output.shape[-1]),) if output.ndim else ())))
    return made


def _embedding(op: Operation) -> list[Dims]:
    indices, output = op.get("indices"), op.outputs[0]
    rest = op.dims(indices)[: output.ndim - 1]
    return [(*rest, fresh_units(op.layer, output.shape[-1]))]


def _embedding_bag(op: Operation) -> list[Dims]:
    output, indices = op.outputs[0], op.get("indices")
    samples = [f for dim in op.dims(indices) for f in dim if f.kind == "input" and f.base == "0"]
    rows = tuple(samples) if samples and samples[0].size == len(output) else of_kind("place", output.shape[:1])[0]
    return [(rows, fresh_units(op.layer, output.shape[-1]))]


def _gathered(op: Operation) -> list[Dims]:
    """`gather`: along one dimension other positions; in the others the index is as large as the source, or smaller."""
    dims, output, d = op.dims(op.tensors[0]), op.outputs[0], op.get("dim") % max(op.tensors[0].ndim, 1)
    made = list(resized(dims, output.shape, op.name))
    if dims:
        made[d] = renewed(dims[d], output.shape[d], op.name) if has_units((dims[d],)) else of_kind(
            "place", [output.shape[d]])[0]  # fmt: skip
    return [tuple(made)]


def _scattered(op: Operation) -> list[Dims]:
    """`scatter`, `index_add` and their kin: rows of a source put into, or added to, positions of another tensor."""
    target, source = op.tensors[0], op.get("src", op.get("source"))
    output, d = op.outputs[0], op.get("dim") % max(op.tensors[0].ndim, 1)
    dims = op.dims(target)
    if not isinstance(source, Tensor) or source.ndim != output.ndim or not op.info(source).data:
        return [dims]
    placed = resized(op.dims(source), output.shape, op.name)
    if op.info(target).data:
        placed = broadcast([dims, placed], output.shape)
    ranked = op.info(source).ranked
    if has_units((dims[d],)):
        along = dims[d]
    elif ranked is not None and _fits(ranked, output.shape):  # the values of a top-k, put back where they were
        along = ranked[d]
    else:
        along = placed[d] if has_units((placed[d],)) else of_kind("place", [output.shape[d]])[0]
    return [(*placed[:d], along, *placed[d + 1 :])]


def _pixels(op: Operation) -> list[Dims]:
    """`pixel_shuffle` and its inverse, as the views and permutations that they are."""
    dims, output = op.dims(op.tensors[0]), op.outputs[0]
    *first, c, h, w = op.tensors[0].shape
    n = len(first)
    r = op.get("upscale_factor", op.get("downscale_factor"))
    up = op.name == "pixel_shuffle"
    parts = (c // r**2, r, r, h, w) if up else (c, h // r, r, w // r, r)
    order = (0, 3, 1, 4, 2) if up else (0, 2, 4, 1, 3)
    apart = view(dims, (*first, *parts))
    return [view(tuple(apart[d] for d in (*range(n), *(n + i for i in order))), output.shape)]


def _trilinear(op: Operation) -> list[Dims]:
    output = op.outputs[0]
    return [(op.dims(op.tensors[0])[0], fresh_units(op.layer, output.shape[-1]))]


def _rearranged(op: Operation) -> list[Dims]:
    """`col2im`: dimension 1 or 0 holds channels, and the last two are the image."""
    output, channel = op.outputs[0], op.outputs[0].ndim - 3
    source = op.dims(op.tensors[0])[max(channel, 0)]
    made = list(of_kind("place", output.shape))
    made[:channel] = op.dims(op.tensors[0])[:channel]
    made[channel] = renewed(tuple(f for f in source if f.kind == "unit") or source, output.shape[channel], op.name)
    return [tuple(made)]


_RULES: dict[str, Callable[[Operation], list[Dims]]] = {
    **dict.fromkeys(VIEWS, _view),
    **dict.fromkeys(SLICES, _slice),
    **dict.fromkeys(MATMULS, _matmul),
    **dict.fromkeys(REORDERED | {"index_select"}, _chosen),
    **dict.fromkeys(("permute", "transpose", "t", "numpy_T", "permute_copy", "transpose_copy", "t_copy"), _permute),
    **dict.fromkeys(("expand", "expand_copy", "broadcast_to"), _expand),
    **dict.fromkeys(("select", "unbind", "select_copy", "unbind_copy"), _select),
    **dict.fromkeys(("topk", "sort", "argsort"), _ranked),
    **dict.fromkeys(("cat", "concat"), _cat),
    **dict.fromkeys(("sum", "mean", "amax", "amin", "prod"), _reduction),
    **dict.fromkeys(("pixel_shuffle", "pixel_unshuffle"), _pixels),
    **dict.fromkeys(("softmax", "_softmax", "_log_softmax", "cumsum", "cumprod"), _elementwise),
    **dict.fromkeys(
        ("scatter", "scatter_add", "scatter_reduce", "index_add", "index_copy", "index_reduce"), _scattered
    ),
    **dict.fromkeys(("_embedding_bag", "_embedding_bag_forward_only"), _embedding_bag),
    "col2im": _rearranged,
    "gather": _gathered,
    "embedding": _embedding,
    "index": _index,
    "unfold": _windows,
    "view_as_real": _as_real,
    "view_as_complex": _as_real,
    "repeat": _repeat,
    "stack": _stack,
    "_trilinear": _trilinear,
}
