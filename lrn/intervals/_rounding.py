"""Arithmetic of two floats, rounded so that the exact result cannot lie outside; and multiples of powers of ten."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

__all__ = ["Operation", "magnitude", "multiple", "rounded"]

Operation = Callable[[Any, Any], Any]
"""An operation of two numbers, of whichever kind."""


def rounded(operation: Operation, x: float, y: float, toward: float) -> float:
    """Returns the operation on two floats, rounded toward -inf or inf unless it is exact."""
    result: float = operation(x, y)
    if not (math.isfinite(x) and math.isfinite(y)):
        return result
    if not math.isfinite(result):
        return math.nextafter(result, toward)
    exact = operation(Fraction(x), Fraction(y))
    beyond = exact < result if toward < 0 else exact > result
    return math.nextafter(result, toward) if beyond else result


def magnitude(x: float) -> int:
    """Returns the exponent of the largest power of ten up to the size of a number; 0 for 0."""
    return Decimal(x).adjusted()


def multiple(number: int, exponent: int, start: float = 0.0) -> float:
    """Returns ``start + number * 10**exponent``, rounded to the nearest float."""
    try:
        return float(Fraction(start) + number * Fraction(10) ** exponent)
    except OverflowError:
        return math.copysign(math.inf, number)
