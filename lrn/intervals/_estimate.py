"""A number with an interval that holds the true value, its arithmetic and its comparisons."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable, Hashable
from fractions import Fraction
from typing import Any, Literal

from lrn.intervals._checks import check_count, check_number
from lrn.intervals._decision import Decision, bare, format_interval, leaning_of, truth_of, union
from lrn.intervals._expression import Expression
from lrn.intervals._point import Point

__all__ = ["Estimate"]

_Operation = Callable[[Any, Any], Any]


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
        name: what it is, for people.
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
            key: stable text that identifies what was measured.
            point: the estimate, or NaN; one that only rounding has put outside the ends is moved to the end.
            low: lower end of the interval.
            high: upper end of the interval.
            n: observations behind it.
            name: what it is, for people; the key by default.

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
        """What it is, for people."""
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
        low = _rounded(operator.add, ends[0], self._offset, -math.inf)
        high = _rounded(operator.add, ends[1], self._offset, math.inf)
        point = self._point
        return (low, high) if math.isnan(point) else (min(low, point), max(high, point))

    def apply(
        self, f: Callable[[float], float], monotone: Literal["increasing", "decreasing"], name: str = ""
    ) -> Estimate:
        """Returns f of the estimate for a function that only rises, or only falls, between low and high.

        Args:
            f: takes and returns one number; it must be defined at both ends.
            monotone: "increasing" or "decreasing" (constant stretches are allowed).
            name: what the result is, for people.

        Raises:
            ValueError: f is not defined at an end, or contradicts ``monotone`` at low, point and high.
        """
        if monotone not in ("increasing", "decreasing"):
            raise ValueError(f'monotone must be "increasing" or "decreasing"; got {monotone!r}')
        ends = (self._low, self._high) if monotone == "increasing" else (self._high, self._low)
        low, high = (_value(f, end, self) for end in ends)
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
        return _sum(self, _operand(other)) if _is_operand(other) else NotImplemented

    def __radd__(self, other: float) -> Estimate:
        return _sum(_operand(other), self) if _is_operand(other) else NotImplemented

    def __sub__(self, other: Estimate | float) -> Estimate:
        return _sum(self, -_operand(other)) if _is_operand(other) else NotImplemented

    def __rsub__(self, other: float) -> Estimate:
        return _sum(_operand(other), -self) if _is_operand(other) else NotImplemented

    def __mul__(self, other: Estimate | float) -> Estimate:
        return _product(self, _operand(other)) if _is_operand(other) else NotImplemented

    def __rmul__(self, other: float) -> Estimate:
        return _product(_operand(other), self) if _is_operand(other) else NotImplemented

    def __truediv__(self, other: Estimate | float) -> Estimate:
        return _quotient(self, _operand(other)) if _is_operand(other) else NotImplemented

    def __rtruediv__(self, other: float) -> Estimate:
        return _quotient(_operand(other), self) if _is_operand(other) else NotImplemented

    def __gt__(self, other: Estimate | float) -> Decision:
        return _ordered(self, _operand(other), ">") if _is_operand(other) else NotImplemented

    def __lt__(self, other: Estimate | float) -> Decision:
        return _ordered(self, _operand(other), "<") if _is_operand(other) else NotImplemented

    def __ge__(self, other: Estimate | float) -> Decision:
        return _ordered(self, _operand(other), ">=") if _is_operand(other) else NotImplemented

    def __le__(self, other: Estimate | float) -> Decision:
        return _ordered(self, _operand(other), "<=") if _is_operand(other) else NotImplemented

    def __eq__(self, other: object) -> Decision:  # type: ignore[override]
        return _equal(self, _operand(other))

    def __ne__(self, other: object) -> Decision:  # type: ignore[override]
        return ~_equal(self, _operand(other))

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


def _known(a: Estimate) -> bool:
    """Whether it is a constant."""
    return a._expression is None and not a.quantities and a._ends is not None and a._ends[0] == a._ends[1]


def _rounded(operation: _Operation, x: float, y: float, toward: float) -> float:
    """Returns the operation on two floats, rounded toward -inf or inf unless it is exact."""
    result: float = operation(x, y)
    if not (math.isfinite(x) and math.isfinite(y)):
        return result
    if not math.isfinite(result):
        return math.nextafter(result, toward)
    exact = operation(Fraction(x), Fraction(y))
    beyond = exact < result if toward < 0 else exact > result
    return math.nextafter(result, toward) if beyond else result


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


def _derived(point: float, low: float, high: float, a: Estimate, b: Estimate) -> Estimate:
    return Estimate(point, low, high, quantities=union((a.quantities, b.quantities)))


def _linear_sum(a: Estimate, b: Estimate) -> Estimate | None:
    """Returns the sum as a linear expression of one source; None where it is not one."""
    first, second = a._expression, b._expression
    if first is not None and second is not None and first.source is second.source:
        return Estimate.of(first.combined(second, 1.0), a._offset + b._offset)
    if first is not None and _known(b) and math.isfinite(b._point):
        return Estimate.of(first, a._offset + b._point)
    if second is not None and _known(a) and math.isfinite(a._point):
        return Estimate.of(second, b._offset + a._point)
    return None


def _sum(a: Estimate, b: Estimate) -> Estimate:
    linear = _linear_sum(a, b)
    if linear is not None:
        return linear
    low = _rounded(operator.add, a._low, b._low, -math.inf)
    high = _rounded(operator.add, a._high, b._high, math.inf)
    # inf - inf: nothing is known.
    low = -math.inf if math.isnan(low) else low
    high = math.inf if math.isnan(high) else high
    return _derived(a._point + b._point, low, high, a, b)


def _product(a: Estimate, b: Estimate) -> Estimate:
    for one, other in ((a, b), (b, a)):
        if one._expression is not None and _known(other) and math.isfinite(other._point):
            return Estimate.of(one._expression.scaled(other._point), one._offset * other._point)
    corners = [(x, y) for x in (a._low, a._high) for y in (b._low, b._high)]
    zero = any(x == 0 or y == 0 for x, y in corners)
    products = [(x, y) for x, y in corners if x != 0 and y != 0]
    lows = [_rounded(operator.mul, x, y, -math.inf) for x, y in products] + [0.0] * zero
    highs = [_rounded(operator.mul, x, y, math.inf) for x, y in products] + [0.0] * zero
    point = 0.0 if 0 in (a._point, b._point) else a._point * b._point
    return _derived(point, min(lows), max(highs), a, b)


def _quotient(a: Estimate, b: Estimate) -> Estimate:
    if a._expression is not None and _known(b) and math.isfinite(b._point) and b._point != 0:
        return Estimate.of(a._expression.scaled(1 / b._point), a._offset / b._point)
    point = math.nan if b._point == 0 else a._point / b._point
    corners = [(x, y) for x in (a._low, a._high) for y in (b._low, b._high)]
    if b._low <= 0 <= b._high or any(math.isinf(x) and math.isinf(y) for x, y in corners):
        return _derived(point, -math.inf, math.inf, a, b)
    low = min(_rounded(operator.truediv, x, y, -math.inf) for x, y in corners)
    high = max(_rounded(operator.truediv, x, y, math.inf) for x, y in corners)
    return _derived(point, low, high, a, b)


def _ordered(a: Estimate, b: Estimate, sign: str) -> Decision:
    """Decides ``a sign b`` for one of the four orderings."""
    difference = _linear_sum(a, -b) if not (_known(a) and _known(b)) else None
    if difference is not None:
        if difference._expression is not None:
            return _measured_order(difference, sign)
        a, b = difference, Estimate.constant(0.0)  # what was measured cancels
    larger, smaller = (a, b) if sign[0] == ">" else (b, a)
    if len(sign) == 2:
        holds, fails = larger._low >= smaller._high, larger._high < smaller._low
    else:
        holds, fails = larger._low > smaller._high, larger._high <= smaller._low
    return _decision(a, b, sign, holds, fails, larger._point > smaller._point)


def _measured_order(difference: Estimate, sign: str) -> Decision:
    """Decides whether a linear expression lies above, or below, a number."""
    expression = difference._expression
    assert expression is not None
    threshold = 0.0 - difference._offset
    if len(expression.terms) == 1:  # compare the quantity itself, not a multiple of it
        ((quantity, coefficient),) = expression.terms
        expression = type(expression)(expression.source, ((quantity, 1.0),))
        threshold /= coefficient
        sign = sign if coefficient > 0 else sign.translate(str.maketrans("<>", "><"))
    evidence = expression.source.compare(expression.terms, threshold, inclusive=sign in (">=", "<"))
    above = sign[0] == ">"
    holds, fails = {
        ">": (evidence.above, evidence.at_most),
        ">=": (evidence.at_least, evidence.below),
        "<": (evidence.below, evidence.at_least),
        "<=": (evidence.at_most, evidence.above),
    }[sign]
    known = Estimate.of(expression)

    def text() -> str:
        return f"{expression} = {known} {sign} {threshold:.4g}"

    if holds or fails:
        return Decision(holds, text, leaning=holds, measured=True)
    leaning = None if evidence.leaning is None else evidence.leaning is above
    return Decision(None, text, (expression,), leaning, evidence.growth, evidence.needed, measured=True)


def _equal(a: Estimate, b: Estimate) -> Decision:
    difference = _linear_sum(a, -b)
    if difference is not None:
        if difference._expression is not None:
            return _measured_equality(difference)
        a, b = difference, Estimate.constant(0.0)  # what was measured cancels
    holds = a._low == a._high == b._low == b._high
    fails = a._high < b._low or b._high < a._low
    return _decision(a, b, "==", holds, fails, leaning=False)


def _measured_equality(difference: Estimate) -> Decision:
    """Decides whether a linear expression has a certain value: only its being another one can be shown."""
    apart = _measured_order(difference, ">"), _measured_order(difference, "<")
    settled = [part for part in apart if truth_of(part) is True]

    def text() -> str:
        return (settled or apart)[0].reason.replace(" > ", " == ").replace(" < ", " == ")

    if settled:
        return Decision(False, text, leaning=False, measured=True)
    leaning = None if leaning_of(apart[0]) is None else False
    return Decision(None, text, apart[0].undecided, leaning, apart[0].growth, apart[0].needed, measured=True)


def _decision(a: Estimate, b: Estimate, sign: str, holds: bool, fails: bool, leaning: bool) -> Decision:
    """Returns the decision; ``leaning`` is what unequal points say of it."""
    quantities = union((a.quantities, b.quantities))

    def text() -> str:
        return f"{a} {sign} {b}"

    if holds or fails:
        return Decision(holds, text, leaning=holds, measured=bool(quantities))
    most = max((_observations(quantity) for quantity in quantities), default=0) or max(a._count, b._count)
    growth = _growth(a, b) if quantities else math.inf
    known = a._point < b._point or a._point > b._point
    return Decision(
        None, text, quantities, leaning if known else None, growth, growth * max(most, 1), measured=bool(quantities)
    )


def _observations(quantity: Hashable) -> int:
    return quantity.source.observations(quantity.terms) if isinstance(quantity, Expression) else 0


def _growth(a: Estimate, b: Estimate) -> float:
    """Returns by about which factor all n must grow until the intervals part, if the points stay.

    A width shrinks with the root of n, but with n itself if the point is an end of its interval (as for a
    rate without a hit). An infinite end only says that n is too small yet; doubling is the least that helps.
    """
    above, below = (a, b) if a._point > b._point else (b, a)
    gap = above._point - below._point
    facing = [
        (above._point - above._low, above._high == above._point),
        (below._high - below._point, below._low == below._point),
    ]
    slow = sum(width for width, one_sided in facing if not one_sided)
    fast = sum(width for width, one_sided in facing if one_sided)
    if not gap > 0:
        return math.inf
    if not math.isfinite(slow + fast):
        return 2.0
    # The positive root of gap x^2 = slow x + fast, where x is the root of the growth.
    root = (slow + math.sqrt(slow * slow + 4 * fast * gap)) / (2 * gap)
    return max(root * root, 1.0)
