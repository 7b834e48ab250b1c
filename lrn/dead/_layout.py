"""Which dimensions of a tensor are units: labels that follow a tensor through views, permutations, sums and products.

Each dimension is a row of factors, outermost first, whose sizes multiply to the dimension's size; a dimension of size 1
has none. After `view(N, heads, features)` the units of a linear layer lie in two dimensions, one factor in each, and
after `flatten` the channels and positions of a convolution lie in one dimension with several factors. A factor is

- "unit": outputs of a layer. `path` says where it lies in the layer's own order after it was split.
- "input": a dimension of the data that came in, `base` being its number ("1", or "2:1" in the input behind the second);
  "0" are the samples.
- "place": another position, such as the pixels of a convolution's output.
- "weight": a dimension of a tensor that does not depend on the data but on parameters or buffers.
- "slot": the ranks of a sort or of a top-k.
- "any": without meaning of its own: broadcast, or a constant's.
- "unknown".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import prod

__all__ = [
    "Dims",
    "Factor",
    "broadcast",
    "dimension",
    "drop",
    "factors_of",
    "fresh_units",
    "has_units",
    "input_dims",
    "joined",
    "of_kind",
    "relabelled",
    "renewed",
    "resized",
    "same_rank",
    "view",
]


@dataclass(frozen=True, slots=True)
class Factor:
    """A part of a dimension.

    Attributes:
        kind: "unit", "input", "place", "weight", "slot", "any" or "unknown".
        size: at least 2.
        base: the dimension or layer that it is a part of; factors of one base belong together.
        path: where it stands among the parts of its base: outer parts are smaller.
    """

    kind: str
    size: int
    base: str = ""
    path: tuple[int, ...] = ()


Dims = tuple[tuple[Factor, ...], ...]

# Where two tensors meet in a sum, the kind that comes first here labels the dimension.
_RANK = {kind: rank for rank, kind in enumerate(("unit", "input", "place", "slot", "unknown", "weight", "any"))}


def of_kind(kind: str, sizes: Sequence[int], base: str = "") -> Dims:
    """One factor of this kind for each dimension that is larger than 1."""
    return tuple((Factor(kind, size, f"{base}{dim}"),) if size != 1 else () for dim, size in enumerate(sizes))


def input_dims(sizes: Sequence[int], number: int) -> Dims:
    """The labels of input `number`: the samples are those of all inputs, other dimensions are its own."""
    own = "" if number == 0 else f"{number}:"
    return tuple(
        (Factor("input", size, f"{own if dim else ''}{dim}"),) if size != 1 else () for dim, size in enumerate(sizes)
    )


def dimension(factor: Factor) -> str:
    """The number of the dimension that an input's factor comes from, whichever input it was."""
    return factor.base.rpartition(":")[2]


def fresh_units(base: str, size: int) -> tuple[Factor, ...]:
    """The factors of a dimension that holds the outputs of one layer."""
    return (Factor("unit", size, base),) if size != 1 else ()


def factors_of(dims: Iterable[tuple[Factor, ...]]) -> list[Factor]:
    """The factors of all dimensions, in order."""
    return list(chain.from_iterable(dims))


def has_units(dims: Dims) -> bool:
    """Whether any factor is a unit."""
    return any(factor.kind == "unit" for factor in factors_of(dims))


def view(dims: Dims, sizes: Sequence[int]) -> Dims:
    """The labels after `view`: factors are kept in order, split or put together as the new sizes ask."""
    left = factors_of(dims)
    made: list[tuple[Factor, ...]] = []
    for size in sizes:
        dim = _take(left, size)
        if dim is None:
            return _mixed(dims, sizes)
        made.append(dim)
    return tuple(made)


def _take(left: list[Factor], size: int) -> tuple[Factor, ...] | None:
    """Removes factors that multiply to `size` from the front; None where they do not."""
    factors = []
    while size != 1:
        if not left or size == 0:
            return None
        factor = left.pop(0)
        if size % factor.size and factor.size % size == 0:
            factor, inner = _split(factor, size)
            left.insert(0, inner)
        if size % factor.size:
            return None
        factors.append(factor)
        size //= factor.size
    return tuple(factors)


