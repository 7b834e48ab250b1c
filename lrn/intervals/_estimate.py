"""A number with an interval that holds the true value, its arithmetic and its comparisons."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from typing import Literal

from lrn.intervals._arithmetic import added, divided, multiplied
from lrn.intervals._bounded import Bounded
from lrn.intervals._comparing import equal, ordered
from lrn.intervals._decision import Decision
from lrn.intervals._point import Point

__all__ = ["Estimate"]


class Estimate(Bounded):
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

    __slots__ = ()

    # numpy scalars then leave mixed arithmetic and comparisons to this class.
    __array_ufunc__ = None

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
