"""The sample of an expression: its kind, and its values from the observations of its terms."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from lrn.claims._assuming import Assumed, shared_assumption
from lrn.claims._leaves import Leaf
from lrn.claims._published import PublishedSample
from lrn.claims._samples import Conditional, Intervals, Mean, Quantile, Sample
from lrn.intervals import Side

__all__ = ["sample_of", "scaled"]


def sample_of(
    leaves: Sequence[Leaf], sides: Sequence[Side], coefficients: Sequence[float], seeds: int, goal: float
) -> Sample:
    """Returns the sample of a linear expression, measured directly where that is possible.

    Args:
        leaves: the terms.
        sides: the observations of each.
        coefficients: by which they are multiplied.
        seeds: how many of them.
        goal: logarithm of the stake that decides.
    """
    if len(leaves) == 1:
        return _single(leaves[0], sides[0], coefficients[0], seeds, goal)
    multiples = list(map(scaled, sides, coefficients))
    assumption = shared_assumption(list(map(attrgetter("quantity"), leaves)), coefficients)
    if assumption is not None and not any(leaf.conditional or leaf.published for leaf in leaves):
        return Assumed(_added(multiples).values, assumption, seeds, goal)
    parts = _parts(leaves, multiples) if all(map(attrgetter("is_bounded"), leaves)) else []
    if len(parts) == 1:
        return Mean(parts[0].values, parts[0].low, parts[0].high, seeds, goal)
    if len(parts) == 2:
        return Conditional(parts[0], parts[1].mirrored(), seeds, goal)
    singles = [_single(leaf, side, 1.0, seeds, goal) for leaf, side in zip(leaves, sides, strict=True)]
    return Intervals(singles, coefficients, seeds, goal)


def _single(leaf: Leaf, side: Side, coefficient: float, seeds: int, goal: float) -> Sample:
    if leaf.is_quantile:
        assert leaf.quantity.q is not None
        quantile = Quantile(side.values[side.counts], leaf.quantity.q, seeds, goal)
        return quantile if coefficient == 1 else Intervals([quantile], [coefficient], seeds, goal)
    if leaf.published is not None:
        published = PublishedSample(leaf.published, goal)
        return published if coefficient == 1 else Intervals([published], [coefficient], seeds, goal)
    part = scaled(side, coefficient)
    assumption = shared_assumption([leaf.quantity], [coefficient])
    if assumption is not None:
        return Assumed(part.values[part.counts], assumption, seeds, goal)
    return Mean(part.values[part.counts], part.low, part.high, seeds, goal)


def scaled(side: Side, coefficient: float) -> Side:
    """Returns a side whose values are multiplied."""
    if coefficient == 1:
        return side
    low, high = sorted((coefficient * side.low, coefficient * side.high))
    return Side(coefficient * side.values, side.counts, low, high)


def _parts(leaves: Sequence[Leaf], sides: Sequence[Side]) -> list[Side]:
    """The terms of an expression: each one that has a condition, and the sum of all that have none."""
    conditional, everywhere = [], []
    for side, leaf in zip(sides, leaves, strict=True):
        if leaf.conditional:
            conditional.append(side)
        else:
            everywhere.append(side)
    return [*conditional, _added(everywhere)] if everywhere else conditional


def _added(sides: Sequence[Side]) -> Side:
    """The sum of sides for which every seed counts."""
    # Term by term, as the bounds are added: a value whose terms are all at their bounds is then exactly at the bound.
    values = sum(map(attrgetter("values"), sides[1:]), sides[0].values)
    low, high = sum(map(attrgetter("low"), sides)), sum(map(attrgetter("high"), sides))
    return Side(values, sides[0].counts, low, high)
