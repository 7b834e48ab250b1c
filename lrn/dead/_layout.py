"""Labels that follow a tensor through views, permutations, sums and products."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import attrgetter

from lrn.dead._factors import (
    Dim,
    Dims,
    Factor,
    factors_of,
    has_split_units,
    kinds_of,
    of_kind,
    size_of,
    with_dim,
)

__all__ = [
    "broadcast",
    "drop",
    "joined",
    "merged",
    "renewed",
    "renewed_at",
    "resized",
    "view",
]

# Where two tensors meet in a sum, the kind that comes first here labels the dimension.
_RANK = {"unit": 0, "input": 1, "place": 2, "slot": 3, "unknown": 4, "weight": 5, "any": 6}


def view(dims: Dims, sizes: Sequence[int]) -> Dims:
    """The labels after `view`: factors are kept in order, split or put together as the new sizes ask."""
    left = factors_of(dims)
    made: list[Dim] = []
    for size in sizes:
        dim = _take(left, size)
        if dim is None:
            return _mixed(dims, sizes)
        made.append(dim)
    return tuple(made)


def _take(left: list[Factor], size: int) -> Dim | None:
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
    kinds = kinds_of(factors_of(dims))
    kind = "unknown" if kinds & {"unit", "unknown", "slot"} else "place" if kinds & {"input", "place"} else "any"
    return of_kind(kind, sizes)


def renewed(dim: Dim, size: int, what: str) -> Dim:
    """A dimension after some of it was chosen or its order changed; `what` tells different choices apart."""
    kinds = kinds_of(dim)
    if size == 1:
        return ()
    if kinds == {"unit"}:
        return (Factor("unit", size, f"{_joined_bases(dim, '*')}[{what}]"),)
    kind = "unknown" if kinds & {"unit", "unknown"} else max(kinds, key=_RANK.__getitem__, default="any")
    return (Factor("place" if kind == "input" else kind, size),)


def _joined_bases(factors: Iterable[Factor], separator: str) -> str:
    """The bases of some factors, each once."""
    return separator.join(dict.fromkeys(map(attrgetter("base"), factors)))


def renewed_at(dims: Dims, positions: Iterable[int], sizes: Sequence[int], what: str) -> Dims:
    """The labels after some dimensions were renewed; negative positions count from the end."""
    made = list(dims)
    for position in positions:
        made[position] = renewed(dims[position], sizes[position], what)
    return tuple(made)


def resized(dims: Dims, sizes: Sequence[int], what: str) -> Dims:
    """The labels of a tensor with as many dimensions, of which some have other sizes (pooling, padding, slices)."""
    made: list[Dim] = []
    for dim, size in zip(dims, sizes, strict=True):
        made.append(dim if size_of(dim) == size else renewed(dim, size, what))
    return tuple(made)


def drop(dims: Dims, reduced: Sequence[int]) -> Dims:
    """The labels after a reduction over the dimensions `reduced`."""
    return tuple(dim for d, dim in enumerate(dims) if d not in reduced)


def broadcast(labels: Iterable[Dims], sizes: Sequence[int]) -> Dims:
    """The labels of a sum or product of tensors, aligned at the last dimension."""
    made: Dims = ((),) * len(sizes)
    for dims in labels:
        padded = ((),) * (len(sizes) - len(dims)) + dims
        made = tuple(map(merged, made, padded))
    if () in made:
        made = tuple(map(_first_label, made, of_kind("any", sizes)))
    return made


def _first_label(dim: Dim, other: Dim) -> Dim:
    return dim or other


def merged(one: Dim, other: Dim) -> Dim:
    """The label of a dimension that two tensors have, or only one of them where the other has size 1."""
    if not one or not other or one == other:
        return one or other
    cuts = _refined(one, other)
    if cuts is None:
        return _stronger(one, other)
    dim = tuple(map(_stronger_factor, *cuts))
    # Two orders of units were added up, as after a channel shuffle: only the order of now is left.
    return renewed(dim, size_of(one), "sum") if any(map(_in_two_orders, *cuts)) else dim


def _stronger_factor(one: Factor, other: Factor) -> Factor:
    return min(one, other, key=_rank)


def _in_two_orders(one: Factor, other: Factor) -> bool:
    return one.kind == other.kind == "unit" and one.path != other.path


def _refined(one: Dim, other: Dim) -> tuple[list[Factor], list[Factor]] | None:
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


def _stronger(one: Dim, other: Dim) -> Dim:
    first, second = sorted((one, other), key=_best_rank)
    clear = _best_rank(first)[0] < _best_rank(second)[0]
    return first if clear else renewed(first, size_of(first), "mixed")


def _best_rank(dim: Dim) -> tuple[int, bool]:
    return min(map(_rank, dim))


def _rank(factor: Factor) -> tuple[int, bool]:
    return _RANK[factor.kind], factor.kind == "input" and ":" in factor.base  # the first input says what it is


def joined(labels: Sequence[Dims], dim: int, sizes: Sequence[int]) -> Dims:
    """The labels of `cat` along `dim`: units where one part has units or features there."""
    parts, without = [], []
    for dims in labels:
        parts.append(dims[dim])
        without.append(with_dim(dims, dim, ()))
    others = broadcast(without, (*sizes[:dim], 1, *sizes[dim + 1 :]))
    return with_dim(others, dim, _joined_dim(parts, sizes[dim])) if sizes[dim] != 1 else others


def _joined_dim(parts: Sequence[Dim], size: int) -> Dim:
    """The label of the dimension along which tensors with these labels were joined."""
    alike = len(set(parts)) == 1
    if alike and parts[0] and size_of(parts[0]) == size:
        return parts[0]
    factors = factors_of(parts)
    kind = min(kinds_of(factors), key=_RANK.__getitem__, default="any")
    if kind == "input" and not alike:
        kind = "place"
    if kind == "unit" and has_split_units(parts):
        kind = "unknown"  # only a part of each unit's position is in this dimension
    return (Factor(kind, size, _joined_bases(factors, "+")),)
