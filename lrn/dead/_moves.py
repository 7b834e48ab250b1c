"""How views, permutations, choices and joins hand on the labels."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from torch import Tensor

from lrn.dead._layout import (
    Dims,
    Factor,
    broadcast,
    drop,
    factors_of,
    has_units,
    joined,
    of_kind,
    relabelled,
    renewed,
    resized,
    view,
)
from lrn.dead._operation import Operation, aligned, fits, settled

__all__ = [
    "as_real",
    "cat",
    "chosen",
    "expand",
    "gathered",
    "index",
    "not_followed",
    "part",
    "permute",
    "pixels",
    "rearranged",
    "repeat",
    "reshaped",
    "rot90",
    "scattered",
    "select",
    "stack",
    "strided",
    "windows",
]


def reshaped(op: Operation) -> list[Dims]:
    """Views of other shapes."""
    return [view(op.dims(op.tensors[0]), output.shape) for output in op.outputs]


def permute(op: Operation) -> list[Dims]:
    """Other orders of the dimensions."""
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


def expand(op: Operation) -> list[Dims]:
    """Broadcasting."""
    return [broadcast([op.dims(op.tensors[0])], op.outputs[0].shape)]


def rot90(op: Operation) -> list[Dims]:
    """A turn in the plane of two dimensions, which change places at odd numbers of quarters."""
    dims, output = list(op.dims(op.tensors[0])), op.outputs[0]
    a, b = (d % len(dims) for d in op.get("dims", [0, 1]))
    if op.get("k", 1) % 2:
        dims[a], dims[b] = dims[b], dims[a]
    return [tuple(renewed(dim, output.shape[d], "rot90") if d in (a, b) else dim for d, dim in enumerate(dims))]


def strided(op: Operation) -> list[Dims]:
    """`as_strided`: a dimension with the size and stride of one before is that one; the rest must leave units alone."""
    source, output = op.tensors[0], op.outputs[0]
    dims = op.dims(source)
    known = {
        (size, stride): dim for size, stride, dim in zip(source.shape, source.stride(), dims, strict=True) if size > 1
    }
    steps = list(zip(output.shape, output.stride(), strict=True))
    unlike = [step for step in steps if step[0] > 1 and step not in known]
    units = [step for step, dim in known.items() if has_units((dim,))]
    ends = all(stride % (size * inner) == 0 for _, stride in unlike for size, inner in units)
    if not all(step in steps for step in units) or not ends or output.storage_offset() != source.storage_offset():
        return [of_kind("unknown", output.shape)]
    return [tuple(known.get(step) or of_kind("place", step[:1])[0] for step in steps)]


def not_followed(op: Operation) -> list[Dims]:
    """Operations that could put units anywhere."""
    return [of_kind("unknown", output.shape) for output in op.outputs]


def select(op: Operation) -> list[Dims]:
    """One position of a dimension, or each of them."""
    dims = op.dims(op.tensors[0])
    return [drop(dims, [op.get("dim", 0) % len(dims)], False) for _ in op.outputs]


def part(op: Operation) -> list[Dims]:
    """Parts of a dimension."""
    dims, made, start = op.dims(op.tensors[0]), [], op.get("start") or 0
    for output in op.outputs:
        made.append(resized(dims, output.shape, f"{start}:{op.get('step', 1)}"))
        start += output.shape[op.get("dim", 0)] if isinstance(start, int) else 0
    return made


def chosen(op: Operation) -> list[Dims]:
    """`index_select`, `flip`, `roll`: the order of one dimension changes, or it gets another size."""
    dims, output = op.dims(op.tensors[0]), op.outputs[0]
    if op.name == "roll" and not op.get("dims"):  # as if it were one long row
        return [dims if not has_units(dims) else of_kind("unknown", output.shape)]
    if op.name == "index_select" and not op.info(op.tensors[0]).data and op.tensors[1].ndim == 1:
        d = op.get("dim") % len(dims)  # a table that data chooses from, as an embedding
        return [settled(op, (*dims[:d], *op.dims(op.tensors[1]), *dims[d + 1 :]))]
    changed = op.get("dims", op.get("dim", 1 if "shuffle" in op.name else 0))
    changed = {d % len(dims) for d in (changed if isinstance(changed, list | tuple) else [changed])}
    return [tuple(renewed(dim, output.shape[d], op.name) if d in changed else dim for d, dim in enumerate(dims))]


def index(op: Operation) -> list[Dims]:
    """`x[..., indices, ...]`: indexed dimensions become positions, or units where units were chosen among."""
    dims, output, indices = op.dims(op.tensors[0]), op.outputs[0], op.get("indices")
    at = [d for d, index in enumerate(indices) if index is not None]
    wide = [index.ndim if index.dtype.is_floating_point or str(index.dtype) != "torch.bool" else 1
            for index in indices if index is not None]  # fmt: skip
    masked = sum(index.ndim for index in indices if index is not None and str(index.dtype) == "torch.bool")
    indexed = range(at[0], max(at[-1] + 1, at[0] + masked))
    first, last = dims[: indexed[0]], dims[indexed[-1] + 1 :]
    width = output.ndim - len(first) - len(last)
    if width < 0 or list(indexed)[: len(at)] != at or max(wide) < width:
        return [of_kind("unknown", output.shape)]
    middle = tuple(factors_of(dims[d] for d in indexed))
    sizes = output.shape[len(first) : len(first) + width]
    if len(at) == 1 and width == 1:
        return [(*first, renewed(middle, sizes[0], "index"), *last)]
    chosen = [op.dims(index) for index in indices if index is not None and str(index.dtype) != "torch.bool"]
    positions = broadcast(chosen, sizes) if len(chosen) == len(at) else of_kind("place", sizes)
    positions = relabelled(positions, lambda f: f if f.kind == "input" else Factor("place", f.size))
    made = settled(op, (*first, *positions, *last))
    return [made if not any(f.kind == "unit" for f in middle) else of_kind("unknown", output.shape)]


def windows(op: Operation) -> list[Dims]:
    """`Tensor.unfold`: windows along one dimension, and the places within them in a new last one."""
    dims, output, d = op.dims(op.tensors[0]), op.outputs[0], op.args[1] % op.tensors[0].ndim
    if has_units((dims[d],)):
        return [of_kind("unknown", output.shape)]
    return [(*resized(dims, output.shape[:-1], "unfold"), *of_kind("place", output.shape[-1:]))]


def as_real(op: Operation) -> list[Dims]:
    """Complex numbers as pairs, and pairs as complex numbers."""
    dims = op.dims(op.tensors[0])
    return [(*dims, *of_kind("any", [2])) if op.name == "view_as_real" else dims[:-1]]


def cat(op: Operation) -> list[Dims]:
    """Tensors joined along a dimension."""
    output, d = op.outputs[0], op.get("dim", 0) % op.outputs[0].ndim
    parts = [op.dims(t) for t in op.args[0] if t.ndim == output.ndim]
    made = settled(op, joined(parts, d, output.shape))
    if _lost_units(op, parts) and not any(part[d] for part in parts):
        return [(*made[:d], of_kind("unknown", [output.shape[d]])[0], *made[d + 1 :])]
    return [made]


def _lost_units(op: Operation, parts: Sequence[Dims]) -> bool:
    """Whether parts of a layer's output have no units left: each could be one of them, or a position."""
    return not any(map(has_units, parts)) and any(op.info(t).layered for t in op.args[0])


