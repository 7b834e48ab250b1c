"""Arithmetic of two floats, rounded so that the exact result cannot lie outside."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

__all__ = ["Operation", "rounded"]

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