def _split(factor: Factor, outer: int) -> tuple[Factor, Factor]:
    return (
        replace(factor, size=outer, path=(*factor.path, 0)),
        replace(factor, size=factor.size // outer, path=(*factor.path, 1)),
    )


def _mixed(dims: Dims, sizes: Sequence[int]) -> Dims:
    """Where sizes do not divide each other: unknown, unless there was nothing to lose."""
    kinds = {factor.kind for factor in factors_of(dims)}
    kind = "unknown" if kinds & {"unit", "unknown", "slot"} else "place" if kinds & {"input", "place"} else "any"
    return of_kind(kind, sizes)


def renewed(dim: tuple[Factor, ...], size: int, what: str) -> tuple[Factor, ...]:
    """A dimension after some of it was chosen or its order changed; `what` tells different choices apart."""
    kinds = {factor.kind for factor in dim}
    if size == 1:
        return ()
    if kinds == {"unit"}:
        bases = "*".join(dict.fromkeys(factor.base for factor in dim))
        return (Factor("unit", size, f"{bases}[{what}]"),)
    kind = "unknown" if kinds & {"unit", "unknown"} else max(kinds, key=_RANK.__getitem__, default="any")
    return (Factor("place" if kind == "input" else kind, size),)


def resized(dims: Dims, sizes: Sequence[int], what: str) -> Dims:
    """The labels of a tensor with as many dimensions, of which some have other sizes (pooling, padding, slices)."""
    return tuple(
        dim if prod(factor.size for factor in dim) == size else renewed(dim, size, what)
        for dim, size in zip(dims, sizes, strict=True)
    )


def drop(dims: Dims, reduced: Sequence[int], keep: bool) -> Dims:
    """The labels after a reduction over the dimensions `reduced`."""
    if keep:
        return tuple(() if d in reduced else dim for d, dim in enumerate(dims))
    return tuple(dim for d, dim in enumerate(dims) if d not in reduced)


def broadcast(several: Sequence[Dims], sizes: Sequence[int]) -> Dims:
    """The labels of a sum or product of tensors, aligned at the last dimension."""
    made: Dims = ((),) * len(sizes)
    for dims in several:
        padded = ((),) * (len(sizes) - len(dims)) + dims
        made = tuple(map(same_rank, made, padded))
    return tuple(dim or own for dim, own in zip(made, of_kind("any", sizes), strict=True)) if () in made else made


def same_rank(one: tuple[Factor, ...], other: tuple[Factor, ...]) -> tuple[Factor, ...]:
    """The label of a dimension that two tensors have, or only one of them where the other has size 1."""
    if not one or not other or one == other:
        return one or other
    cuts = _refined(one, other)
    if cuts is None:
        return _stronger(one, other)
    pairs = list(zip(*cuts, strict=True))
    if any(a.kind == b.kind == "unit" and a.path != b.path for a, b in pairs):
        # Two orders of units were added up, as after a channel shuffle: only the order of now is left.
        return renewed(tuple(min(a, b, key=_rank) for a, b in pairs), prod(f.size for f in one), "sum")
    return tuple(min(a, b, key=_rank) for a, b in pairs)


def _refined(one: tuple[Factor, ...], other: tuple[Factor, ...]) -> tuple[list[Factor], list[Factor]] | None:
    """Both dimensions cut into the same sizes, where that is possible."""
    left, right = list(one), list(other)
    cuts: tuple[list[Factor], list[Factor]] = [], []
    while left and right:
        a, b = left.pop(0), right.pop(0)
        if a.size > b.size and a.size % b.size == 0:
            a, inner = _split(a, b.size)
            left.insert(0, inner)
        elif b.size > a.size and b.size % a.size == 0:
            b, inner = _split(b, a.size)
            right.insert(0, inner)
        elif a.size != b.size:
            return None
        cuts[0].append(a)
        cuts[1].append(b)
    return cuts if not left and not right else None


def _stronger(one: tuple[Factor, ...], other: tuple[Factor, ...]) -> tuple[Factor, ...]:
    first, second = sorted((one, other), key=lambda dim: min(map(_rank, dim)))
    clear = min(map(_rank, first))[0] < min(map(_rank, second))[0]
    return first if clear else renewed(first, prod(factor.size for factor in first), "mixed")


def _rank(factor: Factor) -> tuple[int, bool]:
    return _RANK[factor.kind], factor.kind == "input" and ":" in factor.base  # the first input says what it is


def joined(several: Sequence[Dims], dim: int, sizes: Sequence[int]) -> Dims:
    """The labels of `cat` along `dim`: units where one part has units or features there."""
    others = broadcast([(*dims[:dim], (), *dims[dim + 1 :]) for dims in several], (*sizes[:dim], 1, *sizes[dim + 1 :]))
    if sizes[dim] == 1:
        return others
    parts = [dims[dim] for dims in several]
    factors = factors_of(parts)
    kinds = {factor.kind for factor in factors}
    bases = "+".join(dict.fromkeys(factor.base for factor in factors))
    kind = min(kinds, key=_RANK.__getitem__, default="any")
    kind = "place" if kind == "input" and len({*parts}) > 1 else kind
    if kind == "unit" and any(factor.kind == "unit" and factor.path for factor in factors):
        kind = "unknown"  # only a part of each unit's place is here
    label = parts[0] if len({*parts}) == 1 and prod(f.size for f in parts[0]) == sizes[dim] else ()
    return (*others[:dim], label or (Factor(kind, sizes[dim], bases),), *others[dim + 1 :])


def relabelled(dims: Dims, change: Callable[[Factor], Factor]) -> Dims:
    """Every factor changed by a function."""
    return tuple(tuple(map(change, dim)) for dim in dims)