def stack(op: Operation) -> list[Dims]:
    """Tensors side by side in a new dimension."""
    output, d = op.outputs[0], op.get("dim", 0) % op.outputs[0].ndim
    parts = [op.dims(t) for t in op.args[0]]
    # Outputs of different layers side by side are different units; of one layer, different positions.
    bases = {tuple(factor.base for factor in factors_of(part) if factor.kind == "unit") for part in parts}
    kind, base = ("unit", f"stack of {'+'.join(map(str, sorted(bases)))}") if len(bases) > 1 else ("place", "")
    split = any(factor.path for part in parts for factor in factors_of(part) if factor.kind == "unit")
    new = of_kind("unknown" if split or _lost_units(op, parts) else kind, [output.shape[d]], base)[0]
    whole = broadcast(parts, output.shape[:d] + output.shape[d + 1 :])
    return [(*whole[:d], new, *whole[d:])]


def repeat(op: Operation) -> list[Dims]:
    """Copies along dimensions."""
    dims, output = op.dims(op.tensors[0]), op.outputs[0]
    padded = aligned(dims, output.ndim)
    made = []
    for dim, size in zip(padded, output.shape, strict=True):
        times = size // max(prod(factor.size for factor in dim), 1)
        made.append((*of_kind("any", [times])[0], *dim))
    return [tuple(made)]


def gathered(op: Operation) -> list[Dims]:
    """`gather`: along one dimension other positions; in the others the index is as large as the source, or smaller."""
    dims, output, d = op.dims(op.tensors[0]), op.outputs[0], op.get("dim") % max(op.tensors[0].ndim, 1)
    made = list(resized(dims, output.shape, op.name))
    if dims:
        made[d] = renewed(dims[d], output.shape[d], op.name) if has_units((dims[d],)) else of_kind(
            "place", [output.shape[d]])[0]  # fmt: skip
    return [tuple(made)]


def scattered(op: Operation) -> list[Dims]:
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
    if op.info(target).data and has_units((dims[d],)):
        along = dims[d]
    elif ranked is not None and fits(ranked, output.shape):  # the values of a top-k, put back where they were
        along = ranked[d]
    else:
        along = renewed(placed[d], output.shape[d], op.name)
    return [(*placed[:d], along, *placed[d + 1 :])]


def pixels(op: Operation) -> list[Dims]:
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


def rearranged(op: Operation) -> list[Dims]:
    """`col2im`: dimension 1 or 0 holds channels, and the last two are the image."""
    output, channel = op.outputs[0], op.outputs[0].ndim - 3
    source = op.dims(op.tensors[0])[max(channel, 0)]
    made = list(of_kind("place", output.shape))
    made[:channel] = op.dims(op.tensors[0])[:channel]
    made[channel] = renewed(tuple(f for f in source if f.kind == "unit") or source, output.shape[channel], op.name)
    return [tuple(made)]
