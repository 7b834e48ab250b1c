"""How choices by index, and writing to chosen positions, hand on the labels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lrn.dead._factors import (
    Dims,
    Factor,
    factors_of,
    has_units,
    kinds_of,
    of_kind,
    relabelled,
    with_dim,
)
from lrn.dead._layout import broadcast, renewed, renewed_at, resized
from lrn.dead._operation import Operation, fits, settled

__all__ = ["chosen", "gathered", "index", "mask_scattered", "scattered"]


def chosen(op: Operation) -> list[Dims]:
    """`index_select`, `flip`, `roll`: the order of one dimension changes, or it gets another size."""
    dims, output = op.dims(op.tensors[0]), op.outputs[0]
    if op.name == "roll" and not op.get("dims"):  # as if it were one long row
        return [dims if not has_units(dims) else of_kind("unknown", output.shape)]
    if op.name == "index_select" and not op.info(op.tensors[0]).data and op.tensors[1].ndim == 1:
        d = op.get("dim") % len(dims)  # a table that data chooses from, as an embedding
        return [settled(op, (*dims[:d], *op.dims(op.tensors[1]), *dims[d + 1 :]))]
    changed = op.get("dims", op.get("dim", 1 if "shuffle" in op.name else 0))
    positions = changed if isinstance(changed, list | tuple) else [changed]
    return [renewed_at(dims, positions, output.shape, op.name)]


def index(op: Operation) -> list[Dims]:
    """`x[..., indices, ...]`: indexed dimensions become positions, or units where units were chosen among."""
    dims, output, indices = op.dims(op.tensors[0]), op.outputs[0], op.get("indices")
    at, masks, tables = _split_indices(indices)
    stop = max(at[-1] + 1, at[0] + sum(map(Tensor.dim, masks)))
    first, middle, last = dims[: at[0]], tuple(factors_of(dims[at[0] : stop])), dims[stop:]
    width = output.ndim - len(first) - len(last)
    if width < 0 or at != list(range(at[0], at[-1] + 1)) or max(map(_rank_of_index, (*masks, *tables))) < width:
        return [of_kind("unknown", output.shape)]
    sizes = output.shape[len(first) : len(first) + width]
    if len(at) == 1 and width == 1:
        return [(*first, renewed(middle, sizes[0], "index"), *last)]
    positions = of_kind("place", sizes) if masks else broadcast(map(op.dims, tables), sizes)
    made = settled(op, (*first, *relabelled(positions, _input_or_place), *last))
    return [made if "unit" not in kinds_of(middle) else of_kind("unknown", output.shape)]


def _split_indices(indices: Sequence[Tensor | None]) -> tuple[list[int], list[Tensor], list[Tensor]]:
    """The positions of the indices that are tensors, and these: masks, and tables of numbers."""
    positions: list[int] = []
    masks: list[Tensor] = []
    tables: list[Tensor] = []
    for position, tensor in enumerate(indices):
        if tensor is not None:
            positions.append(position)
            (masks if tensor.dtype == torch.bool else tables).append(tensor)
    return positions, masks, tables


def _rank_of_index(index: Tensor) -> int:
    """How many dimensions an index gives to the output: its own, or one if it is a mask."""
    return 1 if index.dtype == torch.bool else index.ndim


def _input_or_place(factor: Factor) -> Factor:
    return factor if factor.kind == "input" else Factor("place", factor.size)


def gathered(op: Operation) -> list[Dims]:
    """`gather`: along one dimension other positions; in the others the index is as large as the source, or smaller."""
    dims, output, d = op.dims(op.tensors[0]), op.outputs[0], op.get("dim") % op.tensors[0].ndim
    if not output.ndim:  # an index without dimensions
        return [()]
    made = list(resized(dims, output.shape, op.name))
    if dims:
        made[d] = renewed(dims[d], output.shape[d], op.name) if has_units((dims[d],)) else of_kind(
            "place", [output.shape[d]])[0]  # fmt: skip
    return [tuple(made)]


def scattered(op: Operation) -> list[Dims]:
    """`scatter`, `index_add` and their kin: rows of a source put into, or added to, positions of another tensor."""
    target, source = op.tensors[0], op.get("src", op.get("source"))
    output, d = op.outputs[0], op.get("dim") % op.tensors[0].ndim
    dims = op.dims(target)
    if not isinstance(source, Tensor) or source.ndim != output.ndim or not op.info(source).data:
        return [dims]
    placed = resized(op.dims(source), output.shape, op.name)
    if op.info(target).data:
        placed = broadcast([dims, placed], output.shape)
    ranked = op.info(source).ranked
    if op.info(target).data and has_units((dims[d],)):
        along = dims[d]
    elif ranked is not None and fits(ranked, output.shape):  # the values of a top-k, put back where they were
        along = ranked[d]
    else:
        along = renewed(placed[d], output.shape[d], op.name)
    return [with_dim(placed, d, along)]


def mask_scattered(op: Operation) -> list[Dims]:
    """`masked_scatter`: values of a source, as they lie in memory, go where a mask is true.

    Where the mask differs from unit to unit, or only the source has units, a value can go to any of them.
    """
    target, mask, source = map(op.dims, op.tensors[:3])
    blurred = kinds_of(factors_of(mask)) & {"unit", "unknown"} or (has_units(source) and not has_units(target))
    return [of_kind("unknown", op.outputs[0].shape) if blurred else target]
