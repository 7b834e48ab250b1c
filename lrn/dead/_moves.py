"""How views, permutations and joins hand on the labels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import starmap
from math import lcm
from operator import attrgetter, itemgetter, mul

from torch import Tensor

from lrn.dead._factors import (
    Dim,
    Dims,
    Factor,
    factors_of,
    has_split_units,
    has_units,
    of_kind,
    ordered,
    relabelled,
    size_of,
    units_of,
    with_dim,
)
from lrn.dead._layout import broadcast, drop, joined, renewed, renewed_at, resized, view
from lrn.dead._operation import Operation, aligned, settled

__all__ = [
    "as_real",
    "cat",
    "expand",
    "not_followed",
    "part",
    "permute",
    "pixels",
    "rearranged",
    "repeat",
    "reshaped",
    "rot90",
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
        order = op.get("dims")
    elif op.name in ("transpose", "transpose_copy", "swapaxes", "swapdims"):
        a, b = op.args[1:3]
        order[a], order[b] = order[b], order[a]
    else:
        order.reverse()
    return [ordered(dims, order)]


def expand(op: Operation) -> list[Dims]:
    """Broadcasting."""
    return [broadcast([op.dims(op.tensors[0])], op.outputs[0].shape)]


def rot90(op: Operation) -> list[Dims]:
    """A turn in the plane of two dimensions, which change places at odd numbers of quarters."""
    dims, (a, b) = list(op.dims(op.tensors[0])), op.get("dims", [0, 1])
    if op.get("k", 1) % 2:
        dims[a], dims[b] = dims[b], dims[a]
    return [renewed_at(tuple(dims), (a, b), op.outputs[0].shape, "rot90")]


def strided(op: Operation) -> list[Dims]:
    """`as_strided`: a dimension has the label of the old one with its size and stride; others may not cut up units."""
    source, output = op.tensors[0], op.outputs[0]
    if source is output:  # in place: its old strides are gone
        return not_followed(op)
    known: dict[Step, Dim] = {}
    for step, dim in zip(_steps(source), op.dims(source), strict=True):
        if step[0] > 1:
            known[step] = dim
    unit_steps = {step for step, dim in known.items() if has_units((dim,))}
    unit_rows = lcm(*starmap(mul, unit_steps))
    if unit_rows == 0:  # units with stride 0 lie in one number, from which they cannot be told apart
        return not_followed(op)
    made, moved = [], output.storage_offset() != source.storage_offset()
    for step in _steps(output):
        made.append(known.get(step) or of_kind("place", step[:1])[0])
        if step[0] > 1 and step not in known:
            moved = moved or step[1] % unit_rows != 0  # it would begin amid the units of a row
    return [tuple(made) if unit_steps.issubset(_steps(output)) and not moved else of_kind("unknown", output.shape)]


Step = tuple[int, int]
"""The size and the stride of a dimension."""


def _steps(tensor: Tensor) -> list[Step]:
    return list(zip(tensor.shape, tensor.stride(), strict=True))


def not_followed(op: Operation) -> list[Dims]:
    """Operations that could put units anywhere."""
    return op.outputs_of_kind("unknown")


def select(op: Operation) -> list[Dims]:
    """One position of a dimension, or each of them."""
    dims = op.dims(op.tensors[0])
    return [drop(dims, [op.get("dim", 0) % len(dims)])] * len(op.outputs)


def part(op: Operation) -> list[Dims]:
    """Parts of a dimension."""
    dims, made, start = op.dims(op.tensors[0]), [], op.get("start") or 0
    for output in op.outputs:
        made.append(resized(dims, output.shape, f"{start}:{op.get('step', 1)}"))
        start += output.shape[op.get("dim", 0)] if isinstance(start, int) else 0
    return made


def windows(op: Operation) -> list[Dims]:
    """`Tensor.unfold`: windows along one dimension, and the places within them in a new last one."""
    dims, output, d = op.dims(op.tensors[0]), op.outputs[0], op.args[1] % op.tensors[0].ndim
    if has_units((dims[d],)):
        return [of_kind("unknown", output.shape)]
    return [(*resized(dims, output.shape[:-1], "unfold"), *of_kind("place", output.shape[-1:]))]


def as_real(op: Operation) -> list[Dims]:
    """Complex numbers as pairs, and pairs as complex numbers."""
    dims = op.dims(op.tensors[0])
    if op.name == "view_as_real":
        return [(*dims, *of_kind("any", [2]))]
    return [relabelled(dims[:-1], _unit_as_unknown) if has_units(dims[-1:]) else dims[:-1]]


def _unit_as_unknown(factor: Factor) -> Factor:
    return Factor("unknown", factor.size) if factor.kind == "unit" else factor


def cat(op: Operation) -> list[Dims]:
    """Tensors joined along a dimension."""
    output, d = op.outputs[0], op.get("dim", 0) % op.outputs[0].ndim
    parts = [op.dims(tensor) for tensor in op.args[0] if tensor.ndim == output.ndim]
    made = settled(op, joined(parts, d, output.shape))
    if _lost_units(op, parts) and not any(map(itemgetter(d), parts)):
        return [with_dim(made, d, of_kind("unknown", [output.shape[d]])[0])]
    return [made]


def _lost_units(op: Operation, parts: Sequence[Dims]) -> bool:
    """Whether parts of a layer's output have no units left: each could be one of them, or a position."""
    return not any(map(has_units, parts)) and any(map(attrgetter("layered"), map(op.info, op.args[0])))


def stack(op: Operation) -> list[Dims]:
    """Tensors side by side in a new dimension."""
    output, d = op.outputs[0], op.get("dim", 0) % op.outputs[0].ndim
    parts = list(map(op.dims, op.args[0]))
    # Outputs of different layers side by side are different units; of one layer, different positions.
    bases = set(map(_unit_bases, parts))
    kind, base = ("unit", f"stack of {'+'.join(map(str, sorted(bases)))}") if len(bases) > 1 else ("place", "")
    split = any(map(has_split_units, parts))
    new = of_kind("unknown" if split or _lost_units(op, parts) else kind, [output.shape[d]], base)[0]
    whole = broadcast(parts, output.shape[:d] + output.shape[d + 1 :])
    return [(*whole[:d], new, *whole[d:])]


def _unit_bases(dims: Dims) -> tuple[str, ...]:
    return tuple(map(attrgetter("base"), units_of(factors_of(dims))))


def repeat(op: Operation) -> list[Dims]:
    """Copies along dimensions."""
    dims, output = op.dims(op.tensors[0]), op.outputs[0]
    padded = aligned(dims, output.ndim)
    made = []
    for dim, size in zip(padded, output.shape, strict=True):
        times = size // max(size_of(dim), 1)
        made.append((*of_kind("any", [times])[0], *dim))
    return [tuple(made)]


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
    return [view((*apart[:n], *ordered(apart[n:], order)), output.shape)]


def rearranged(op: Operation) -> list[Dims]:
    """`col2im`: dimension 1 or 0 holds channels, and the last two are the image."""
    output, channel = op.outputs[0], op.outputs[0].ndim - 3
    source = op.dims(op.tensors[0])[max(channel, 0)]
    made = list(of_kind("place", output.shape))
    made[:channel] = op.dims(op.tensors[0])[:channel]
    made[channel] = renewed(tuple(units_of(source)) or source, output.shape[channel], op.name)
    return [tuple(made)]
