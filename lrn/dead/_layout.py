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
from operator import attrgetter

__all__ = [
    "Dim",
    "Dims",
    "Factor",
    "broadcast",
    "dimension",
    "drop",
    "factors_of",
    "fresh_units",
    "has_split_units",
    "has_units",
    "input_dims",
    "joined",
    "kinds_of",
    "of_kind",
    "ordered",
    "relabelled",
    "renewed",
    "renewed_at",
    "resized",
    "same_rank",
    "samples_of",
    "size_of",
    "sizes_of",
    "units_of",
    "view",
    "with_dim",
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


Dim = tuple[Factor, ...]
Dims = tuple[Dim, ...]

# Where two tensors meet in a sum, the kind that comes first here labels the dimension.
_RANK = {"unit": 0, "input": 1, "place": 2, "slot": 3, "unknown": 4, "weight": 5, "any": 6}

_KIND, _SIZE, _BASE = attrgetter("kind"), attrgetter("size"), attrgetter("base")


def of_kind(kind: str, sizes: Sequence[int], base: str = "") -> Dims:
    """One factor of this kind for each dimension that is larger than 1."""
    dims: list[Dim] = []
    for number, size in enumerate(sizes):
        dims.append((Factor(kind, size, f"{base}{number}"),) if size != 1 else ())
    return tuple(dims)


def input_dims(sizes: Sequence[int], number: int) -> Dims:
    """The labels of input `number`: the samples are those of all inputs, other dimensions are its own."""
    own = "" if number == 0 else f"{number}:"
    return (*of_kind("input", sizes[:1]), *of_kind("input", sizes, own)[1:])


def dimension(factor: Factor) -> str:
    """The number of the dimension that an input's factor comes from, whichever input it was."""
    return factor.base.rpartition(":")[2]


def fresh_units(base: str, size: int) -> Dim:
    """The factors of a dimension that holds the outputs of one layer."""
    return (Factor("unit", size, base),) if size != 1 else ()


def factors_of(dims: Iterable[Dim]) -> list[Factor]:
    """The factors of all dimensions, in order."""
    return list(chain.from_iterable(dims))


def kinds_of(factors: Iterable[Factor]) -> set[str]:
    """The kinds of some factors."""
    return set(map(_KIND, factors))


def sizes_of(factors: Iterable[Factor]) -> list[int]:
    """The sizes of some factors, in order."""
    return list(map(_SIZE, factors))


def size_of(factors: Iterable[Factor]) -> int:
    """The size of a dimension that has these factors."""
    return prod(map(_SIZE, factors))


def units_of(factors: Iterable[Factor]) -> list[Factor]:
    """The factors that are units."""
    return [factor for factor in factors if factor.kind == "unit"]


def samples_of(factors: Iterable[Factor]) -> list[Factor]:
    """The factors that are the samples."""
    return [factor for factor in factors if factor.kind == "input" and factor.base == "0"]


def has_units(dims: Iterable[Dim]) -> bool:
    """Whether any factor is a unit."""
    return "unit" in kinds_of(chain.from_iterable(dims))


def has_split_units(dims: Iterable[Dim]) -> bool:
    """Whether a layer's outputs were split, so that a factor is only a part of each unit's position."""
    return any(map(attrgetter("path"), units_of(factors_of(dims))))


def with_dim(dims: Dims, position: int, dim: Dim) -> Dims:
    """The labels with another one in a position, which counts from the front."""
    return (*dims[:position], dim, *dims[position + 1 :])


def ordered(dims: Dims, order: Iterable[int]) -> Dims:
    """The labels of the dimensions in another order."""
    return tuple(map(dims.__getitem__, order))


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
    return separator.join(dict.fromkeys(map(_BASE, factors)))


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


def broadcast(several: Iterable[Dims], sizes: Sequence[int]) -> Dims:
    """The labels of a sum or product of tensors, aligned at the last dimension."""
    made: Dims = ((),) * len(sizes)
    for dims in several:
        padded = ((),) * (len(sizes) - len(dims)) + dims
        made = tuple(map(same_rank, made, padded))
    if () in made:
        made = tuple(map(_first_label, made, of_kind("any", sizes)))
    return made


def _first_label(dim: Dim, other: Dim) -> Dim:
    return dim or other


def same_rank(one: Dim, other: Dim) -> Dim:
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


def joined(several: Sequence[Dims], dim: int, sizes: Sequence[int]) -> Dims:
    """The labels of `cat` along `dim`: units where one part has units or features there."""
    parts, without = [], []
    for dims in several:
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


def relabelled(dims: Dims, change: Callable[[Factor], Factor]) -> Dims:
    """Every factor changed by a function."""
    return tuple(tuple(map(change, dim)) for dim in dims)
