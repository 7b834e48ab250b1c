"""The labels of a tensor's dimensions, which say where the units of a layer are.

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
from dataclasses import dataclass
from itertools import chain
from math import prod
from operator import attrgetter

__all__ = [
    "Dim",
    "Dims",
    "Factor",
    "dimension",
    "factors_of",
    "fresh_units",
    "has_split_units",
    "has_units",
    "input_dims",
    "is_dimension",
    "kinds_of",
    "of_kind",
    "ordered",
    "relabelled",
    "samples_of",
    "size_of",
    "sizes_of",
    "units_of",
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

_KIND, _SIZE = attrgetter("kind"), attrgetter("size")


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
    return [factor for factor in factors if is_dimension(factor, 0)]


def is_dimension(factor: Factor, number: int) -> bool:
    """Whether a factor is of this dimension of the first input; 0 are the samples of all inputs."""
    return factor.kind == "input" and factor.base == str(number)


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


def relabelled(dims: Dims, change: Callable[[Factor], Factor]) -> Dims:
    """Every factor changed by a function."""
    return tuple(tuple(map(change, dim)) for dim in dims)
