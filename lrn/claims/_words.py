"""Words that papers use, each as a composition of comparisons: equal, vanishes, ranking, trend, reproduces.

A difference of differences needs no word: `(a - b) - (c - d) > 0` is one linear expression, measured seed by seed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from lrn.claims._ratio import Ratio
from lrn.intervals import Decision, Estimate, Expression, every
from lrn.intervals import within as within_margin

__all__ = ["equal", "ranking", "reproduces", "trend", "vanishes"]

_PERCENT_AT_LEAST, _PERCENT_AT_MOST = 50, 200
"""A published mean is in percent, and ours a share, where it is between so many times ours: 100 times, about."""


def equal(a: Estimate | Ratio | float, b: Estimate | Ratio | float, *, within: float) -> Decision:
    """Returns whether two quantities differ by less than a margin: `a < b + within` and `a > b - within`.

    No number of seeds can show that two quantities are equal; that they are within a margin of one another, it can. The
    margin belongs to the claim: it says which differences do not matter. Two shares of the error budget.

    Args:
        a: a measured quantity, or a `Ratio`.
        b: another one, or a number; a ratio is compared with a number only.
        within: the margin, in the units of the quantities.

    Raises:
        TypeError: none of the two is measured.
        ValueError: the margin is not a positive number.

    Example:
        >>> from lrn.claims import equal
        >>> from lrn.intervals import Estimate
        >>> accuracy = Estimate(0.931, 0.928, 0.934)
        >>> equal(accuracy, 0.93, within=0.005).value, equal(accuracy, 0.9, within=0.005).value
        (True, False)
    """
    margin = _number("within", within)
    if not 0 < margin < math.inf:
        raise ValueError(f"within must be a positive number, the margin that does not matter; got {within!r}")
    quantity, other = (a, b) if isinstance(a, (Estimate, Ratio)) else (b, a)
    if isinstance(quantity, Estimate) and not isinstance(other, Ratio):
        difference = quantity - (other if isinstance(other, Estimate) else _number("the other side", other))
        return within_margin(difference, margin)
    if isinstance(quantity, Ratio) and not isinstance(other, (Estimate, Ratio)):
        number = _number("the other side", other)
        return (quantity < number + margin) & (quantity > number - margin)
    raise TypeError(
        f"equal compares a measured quantity with another or a number, and a ratio with a number; got {a!r} and {b!r}"
    )


def vanishes(quantity: Estimate, *, within: float) -> Decision:
    """Returns whether a quantity is 0 within a margin: `equal(quantity, 0, within=within)`.

    Args:
        quantity: a measured quantity, such as the difference of two means at some depth.
        within: the margin below which it counts as nothing.

    Raises:
        TypeError, ValueError: as `equal`.

    Example:
        >>> from lrn.claims import vanishes
        >>> from lrn.intervals import Estimate
        >>> vanishes(Estimate(0.001, -0.004, 0.006), within=0.01).value
        True
    """
    return equal(quantity, 0.0, within=within)


def ranking(quantities: Sequence[Estimate], *, margin: float = 0.0) -> Decision:
    """Returns whether quantities fall in the order given, each above the next: `every(a > b + margin)` of neighbours.

    Args:
        quantities: the largest first.
        margin: by how much each exceeds the next.

    Raises:
        TypeError: one is not a measured quantity.
        ValueError: there are fewer than two, or the margin is not a finite number, at least 0.

    Example:
        >>> from lrn.claims import ranking
        >>> from lrn.intervals import Estimate
        >>> ranking([Estimate(0.9, 0.88, 0.92), Estimate(0.8, 0.78, 0.82), Estimate(0.7, 0.68, 0.72)]).value
        True
    """
    ordered = _quantities("ranking", quantities)
    least = _number("margin", margin)
    if not 0 <= least < math.inf:
        raise ValueError(f"margin must be a finite number, at least 0; got {margin!r}")
    return every([above > below + least for above, below in itertools.pairwise(ordered)])


def trend(quantities: Sequence[Estimate], at: Sequence[float] | None = None) -> Estimate:
    """Returns the slope of the straight line through quantities, by least squares: compare it with a number.

    It is one linear expression, so `trend(...) > 0` takes one share of the error budget and far fewer seeds than "each
    exceeds the one before", which `ranking` asks. It says that quantities grow on the whole.

    Args:
        quantities: in the order of the variable they depend on, such as the depth.
        at: where each lies, such as the depths themselves; 0, 1, 2, … by default.

    Raises:
        TypeError: one is not a measured quantity, or a place is not a number.
        ValueError: there are fewer than two, not one place for each, or not two different places.

    Example:
        >>> from lrn.claims import trend
        >>> from lrn.intervals import Estimate
        >>> rising = trend([Estimate(0.2, 0.1, 0.3), Estimate(0.5, 0.4, 0.6), Estimate(0.8, 0.7, 0.9)], at=[2, 4, 8])
        >>> (rising > 0).value
        True
    """
    values = _quantities("trend", quantities)
    positions = [_number("a place", position) for position in (range(len(values)) if at is None else at)]
    if len(positions) != len(values):
        raise ValueError(f"at must have one place for each quantity; got {len(positions)} for {len(values)}")
    if not all(map(math.isfinite, positions)) or len(set(positions)) < 2:
        raise ValueError(f"at must have at least two different finite places; got {positions}")
    middle = sum(positions) / len(positions)
    scale = sum((position - middle) ** 2 for position in positions)
    slope = values[0] * ((positions[0] - middle) / scale)
    for value, position in zip(values[1:], positions[1:], strict=True):
        slope = slope + value * ((position - middle) / scale)
    _name_slope(slope, values, positions)
    return slope


def reproduces(ours: Estimate, published: str, *, seeds: int, plus_minus: str = "sd") -> Decision:
    """Returns whether a mean lies within what published runs leave open for theirs.

    A published mean of a few runs is random too. It has an interval of its own, Student's, at the level of the suite's
    error budget, for runs that are assumed to be normal (which the verdict says). True: our mean is certainly one that
    the published runs allow. False: it is certainly another one. With five published runs that interval is wide, which
    is what five runs tell. To ask whether the means differ by less than a margin, write
    `equal(ours, measure.published("93.1 ± 0.4", seeds=5), within=0.5)`.

    Args:
        ours: a measured mean.
        published: such as "0.931 ± 0.004", in the units of the metric. Write "93.1 ± 0.4 %" for a metric between 0 and
            1 that was published in percent: with "%" both figures are divided by 100. Rounding is allowed for.
        seeds: of how many runs it is the mean, at least 2.
        plus_minus: the figure behind the "±": "sd", the standard deviation of runs; "se", the standard error of their
            mean; "ci95", half of a 95 % interval of Student's.

    Raises:
        TypeError: ours is not a measured quantity, or published is not text.
        ValueError: published cannot be read, is plainly in other units than ours (percent against a share), or another
            argument is out of range.
    """
    expression = _expression_of(ours)
    measure: Any = None if expression is None else expression.source
    if not hasattr(measure, "published"):
        raise TypeError(f"reproduces compares what was measured, such as measure.mean(...); got {ours!r}")
    theirs = measure.published(published, seeds=seeds, plus_minus=plus_minus)
    _check_units(ours, float(theirs.quantities[0].source.point(theirs.quantities[0].terms)), published)
    low, high = measure.ends(theirs.quantities[0].terms)
    decision = (ours >= low) & (ours <= high)
    return decision.worded(lambda: f"{ours.name} = {ours}, within {low:.4g} and {high:.4g}")


def _check_units(ours: Estimate, published: float, text: str) -> None:
    """Raises ValueError where the published mean is plainly in percent and ours is not."""
    expression = next(quantity for quantity in ours.quantities if isinstance(quantity, Expression))
    quantity: Any
    (quantity, coefficient), *others = expression.terms
    bounds = (0.0, 1.0) if quantity.is_rate else quantity.bounds
    remedy = f'a figure in percent, of a metric between 0 and 1, is written with "%", such as "{text.strip()} %"'
    if bounds and not others and coefficient == 1 and not bounds[0] <= published <= bounds[1]:
        low, high = bounds
        raise ValueError(
            f"published must be in the units of the metric, from {low:g} to {high:g}; got {text!r} ({remedy})"
        )
    measured = expression.source.point(expression.terms)
    if _PERCENT_AT_LEAST * measured <= published <= _PERCENT_AT_MOST * measured and published > 1:
        raise ValueError(
            f"published must be in the units of the metric, whose mean is {measured:.4g}; got {text!r} ({remedy})"
        )


def _name_slope(slope: Estimate, values: Sequence[Estimate], positions: Sequence[float]) -> None:
    """Has a slope called so wherever it is shown, rather than by the coefficients of its terms."""
    expression = _expression_of(slope)
    if expression is not None and hasattr(expression.source, "name"):
        names = list(map(attrgetter("name"), values))
        shared = _common_start(names)
        endings = [name.removeprefix(shared) for name in names]
        where = f"{shared}{(', ' if shared else '; ').join(endings)}"
        expression.source.name(expression.terms, f"slope over {', '.join(map('{:g}'.format, positions))} of {where}")


def _expression_of(measured: object) -> Expression | None:
    """The first expression that a measured quantity rests on; None for anything else."""
    for quantity in measured.quantities if isinstance(measured, Estimate) else ():
        if isinstance(quantity, Expression):
            return quantity
    return None


def _common_start(names: Sequence[str]) -> str:
    """The start that all names share, up to "in": "mean of accuracy in "; "" where they differ before."""
    start, separator, _ = names[0].partition(" in ")
    return start + separator if separator and all(name.startswith(start + separator) for name in names) else ""


def _quantities(word: str, quantities: Sequence[Estimate]) -> list[Estimate]:
    if isinstance(quantities, Estimate):
        raise TypeError(f"{word} takes a list of measured quantities; got one of them")
    values = list(quantities)
    for value in values:
        if not isinstance(value, Estimate):
            raise TypeError(f"{word} takes measured quantities, such as measure.mean(...); got {value!r}")
    if len(values) < 2:
        raise ValueError(f"{word} takes at least two quantities; got {len(values)}")
    return values


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number; got {value!r}")
    return float(value)
