"""How each operation of torch hands on the labels of `lrn.dead._factors`.

Operations are those of torch's dispatcher ("aten"), a few hundred into which all others are taken apart. Those that
are not listed keep the labels of the dimensions that keep their size, and everything that does not fit is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from operator import attrgetter

from torch import Tensor

from lrn.dead import _choices, _moves, _products
from lrn.dead._factors import Dims, of_kind, with_dim
from lrn.dead._layout import broadcast, drop, resized
from lrn.dead._operation import MATMULS, NORMS, RECURRENT, Operation, fits, settled

__all__ = ["labels"]

VIEWS = {"view", "_unsafe_view", "reshape", "_reshape_alias", "view_copy", "_reshape_copy", "squeeze", "unsqueeze"}
VIEWS |= {"squeeze_", "unsqueeze_", "squeeze_copy", "unsqueeze_copy", "flatten", "unflatten"}
SLICES = {"slice", "narrow", "split", "split_with_sizes", "chunk", "tensor_split", "split_copy", "slice_copy"}
SLICES |= {"split_with_sizes_copy", "unsafe_split", "unsafe_chunk", "unsafe_split_with_sizes", "narrow_copy"}
REORDERED = {"flip", "roll", "channel_shuffle", "native_channel_shuffle"}
ATTENTIONS = ("scaled_dot_product", "_efficient_attention", "_flash_attention")
NOT_FOLLOWED = {"diag_embed", "diag", "_grouped_mm", "_scaled_grouped_mm", "take", "set", "resize", "resize_as", "addr"}
OF_VECTORS = {"linalg_vector_norm", "linalg_cross"}  # others of linear algebra mix the rows and columns of a matrix
# What these do to a tensor without dimensions: it stays one number, or becomes copies of it.
MOVES_OF_DIMENSIONS = {
    _moves.permute, _moves.rot90, _moves.strided, _moves.select, _moves.part, _moves.windows,
    _choices.chosen, _choices.index, _choices.gathered, _choices.scattered,
}  # fmt: skip


def labels(op: Operation) -> list[Dims | None]:
    """The labels of each output of a call."""
    if any(map(attrgetter("is_nested"), op.outputs)):
        return [None] * len(op.outputs)
    if not any(map(Tensor.numel, op.outputs)):
        return list(op.outputs_of_kind("any"))
    if any(map(attrgetter("is_nested"), op.tensors)):  # rows of several lengths, put in one tensor
        return list(_moves.not_followed(op))
    rule = _rule(op)
    if rule in MOVES_OF_DIMENSIONS and not op.dims(op.tensors[0]):
        return list(op.outputs_of_kind("any"))
    made = rule(op)[: len(op.outputs)]
    known: list[Dims | None] = []
    for output, dims in zip_longest(op.outputs, made):
        known.append(dims if dims is not None and fits(dims, output.shape) else of_kind("unknown", output.shape))
    return known


def _rule(op: Operation) -> Callable[[Operation], list[Dims]]:
    name = op.name
    if name in _RULES:
        return _RULES[name]
    if name.lstrip("_").startswith("linalg_") and name not in OF_VECTORS and op.data_tensors:
        return _moves.not_followed
    if _contains(name, NORMS) and "backward" not in name:
        return _products.normalised
    if "conv" in name and "backward" not in name and "convert" not in name:
        return _products.convolution
    if _contains(name, ATTENTIONS):
        return _products.attention
    if _contains(name, RECURRENT) or ("linear" in name and "upsample" not in name):
        return _products.last_dimension
    if "dim" in op.schema and op.outputs[0].ndim <= op.tensors[0].ndim and op.outputs[0].shape != op.tensors[0].shape:
        return _reduction
    return _elementwise


def _contains(name: str, parts: Sequence[str]) -> bool:
    return any(part in name for part in parts)


def _elementwise(op: Operation) -> list[Dims]:
    """Operations that keep shapes, broadcast, or change the sizes of some dimensions."""
    return [_of_elements(op, output) for output in op.outputs]


def _of_elements(op: Operation, output: Tensor) -> Dims:
    shape = tuple(output.shape)
    # Data first: among equals it labels a dimension.
    fitting = [tensor for tensor in (*op.data_tensors, *op.constants) if _broadcasts(tensor.shape, shape)]
    lost = op.data_tensors and not (fitting and op.info(fitting[0]).data)
    if fitting and not lost:
        return settled(op, broadcast(map(op.dims, fitting), shape))
    for tensor in op.data_tensors or op.constants:
        if tensor.ndim == output.ndim:
            return resized(op.dims(tensor), shape, op.name)
    return of_kind("unknown" if op.data_tensors else "any", shape)


def _broadcasts(shape: Sequence[int], to: Sequence[int]) -> bool:
    return len(shape) <= len(to) and all(map(_stretches, reversed(shape), reversed(to)))


def _stretches(size: int, to: int) -> bool:
    return size in (1, to)


def _reduction(op: Operation) -> list[Dims]:
    dims, output = op.dims(op.tensors[0]), op.outputs[0]
    if output.ndim != len(dims):
        return [drop(dims, _reduced_positions(op, len(dims)))] * len(op.outputs)
    remaining = list(dims)
    for position, size in enumerate(output.shape):
        if size <= 1:
            remaining[position] = ()
    if fits(tuple(remaining), output.shape):
        return [tuple(remaining)] * len(op.outputs)
    made: list[Dims] = []
    for each in op.outputs:
        same_rank = each.ndim == len(dims)  # it is not for the numbering that `unique` gives too
        made.append(resized(dims, each.shape, op.name) if same_rank else of_kind("unknown", each.shape))
    return made


def _reduced_positions(op: Operation, rank: int) -> list[int]:
    """The dimensions over which a call reduces, of `rank`; all of them where it names none."""
    reduced = op.get("dim")
    if reduced is None or reduced == []:
        return list(range(rank))
    positions = reduced if isinstance(reduced, list | tuple) else [reduced]
    return [position % max(rank, 1) for position in positions]


def _ranked(op: Operation) -> list[Dims]:
    dims, position, made = op.dims(op.tensors[0]), op.get("dim", -1), []
    for output in op.outputs:
        slot = of_kind("slot", [output.shape[position]])[0] if output.ndim else ()
        made.append(with_dim(dims, position % len(dims), slot) if dims else dims)
    return made


_RULES: dict[str, Callable[[Operation], list[Dims]]] = {
    **dict.fromkeys(VIEWS, _moves.reshaped),
    **dict.fromkeys(SLICES, _moves.part),
    **dict.fromkeys(MATMULS, _products.matmul),
    **dict.fromkeys(REORDERED | {"index_select"}, _choices.chosen),
    **dict.fromkeys(
        ("permute", "transpose", "t", "numpy_T", "permute_copy", "transpose_copy", "t_copy"), _moves.permute
    ),
    **dict.fromkeys(("expand", "expand_copy", "broadcast_to"), _moves.expand),
    **dict.fromkeys(("select", "unbind", "select_copy", "unbind_copy"), _moves.select),
    **dict.fromkeys(("topk", "sort", "argsort"), _ranked),
    **dict.fromkeys(("cat", "concat"), _moves.cat),
    **dict.fromkeys(("sum", "mean", "amax", "amin", "prod"), _reduction),
    **dict.fromkeys(("pixel_shuffle", "pixel_unshuffle"), _moves.pixels),
    **dict.fromkeys(("softmax", "_softmax", "_log_softmax", "cumsum", "cumprod"), _elementwise),
    **dict.fromkeys(
        ("scatter", "scatter_add", "scatter_reduce", "index_add", "index_copy", "index_reduce"), _choices.scattered
    ),
    **dict.fromkeys(("_embedding_bag", "_embedding_bag_forward_only"), _products.embedding_bag),
    **dict.fromkeys(NOT_FOLLOWED, _moves.not_followed),
    "as_strided": _moves.strided,
    "rot90": _moves.rot90,
    "_cdist_forward": _products.distances,
    "col2im": _moves.rearranged,
    "masked_scatter": _choices.mask_scattered,
    "gather": _choices.gathered,
    "embedding": _products.embedding,
    "index": _choices.index,
    "unfold": _moves.windows,
    "view_as_real": _moves.as_real,
    "view_as_complex": _moves.as_real,
    "repeat": _moves.repeat,
    "stack": _moves.stack,
    "_trilinear": _products.trilinear,
}
