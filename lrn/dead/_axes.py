"""Which axes of an activation are its units, and where a mask lies over them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from torch import Tensor

from lrn.dead._factors import (
    Dims,
    Factor,
    factors_of,
    has_split_units,
    is_dimension,
    kinds_of,
    samples_of,
    units_of,
)

__all__ = ["Uncountable", "chosen_factors", "laid_out", "unit_factors"]


class Uncountable(Exception):
    """Which dimensions hold the units cannot be known; the message says why."""


def unit_factors(dims: Dims, raw: bool) -> list[int]:
    """Which of the factors, counted through all dimensions, are units, in the order of the layer's outputs.

    Args:
        dims: the labels of the activation.
        raw: whether no layer came before, so that the data's own dimensions may be features.

    Raises:
        Uncountable: it cannot be known.
    """
    flat = factors_of(dims)
    kinds = kinds_of(flat)
    if "unit" in kinds:
        if kinds & {"unknown", "slot"} and has_split_units(dims):
            raise Uncountable("its units lie in several dimensions, one of which cannot be followed")
        units = [i for i, factor in enumerate(flat) if factor.kind == "unit"]
        bases = list(map(attrgetter("base"), flat))
        return sorted(units, key=lambda i: (bases.index(flat[i].base), flat[i].path))
    if "slot" in kinds:
        raise Uncountable("its values are ranked, so that no place belongs to one unit")
    if "unknown" in kinds:
        raise Uncountable("it cannot be known which dimension holds the units")
    return [i for i, factor in enumerate(flat) if factor.kind == "input" and factor.base != "0"] if raw else []


def chosen_factors(name: str, dims: Dims, unit_dims: Sequence[int]) -> list[int]:
    """Which of the factors lie in the dimensions that the user says hold the units.

    Raises:
        ValueError: there is no such dimension in the output of the activation `name`.
    """
    chosen = set()
    for d in unit_dims:
        if not -len(dims) <= d < len(dims):
            raise ValueError(f"the output of {name} has {len(dims)} dimensions; there is no dimension {d}")
        chosen.add(d % len(dims))
    indices: list[int] = []
    start = 0
    for d, dim in enumerate(dims):
        if d in chosen:
            indices += range(start, start + len(dim))
        start += len(dim)
    return indices


def laid_out(mask: Tensor, flat: Sequence[Factor]) -> Tensor:
    """A mask over dimensions of the data, (N, T), as it lies over the factors of an activation.

    Raises:
        Uncountable: a dimension of the mask has been lost on the way.
    """
    mask = _reduced(mask, flat)
    shape = [1] * len(flat)
    order: list[int] = []
    for d, size in enumerate(mask.shape):
        if size == 1:
            continue
        at = [i for i, factor in enumerate(flat) if is_dimension(factor, d) and not factor.path]
        if len(at) != 1 or flat[at[0]].size != size:
            raise Uncountable(f"dimension {d} of the mask cannot be followed to it")
        shape[at[0]] = size
        order.append(at[0])
    return mask.squeeze().permute(list(map(order.index, sorted(order)))).reshape(shape)


def _reduced(mask: Tensor, flat: Sequence[Factor]) -> Tensor:
    """The mask without its positions where an activation has none left, as behind pooling over them."""
    has_positions = len(units_of(flat)) + len(samples_of(flat)) < len(flat)
    return mask if has_positions or mask.ndim < 2 else mask.flatten(1).any(1)
