"""How each operation of torch hands on the labels of `lrn.dead._layout`.

Operations are those of torch's dispatcher ("aten"), a few hundred into which all others are taken apart. Those that
are not listed keep the labels of the dimensions that keep their size, and everything that does not fit is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lrn.dead import _moves, _products
from lrn.dead._layout import (
    Dims,
    broadcast,
    drop,
    of_kind,
    resized,
)
from lrn.dead._operation import MATMULS, NORMS, RECURRENT, Operation, fits, settled

__all__ = ["labels"]

VIEWS = {"view", "_unsafe_view", "reshape", "_reshape_alias", "view_copy", "_reshape_copy", "squeeze", "unsqueeze"}
VIEWS |= {"squeeze_", "unsqueeze_", "squeeze_copy", "unsqueeze_copy", "flatten", "unflatten"}
SLICES = {"slice", "narrow", "split", "split_with_sizes", "chunk", "tensor_split", "split_copy", "slice_copy"}
SLICES |= {"split_with_sizes_copy", "unsafe_split", "unsafe_chunk", "unsafe_split_with_sizes", "narrow_copy"}
REORDERED = {"flip", "roll", "channel_shuffle", "native_channel_shuffle"}
NOT_FOLLOWED = {"diag_embed", "diag", "_grouped_mm", "_scaled_grouped_mm", "take", "set", "resize", "resize_as"}


def labels(op: Operation) -> list[Dims | None]:
    """The labels of each output of a call."""
    if any(output.is_nested for output in op.outputs) or not op.outputs:
        return [None for _ in op.outputs]
    if all(output.numel() == 0 for output in op.outputs):
        return [of_kind("any", output.shape) for output in op.outputs]
    made = _rule(op)(op)
    known: list[Dims | None] = [
        dims if fits(dims, output.shape) else of_kind("unknown", output.shape)
        for dims, output in zip(made, op.outputs, strict=False)
    ]
    return known + [of_kind("unknown", output.shape) for output in op.outputs[len(made) :]]


def _rule(op: Operation) -> Callable[[Operation], list[Dims]]:
    name = op.name
    if name in _RULES:
        return _RULES[name]
    if any(norm in name for norm in NORMS) and "backward" not in name:
        return _products.normalised
    if "conv" in name and "backward" not in name and "convert" not in name:
        return _products.convolution
    if "scaled_dot_product" in name or "_efficient_attention" in name or "_flash_attention" in name:
        return _products.attention
    if any(part in name for part in RECURRENT) or ("linear" in name and "upsample" not in name):
        return _products.last_dimension
    if "dim" in op.schema and op.outputs[0].ndim <= op.tensors[0].ndim and op.outputs[0].shape != op.tensors[0].shape:
        return _reduction
    return _elementwise


def _elementwise(op: Operation) -> list[Dims]:
    """Operations that keep shapes, broadcast, or change the sizes of some dimensions."""
    made = []
    for output in op.outputs:
        shape = tuple(output.shape)
        fitting = [tensor for tensor in op.tensors if _broadcasts(tensor.shape, shape)]
        # Data first: among equals it labels a dimension.
        fitting.sort(key=lambda tensor: not op.info(tensor).data)
        same = [tensor for tensor in op.tensors if tensor.ndim == output.ndim]
        data = [tensor for tensor in op.tensors if op.info(tensor).data]
        lost = data and not any(op.info(tensor).data for tensor in fitting)
        if lost and not any(tensor.ndim == output.ndim for tensor in data):
            made.append(of_kind("unknown", shape))
        elif fitting and not lost:
            made.append(settled(op, broadcast([op.dims(tensor) for tensor in fitting], shape)))
        elif same:
            same.sort(key=lambda tensor: not op.info(tensor).data)
            made.append(resized(op.dims(same[0]), shape, op.name))
        else:
            made.append(of_kind("unknown" if any(op.info(t).data for t in op.tensors) else "any", shape))
    return made


def _broadcasts(shape: Sequence[int], to: Sequence[int]) -> bool:
    return len(shape) <= len(to) and all(a in (1, b) for a, b in zip(reversed(shape), reversed(to), strict=False))


def _reduction(op: Operation) -> list[Dims]:
    dims, output = op.dims(op.tensors[0]), op.outputs[0]
    reduced = op.get("dim")
    if reduced is None or reduced == []:
        reduced = range(len(dims))
    several = reduced if isinstance(reduced, list | tuple | range) else [reduced]
    reduced = [d % max(len(dims), 1) for d in several]
    keep = output.ndim == len(dims)
    remaining = tuple(dim if output.shape[d] > 1 else () for d, dim in enumerate(dims)) if keep else ()
    if keep and fits(remaining, output.shape):
        return [remaining for _ in op.outputs]
    if keep:
        return [resized(dims, each.shape, op.name) for each in op.outputs]
    return [drop(dims, reduced, False) for _ in op.outputs]


def _ranked(op: Operation) -> list[Dims]:
    dims, d = op.dims(op.tensors[0]), op.get("dim", -1)
    made = []
    for output in op.outputs:
        slot = of_kind("slot", [output.shape[d]])[0] if output.ndim else ()
        made.append(tuple(slot if i == d % len(dims) else dim for i, dim in enumerate(dims)))
    return made


_RULES: dict[str, Callable[[Operation], list[Dims]]] = {
    **dict.fromkeys(VIEWS, _moves.reshaped),
    **dict.fromkeys(SLICES, _moves.part),
    **dict.fromkeys(MATMULS, _products.matmul),
    **dict.fromkeys(REORDERED | {"index_select"}, _moves.chosen),
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
        ("scatter", "scatter_add", "scatter_reduce", "index_add", "index_copy", "index_reduce"), _moves.scattered
    ),
    **dict.fromkeys(("_embedding_bag", "_embedding_bag_forward_only"), _products.embedding_bag),
    **dict.fromkeys(NOT_FOLLOWED, _moves.not_followed),
    "as_strided": _moves.strided,
    "rot90": _moves.rot90,
    "_cdist_forward": _products.distances,
    "col2im": _moves.rearranged,
    "gather": _moves.gathered,
    "embedding": _products.embedding,
    "index": _moves.index,
    "unfold": _moves.windows,
    "view_as_real": _moves.as_real,
    "view_as_complex": _moves.as_real,
    "repeat": _moves.repeat,
    "stack": _moves.stack,
    "_trilinear": _products.trilinear,
}
