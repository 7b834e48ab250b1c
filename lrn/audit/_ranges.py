"""Printed numbers as ranges of doubles, for checks whose arithmetic is not exact."""

from __future__ import annotations

from collections.abc import Iterable

from lrn.audit._numbers import Printed
from lrn.audit._rounding import extent, read_rounding

__all__ = ["Ends", "ends_of", "meet", "short"]

Ends = tuple[float, float]


def ends_of(number: Printed, rounding: str | Iterable[str]) -> Ends:
    """Return the least and the largest number that may print as `number`."""
    low, high = extent(number, read_rounding(rounding))
    return float(low), float(high)


def meet(one: Ends, other: Ends) -> bool:
    """Say whether two ranges have a number in common."""
    slack = 1e-9 * max(map(abs, (*one, *other)))  # of the doubles that these ranges are computed in
    return one[0] <= other[1] + slack and other[0] <= one[1] + slack


def short(number: float) -> str:
    """Return a number as text, with few digits."""
    return f"{number:.4g}" if abs(number) >= 1 else f"{number:.2g}"
