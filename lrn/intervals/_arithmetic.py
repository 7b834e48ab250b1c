"""Arithmetic of estimates: linear expressions where that is possible, else intervals rounded outward."""

from __future__ import annotations

import itertools
import math
import operator
from typing import Any, TypeVar

from lrn.intervals._bounded import Bounded
from lrn.intervals._decision import union
from lrn.intervals._rounding import Operation, rounded

__all__ = ["added", "divided", "is_known", "linear_sum", "multiplied"]

_Number = TypeVar("_Number", bound=Bounded)


def is_known(a: Bounded) -> bool:
    """Whether it is a constant."""
    return a._expression is None and not a.quantities and a._ends is not None and a._ends[0] == a._ends[1]


def linear_sum(a: _Number, b: _Number) -> _Number | None:
    """Returns the sum as a linear expression of one source; None where it is not one."""
    first, second = a._expression, b._expression
    if first is not None and second is not None and first.source is second.source:
        return a.of(first.combined(second, 1.0), a._offset + b._offset)
    if first is not None and is_known(b) and math.isfinite(b._point):
        return a.of(first, a._offset + b._point)
    if second is not None and is_known(a) and math.isfinite(a._point):
        return a.of(second, b._offset + a._point)
    return None


def added(a: _Number, b: _Number) -> _Number:
    linear = linear_sum(a, b)
    if linear is not None:
        return linear
    low = rounded(operator.add, a._low, b._low, -math.inf)
    high = rounded(operator.add, a._high, b._high, math.inf)
    # inf - inf: nothing is known.
    low = -math.inf if math.isnan(low) else low
    high = math.inf if math.isnan(high) else high
    return _derived(a._point + b._point, low, high, a, b)


def multiplied(a: _Number, b: _Number) -> _Number:
    for one, other in ((a, b), (b, a)):
        if one._expression is not None and is_known(other) and math.isfinite(other._point):
            return a.of(one._expression.scaled(other._point), one._offset * other._point)
    low, high = _extremes(_product, a, b)
    return _derived(_product(a._point, b._point), low, high, a, b)


def divided(a: _Number, b: _Number) -> _Number:
    if a._expression is not None and is_known(b) and math.isfinite(b._point) and b._point != 0:
        return a.of(a._expression.scaled(1 / b._point), a._offset / b._point)
    point = math.nan if b._point == 0 else a._point / b._point
    if b._low <= 0 <= b._high or (_is_unbounded(a) and _is_unbounded(b)):
        return _derived(point, -math.inf, math.inf, a, b)
    low, high = _extremes(operator.truediv, a, b)
    return _derived(point, low, high, a, b)


def _product(x: Any, y: Any) -> Any:
    """The product, where 0 times infinity is 0."""
    return 0.0 if x == 0 or y == 0 else x * y


def _is_unbounded(a: Bounded) -> bool:
    return math.isinf(a._low) or math.isinf(a._high)


def _extremes(operation: Operation, a: Bounded, b: Bounded) -> tuple[float, float]:
    """Returns the smallest and the largest result of an operation on ends of two intervals, rounded outward."""
    lows, highs = [], []
    for x, y in itertools.product((a._low, a._high), (b._low, b._high)):
        lows.append(rounded(operation, x, y, -math.inf))
        highs.append(rounded(operation, x, y, math.inf))
    return min(lows), max(highs)


def _derived(point: float, low: float, high: float, a: _Number, b: _Number) -> _Number:
    return type(a)(point, low, high, quantities=union((a.quantities, b.quantities)))
