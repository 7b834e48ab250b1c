"""A number with an interval that holds the true value, its arithmetic and its comparisons."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from lrn.intervals._checks import check_count, check_number
from lrn.intervals._decision import Decision, Quantity, format_interval, union

__all__ = ["Estimate"]

_Operation = Callable[[Any, Any], Any]


@dataclass(frozen=True, eq=False, repr=False)
class Estimate:
    """A number with an interval that holds the true value.

    ``+ - * /``, unary ``-`` and ``abs`` combine estimates and numbers, and give the interval of everything
    that the result can be, rounded outward. Each operand may lie anywhere in its interval whatever the
    others do, so ``a - a`` is wider than 0, but never wrong. 0 times infinity is 0; inf - inf, and dividing
    by an interval that holds 0, leave everything possible: if the plain rate may be 0, write
    ``late > 10 * plain`` rather than ``late / plain > 10``. Comparisons give a :class:`Decision`.

    Attributes:
        point: the estimate; NaN when there is no observation yet.
        low: lower end; may be ``-inf``.
        high: upper end; may be ``inf``.
        n: observations behind it; 0 for constants and results of arithmetic.
        name: what it is, for people.
        quantities: the measured quantities that it was computed from; () for constants.

    Raises:
        TypeError: if the point or an end is no number.
        ValueError: if low <= high does not hold, or the point lies outside them.
    """

    point: float
    low: float
    high: float
    n: int = 0
    name: str = ""
    quantities: tuple[Quantity, ...] = ()

    # numpy scalars then leave mixed arithmetic and comparisons to this class.
    __array_ufunc__ = None

    def __post_init__(self) -> None:
        for end in ("point", "low", "high"):
            object.__setattr__(self, end, check_number(end, getattr(self, end)))
        if not self.low <= self.high:
            raise ValueError(f"an interval needs low <= high, not [{self.low}, {self.high}]")
        if not (math.isnan(self.point) or self.low <= self.point <= self.high):
            raise ValueError(f"the point {self.point} lies outside its interval [{self.low}, {self.high}]")
        check_count("n", self.n)

    @classmethod
    def measured(cls, key: str, point: float, low: float, high: float, n: int, name: str = "") -> Estimate:
        """Return the estimate of one measured quantity.

        Args:
            key: stable text that identifies what was measured.
            point: the estimate, or NaN; one that only rounding has put outside the ends is moved to the end.
            low: lower end of the interval.
            high: upper end of the interval.
            n: observations behind it.
            name: what it is, for people; the key by default.

        Raises:
            TypeError, ValueError: as for an Estimate; or the key is no text.
        """
        if not isinstance(key, str):
            raise TypeError(f"key must be text, not {key!r}")
        point, low, high = check_number("point", point), check_number("low", low), check_number("high", high)
        nearest = min(max(point, low), high)
        if math.isclose(point, nearest, rel_tol=1e-9, abs_tol=1e-12):
            point = nearest
        quantity = Quantity(key, point, low, high, check_count("n", n))
        return cls(quantity.point, quantity.low, quantity.high, quantity.n, name or key, (quantity,))

    @classmethod
    def constant(cls, value: float) -> Estimate:
        """Return a known number as an estimate without width. Raises ValueError for NaN."""
        if math.isnan(check_number("a constant", value)):
            raise ValueError("NaN cannot be compared or computed with")
        return cls(float(value), float(value), float(value))

    def apply(
        self, f: Callable[[float], float], monotone: Literal["increasing", "decreasing"], name: str = ""
    ) -> Estimate:
        """Return f of the estimate for a function that only rises, or only falls, between low and high.

        Args:
            f: takes and returns one number; it must be defined at both ends.
            monotone: "increasing" or "decreasing" (constant stretches are allowed).
            name: what the result is, for people.

        Raises:
            ValueError: if f is not defined at an end, or contradicts ``monotone`` at low, point and high.
        """
        if monotone not in ("increasing", "decreasing"):
            raise ValueError(f'monotone must be "increasing" or "decreasing", not {monotone!r}')
        ends = (self.low, self.high) if monotone == "increasing" else (self.high, self.low)
        low, high = (_value(f, end, self) for end in ends)
        point = math.nan if math.isnan(self.point) else _value(f, self.point, self)
        if self.low < self.high:
            low, high = _two_ulps(low, -math.inf), _two_ulps(high, math.inf)
        if not (low <= high and (math.isnan(point) or low <= point <= high)):
            raise ValueError(f"the function is not {monotone} over {self}: it gives {low}, {point}, {high}")
        return Estimate(point, low, high, name=name, quantities=self.quantities)

    def __neg__(self) -> Estimate:
        return Estimate(-self.point, -self.high, -self.low, quantities=self.quantities)

    def __pos__(self) -> Estimate:
        return self

    def __abs__(self) -> Estimate:
        size = max(-self.low, self.high)
        least = max(self.low, -self.high, 0.0)
        return Estimate(abs(self.point), least, size, quantities=self.quantities)

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
        return _greater(self, _operand(other), ">") if _is_operand(other) else NotImplemented

    def __lt__(self, other: Estimate | float) -> Decision:
        return _greater(self, _operand(other), "<") if _is_operand(other) else NotImplemented

    def __ge__(self, other: Estimate | float) -> Decision:
        return _greater(self, _operand(other), ">=") if _is_operand(other) else NotImplemented

    def __le__(self, other: Estimate | float) -> Decision:
        return _greater(self, _operand(other), "<=") if _is_operand(other) else NotImplemented

    def __eq__(self, other: object) -> Decision:  # type: ignore[override]
        return _equal(self, _operand(other))

    def __ne__(self, other: object) -> Decision:  # type: ignore[override]
        return ~_equal(self, _operand(other))

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError(f"the truth of {self} is not defined; compare it with a number or another estimate")

    def __str__(self) -> str:
        return format_interval(self.point, self.low, self.high)

    def __repr__(self) -> str:
        details = [f"n={self.n}"] * bool(self.n) + [repr(self.name)] * bool(self.name)
        return f"Estimate({', '.join([str(self), *details])})"


def _is_operand(other: object) -> bool:
    return isinstance(other, (Estimate, numbers.Real)) and not isinstance(other, bool)


def _operand(other: object) -> Estimate:
    """Return other as an Estimate; only numbers and estimates can be one."""
    if isinstance(other, Estimate):
        return other
    if isinstance(other, bool) or not isinstance(other, numbers.Real):
        raise TypeError(f"an estimate can only be compared with a number or an estimate, not {other!r}")
    return Estimate.constant(float(other))


def _rounded(operation: _Operation, x: float, y: float, toward: float) -> float:
    """Return the operation on two floats, rounded toward -inf or inf unless it is exact."""
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


def _sum(a: Estimate, b: Estimate) -> Estimate:
    low = _rounded(operator.add, a.low, b.low, -math.inf)
    high = _rounded(operator.add, a.high, b.high, math.inf)
    # inf - inf: nothing is known.
    low = -math.inf if math.isnan(low) else low
    high = math.inf if math.isnan(high) else high
    return _derived(a.point + b.point, low, high, a, b)


def _product(a: Estimate, b: Estimate) -> Estimate:
    corners = [(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    zero = any(x == 0 or y == 0 for x, y in corners)
    products = [(x, y) for x, y in corners if x != 0 and y != 0]
    lows = [_rounded(operator.mul, x, y, -math.inf) for x, y in products] + [0.0] * zero
    highs = [_rounded(operator.mul, x, y, math.inf) for x, y in products] + [0.0] * zero
    point = 0.0 if 0 in (a.point, b.point) else a.point * b.point
    return _derived(point, min(lows), max(highs), a, b)


def _quotient(a: Estimate, b: Estimate) -> Estimate:
    point = math.nan if b.point == 0 else a.point / b.point
    corners = [(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    if b.low <= 0 <= b.high or any(math.isinf(x) and math.isinf(y) for x, y in corners):
        return _derived(point, -math.inf, math.inf, a, b)
    low = min(_rounded(operator.truediv, x, y, -math.inf) for x, y in corners)
    high = max(_rounded(operator.truediv, x, y, math.inf) for x, y in corners)
    return _derived(point, low, high, a, b)


def _greater(a: Estimate, b: Estimate, sign: str) -> Decision:
    """Decide ``a sign b`` for one of the four orderings."""
    larger, smaller = (a, b) if sign[0] == ">" else (b, a)
    if len(sign) == 2:
        holds, fails = larger.low >= smaller.high, larger.high < smaller.low
    else:
        holds, fails = larger.low > smaller.high, larger.high <= smaller.low
    leaning = larger.point > smaller.point
    return _decision(a, b, sign, holds, fails, leaning)


def _equal(a: Estimate, b: Estimate) -> Decision:
    holds = a.low == a.high == b.low == b.high
    fails = a.high < b.low or b.high < a.low
    return _decision(a, b, "==", holds, fails, leaning=False)


def _decision(a: Estimate, b: Estimate, sign: str, holds: bool, fails: bool, leaning: bool) -> Decision:
    """Return the decision; ``leaning`` is what unequal points say of it."""
    reason = f"{a} {sign} {b}"
    if holds or fails:
        return Decision(holds, reason, leaning=holds)
    quantities = union((a.quantities, b.quantities))
    most = max((quantity.n for quantity in quantities), default=0)
    growth = _growth(a, b) if most else math.inf
    known = a.point < b.point or a.point > b.point
    return Decision(None, reason, quantities, leaning if known else None, growth, growth * max(most, 1))


def _growth(a: Estimate, b: Estimate) -> float:
    """Return by about which factor all n must grow until the intervals part, if the points stay.

    A width shrinks with the root of n, but with n itself if the point is an end of its interval (as for a
    rate without a hit). An infinite end only says that n is too small yet; doubling is the least that helps.
    """
    above, below = (a, b) if a.point > b.point else (b, a)
    gap = above.point - below.point
    facing = [
        (above.point - above.low, above.high == above.point),
        (below.high - below.point, below.low == below.point),
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
