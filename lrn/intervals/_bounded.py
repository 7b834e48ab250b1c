"""A number with an interval that holds the true value: what an estimate consists of."""

from __future__ import annotations

import math
import operator
from collections.abc import Hashable
from typing import Self

from lrn.intervals._checks import check_count, check_number
from lrn.intervals._decision import format_interval
from lrn.intervals._expression import Expression
from lrn.intervals._noting import bare
from lrn.intervals._point import Point
from lrn.intervals._rounding import rounded

__all__ = ["Bounded"]


class Bounded:
    """The point, the ends and the origin of an estimate; :class:`Estimate` adds the operators."""

    __slots__ = ("_ends", "_expression", "_given_name", "_given_point", "_n", "_offset", "quantities")

    def __init__(
        self,
        point: float,
        low: float,
        high: float,
        n: int = 0,
        name: str = "",
        quantities: tuple[Hashable, ...] = (),
    ) -> None:
        point, low, high = check_number("point", point), check_number("low", low), check_number("high", high)
        if not low <= high:
            raise ValueError(f"an interval needs low <= high; got [{low}, {high}]")
        if not (math.isnan(point) or low <= point <= high):
            raise ValueError(f"the point must lie in its interval [{low}, {high}]; got {point}")
        self._given_point = point
        self._ends: tuple[float, float] | None = (low, high)
        self._n, self._given_name, self.quantities = check_count("n", n), name, quantities
        self._expression: Expression | None = None
        self._offset = 0.0

    @classmethod
    def of(cls, expression: Expression, offset: float = 0.0, name: str = "") -> Self:
        """Returns the estimate of a linear expression plus a number; it is measured when it is asked for."""
        if not expression.terms:
            return cls(offset, offset, offset)
        estimate = cls.__new__(cls)
        estimate._given_point, estimate._ends, estimate._n = math.nan, None, 0
        estimate._expression, estimate._offset = expression, offset
        estimate._given_name, estimate.quantities = name, (expression,)
        return estimate

    @classmethod
    def measured(cls, key: str, point: float, low: float, high: float, n: int, name: str = "") -> Self:
        """Returns the estimate of one measured quantity whose interval is known.

        Args:
            key: stable text that identifies the quantity.
            point: the estimate, or NaN; one that only rounding has put outside the ends is moved to the end.
            low: lower end of the interval.
            high: upper end of the interval.
            n: observations behind it.
            name: its name, for people; the key by default.

        Raises:
            TypeError, ValueError: as for an Estimate; or the key is not text.
        """
        if not isinstance(key, str):
            raise TypeError(f"key must be text; got {key!r}")
        point, low, high = check_number("point", point), check_number("low", low), check_number("high", high)
        nearest = min(max(point, low), high)
        if math.isclose(point, nearest, rel_tol=1e-9, abs_tol=1e-12):
            point = nearest
        return cls(point, low, high, n, name or key, (key,))

    @classmethod
    def constant(cls, value: float) -> Self:
        """Returns a known number as an estimate without width. Raises ValueError for NaN, TypeError for an estimate."""
        if isinstance(value, Point):
            raise TypeError(f"a constant must be a known number, not the point of an estimate; got {float(value)}")
        if math.isnan(check_number("a constant", value)):
            raise ValueError("a constant must be a number that can be compared and computed with; got NaN")
        return cls(float(value), float(value), float(value))

    @property
    def _point(self) -> float:
        if self._expression is None:
            return self._given_point
        return self._expression.source.point(self._expression.terms) + self._offset

    @property
    def n(self) -> int:
        """Observations behind it; 0 for constants and results of arithmetic."""
        return max(int(bare(self._count)), 0)

    @property
    def _count(self) -> int:
        return self._n if self._expression is None else self._expression.source.observations(self._expression.terms)

    @property
    def name(self) -> str:
        """Its name, for people."""
        return self._given_name or ("" if self._expression is None else str(self._expression))

    @property
    def point(self) -> float:
        """The measured value, for display; NaN before the first observation. Comparisons need the Estimate itself."""
        return Point(bare(self._point))

    @property
    def low(self) -> float:
        """Lower end of the interval, to show."""
        return Point(bare(self._shown()[0]))

    @property
    def high(self) -> float:
        """Upper end of the interval, to show."""
        return Point(bare(self._shown()[1]))

    @property
    def _low(self) -> float:
        return self._interval()[0]

    @property
    def _high(self) -> float:
        return self._interval()[1]

    def _interval(self) -> tuple[float, float]:
        if self._expression is not None:
            return self._moved(self._expression.source.ends(self._expression.terms))
        assert self._ends is not None
        return self._ends

    def _shown(self) -> tuple[float, float]:
        """Returns the interval for people, which asks nothing of the error budget."""
        if self._expression is None:
            return self._interval()
        return self._moved(self._expression.source.shown(self._expression.terms))

    def _moved(self, ends: tuple[float, float]) -> tuple[float, float]:
        """Returns the ends of the expression, moved by the offset; rounding must not leave the point outside."""
        low = rounded(operator.add, ends[0], self._offset, -math.inf)
        high = rounded(operator.add, ends[1], self._offset, math.inf)
        point = self._point
        return (low, high) if math.isnan(point) else (min(low, point), max(high, point))

    def __neg__(self) -> Self:
        if self._expression is not None:
            return self.of(self._expression.scaled(-1.0), -self._offset)
        return type(self)(-self._point, -self._high, -self._low, quantities=self.quantities)

    def __str__(self) -> str:
        return format_interval(bare(self._point), *map(bare, self._shown()))

    def __repr__(self) -> str:
        details = [f"n={self._count}"] * bool(self._count) + [repr(self.name)] * bool(self.name)
        return f"{type(self).__name__}({', '.join([str(self), *details])})"
