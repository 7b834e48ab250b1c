"""A number with an interval that holds the true value, its arithmetic and its comparisons."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable, Hashable
from typing import Literal

from lrn.intervals._arithmetic import added, divided, multiplied, rounded
from lrn.intervals._checks import check_count, check_number
from lrn.intervals._comparing import equal, ordered
from lrn.intervals._decision import Decision, bare, format_interval
from lrn.intervals._expression import Expression
from lrn.intervals._point import Point

__all__ = ["Estimate"]


class Estimate:
    """A number with an interval that holds the true value.

    Sums, differences and multiples of measured quantities stay linear expressions: they are compared, and their
    interval is measured, directly (:class:`Expression`). All other arithmetic (products, quotients, ``abs``,
    :meth:`apply`, and numbers with an interval of their own) gives the interval of everything that the result can be,
    rounded outward: each operand may lie anywhere in its interval whatever the others do. 0 times infinity is 0;
    inf - inf, and dividing by an interval that holds 0, leave everything possible: if the plain rate may be 0, write
    ``late > 10 * plain`` rather than ``late / plain > 10``. Comparisons give a :class:`Decision`.

    Args:
        point: the estimate; NaN when there is no observation yet.
        low: lower end; may be ``-inf``.
        high: upper end; may be ``inf``.
        n: observations behind it.
        name: its name, for people.
        quantities: what must be observed for it to become narrower; () for constants.

    Raises:
        TypeError: the point or an end is not a number.
        ValueError: low <= high does not hold, or the point lies outside them.
    """

    __slots__ = ("_ends", "_expression", "_given_name", "_given_point", "_n", "_offset", "quantities")

    # numpy scalars then leave mixed arithmetic and comparisons to this class.
    __array_ufunc__ = None

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
    def of(cls, expression: Expression, offset: float = 0.0, name: str = "") -> Estimate:
        """Returns the estimate of a linear expression plus a number; it is measured when it is asked for."""
        if not expression.terms:
            return cls(offset, offset, offset)
        estimate = cls.__new__(cls)
        estimate._given_point, estimate._ends, estimate._n = math.nan, None, 0
        estimate._expression, estimate._offset = expression, offset
        estimate._given_name, estimate.quantities = name, (expression,)
        return estimate

    @classmethod
    def measured(cls, key: str, point: float, low: float, high: float, n: int, name: str = "") -> Estimate:
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
    def constant(cls, value: float) -> Estimate:
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
        """The estimate, to show; NaN when there is no observation yet. To compare, compare the Estimate itself."""
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

    def apply(
        self, f: Callable[[float], float], monotone: Literal["increasing", "decreasing"], name: str = ""
    ) -> Estimate:
        """Returns f of the estimate for a function that only rises, or only falls, between low and high.

        Args:
            f: takes and returns one number; it must be defined at both ends.
            monotone: "increasing" or "decreasing" (constant stretches are allowed).
            name: the result's name, for people.

        Raises:
            ValueError: f is not defined at an end, or contradicts ``monotone`` at low, point and high.
        """
        if monotone not in ("increasing", "decreasing"):
            raise ValueError(f'monotone must be "increasing" or "decreasing"; got {monotone!r}')
        start, end = (self._low, self._high) if monotone == "increasing" else (self._high, self._low)
        low, high = _value(f, start, self), _value(f, end, self)
        point = math.nan if math.isnan(self._point) else _value(f, self._point, self)
        if self._low < self._high:
            low, high = _two_ulps(low, -math.inf), _two_ulps(high, math.inf)
        if not (low <= high and (math.isnan(point) or low <= point <= high)):
            raise ValueError(f"the function is not {monotone} over {self}: it gives {low}, {point}, {high}")
        return Estimate(point, low, high, name=name, quantities=self.quantities)

    def __neg__(self) -> Estimate:
        if self._expression is not None:
            return Estimate.of(self._expression.scaled(-1.0), -self._offset)
        return Estimate(-self._point, -self._high, -self._low, quantities=self.quantities)

    def __pos__(self) -> Estimate:
        return self

    def __abs__(self) -> Estimate:
        size = max(-self._low, self._high)
        least = max(self._low, -self._high, 0.0)
        return Estimate(abs(self._point), least, size, quantities=self.quantities)

    def __add__(self, other: Estimate | float) -> Estimate:
        return added(self, _operand(other)) if _is_operand(other) else NotImplemented

    def __radd__(self, other: float) -> Estimate:
        return added(_operand(other), self) if _is_operand(other) else NotImplemented

    def __sub__(self, other: Estimate | float) -> Estimate:
        return added(self, -_operand(other)) if _is_operand(other) else NotImplemented

    def __rsub__(self, other: float) -> Estimate:
        return added(_operand(other), -self) if _is_operand(other) else NotImplemented

    def __mul__(self, other: Estimate | float) -> Estimate:
        return multiplied(self, _operand(other)) if _is_operand(other) else NotImplemented

    def __rmul__(self, other: float) -> Estimate:
        return multiplied(_operand(other), self) if _is_operand(other) else NotImplemented

    def __truediv__(self, other: Estimate | float) -> Estimate:
        return divided(self, _operand(other)) if _is_operand(other) else NotImplemented

    def __rtruediv__(self, other: float) -> Estimate:
        return divided(_operand(other), self) if _is_operand(other) else NotImplemented

    def __gt__(self, other: Estimate | float) -> Decision:
        return ordered(self, _operand(other), ">") if _is_operand(other) else NotImplemented

    def __lt__(self, other: Estimate | float) -> Decision:
        return ordered(self, _operand(other), "<") if _is_operand(other) else NotImplemented

    def __ge__(self, other: Estimate | float) -> Decision:
        return ordered(self, _operand(other), ">=") if _is_operand(other) else NotImplemented

    def __le__(self, other: Estimate | float) -> Decision:
        return ordered(self, _operand(other), "<=") if _is_operand(other) else NotImplemented

    def __eq__(self, other: object) -> Decision:  # type: ignore[override]
        return equal(self, _operand(other))

    def __ne__(self, other: object) -> Decision:  # type: ignore[override]
        return ~equal(self, _operand(other))

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError(f"the truth of {self} is not defined; compare it with a number or another estimate")

    def __str__(self) -> str:
        return format_interval(self._point, *self._shown())

    def __repr__(self) -> str:
        details = [f"n={self._count}"] * bool(self._count) + [repr(self.name)] * bool(self.name)
        return f"Estimate({', '.join([str(self), *details])})"


def _is_operand(other: object) -> bool:
    return isinstance(other, (Estimate, numbers.Real)) and not isinstance(other, bool)


def _operand(other: object) -> Estimate:
    """Returns other as an Estimate; only numbers and estimates can be one."""
    if isinstance(other, Estimate):
        return other
    if isinstance(other, bool) or not isinstance(other, numbers.Real):
        raise TypeError(f"an estimate can only be compared with a number or an estimate; got {other!r}")
    return Estimate.constant(other if isinstance(other, Point) else float(other))


def _two_ulps(x: float, toward: float) -> float:
    return math.nextafter(math.nextafter(x, toward), toward) if math.isfinite(x) else x


def _value(f: Callable[[float], float], x: float, estimate: Estimate) -> float:
    try:
        result = float(f(x))
    except (ArithmeticError, ValueError) as error:
        raise ValueError(f"the function is not defined at {x}, which {estimate} allows") from error
    if math.isnan(result):
        raise ValueError(f"the function is NaN at {x}, which {estimate} allows")
    return result
