"""Linear expressions of measured quantities: a comparison is measured directly, one value per seed.

`A > B + 0.2` asks for the interval of A - B. Where both are measured on the same seeds, their common part cancels, and
one interval for the difference is narrower than the difference of two. So sums, differences and multiples keep their
terms, and whoever measures them (a `Source`) is asked once, for the whole expression.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Evidence", "Expression", "Source", "Terms"]

_ROUNDING = 1e-12  # more than the rounding of thousands of sums and products
_SMALLEST = 1e-300

Terms = tuple[tuple[Hashable, float], ...]
"""Measured quantities and their coefficients, none of them 0, in order of first appearance."""


@dataclass(frozen=True)
class Evidence:
    """The evidence about an expression and a threshold.

    Attributes:
        above: whether the expression is certainly larger than the threshold.
        at_least: whether it is certainly not smaller.
        at_most: whether it is certainly not larger.
        below: whether it is certainly smaller.
        leaning: whether the estimate lies above; None if it lies at the threshold, or there is none.
        growth: about how many times as many seeds would decide it; `inf` if none can be said to.
        needed: the same as a number of seeds.
    """

    above: bool
    at_least: bool
    at_most: bool
    below: bool
    leaning: bool | None
    growth: float
    needed: float


class Source(Protocol):
    """Measures expressions of its own quantities."""

    def point(self, terms: Terms) -> float:
        """Returns the estimate of an expression; NaN without any observation."""
        ...

    def observations(self, terms: Terms) -> int:
        """Returns how many observations are behind an expression."""
        ...

    def ends(self, terms: Terms) -> tuple[float, float]:
        """Returns the interval of an expression, to compute with: both of its ends count in the error budget."""
        ...

    def shown(self, terms: Terms) -> tuple[float, float]:
        """Returns the same interval, to show it: that costs nothing."""
        ...

    def compare(self, terms: Terms, threshold: float, inclusive: bool) -> Evidence:
        """Returns on which side of a threshold an expression lies: one end of its interval counts in the error budget.

        Args:
            terms: the expression.
            threshold: the number it is compared with.
            inclusive: whether the question is if it is at least the threshold, rather than more. Asking both can err
                at either end.
        """
        ...

    def label(self, terms: Terms) -> str:
        """Returns the name of an expression, for people."""
        ...


@dataclass(frozen=True)
class Expression:
    """A linear combination of the quantities of one source: what to observe more of when a comparison is undecided."""

    source: Source = field(compare=False, repr=False)
    terms: Terms

    def combined(self, other: Expression, sign: float) -> Expression:
        """Returns this one plus `sign` times the other one, without terms that cancel."""
        added = ((quantity, sign * coefficient) for quantity, coefficient in other.terms)
        return Expression(self.source, _collected([*self.terms, *added]))

    def scaled(self, factor: float) -> Expression:
        """Returns `factor` times this one. Raises ValueError where a coefficient becomes too large or too small."""
        scaled = []
        for quantity, coefficient in self.terms:
            product = factor * coefficient
            if factor != 0 and not _SMALLEST <= abs(product) < math.inf:
                raise ValueError(f"a coefficient of {self} must be a number that floats can hold; got {product!r}")
            scaled.append((quantity, product))
        return Expression(self.source, _collected(scaled))

    def __str__(self) -> str:
        return self.source.label(self.terms)


def _collected(terms: Iterable[tuple[Hashable, float]]) -> Terms:
    """The terms, each quantity once.

    Raises:
        ValueError: terms cancel except for a rounding error, such as those of `a / 49 * 49 - a`. A comparison would
            then compare that error.
    """
    sums: dict[Hashable, float] = {}
    for quantity, coefficient in terms:
        before = sums.get(quantity, 0.0)
        sums[quantity] = before + coefficient
        if 0 < abs(sums[quantity]) <= _ROUNDING * max(abs(before), abs(coefficient)):
            raise ValueError(
                f"terms must not cancel except for a rounding error; got {before!r} and {coefficient!r} times the same"
            )
    return tuple((quantity, coefficient) for quantity, coefficient in sums.items() if coefficient != 0)
