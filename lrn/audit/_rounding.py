"""How a number may have been rounded before it was printed, as exact intervals.

A table seldom says how it was rounded, and people and programs differ at ties: 107 / 40 = 2.675 is "2.68" by hand,
and "2.67" in Python, C and R, because the double nearest to 2.675 lies below it. So the default, "lenient", takes
a tie either way, and forgives what single precision (float32) loses. Whoever knows how a table was made can say so:

| name | rounds |
|---|---|
| lenient | to the nearest, ties either way; all of the next five at once |
| half_up | to the nearest, ties away from zero (by hand, Excel, SPSS, `decimal.ROUND_HALF_UP`) |
| half_even | to the nearest, ties to the even digit (`decimal.ROUND_HALF_EVEN`) |
| half_down | to the nearest, ties towards zero |
| binary | as doubles do: `format`, C's printf, R's round, `numpy.round` |
| float32 | to the nearest, computed in single precision |
| truncate | towards zero: digits are cut off |
| down, up | to the next smaller number, to the next larger one (floor, ceiling) |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import floor
from operator import attrgetter
from typing import Literal, get_args

import numpy as np

from lrn.audit._numbers import Printed

__all__ = [
    "CONVENTIONS",
    "Convention",
    "Rounding",
    "Span",
    "extent",
    "in_words",
    "prints_as",
    "read_rounding",
    "span",
    "written",
]

Convention = Literal["half_up", "half_even", "half_down", "binary", "float32", "truncate", "down", "up"]
Rounding = Literal["lenient"] | Convention
CONVENTIONS: tuple[Convention, ...] = get_args(Convention)
NEAREST: tuple[Convention, ...] = ("half_up", "half_even", "half_down", "binary", "float32")
_WORDS = {"binary": "in binary", "float32": "in float32", "truncate": "by truncation"}
_ALIASES = {"truncation": "truncate", "trunc": "truncate", "floor": "down", "ceiling": "up", "double": "binary"}
_SINGLE = Fraction(1, 2**22)  # relative error of a sum and a quotient or two in float32


@dataclass(frozen=True)
class Span:
    """The numbers from low to high, exactly, ends included or not, without the hole if a double holds it exactly."""

    low: Fraction
    high: Fraction
    low_in: bool = True
    high_in: bool = True
    hole: Fraction | None = None

    def __contains__(self, number: Fraction) -> bool:
        if number == self.hole and _is_dyadic(number):
            return False
        above = number > self.low or (self.low_in and number == self.low)
        return above and (number < self.high or (self.high_in and number == self.high))

    def meets(self, low: float | Fraction, high: float | Fraction) -> bool:
        """Say whether some number of [low, high] lies in the span, its ends included."""
        return low <= self.high and high >= self.low

    def holds_root(self, square: Fraction) -> bool:
        """Say whether the square root of `square` lies in the span, without computing it."""
        if self.hole is not None and square == self.hole**2 and _is_dyadic(self.hole):
            return False
        above = self.low < 0 or square > self.low**2 or (self.low_in and square == self.low**2)
        below = self.high >= 0 and (square < self.high**2 or (self.high_in and square == self.high**2))
        return above and below


def read_rounding(rounding: str | Iterable[str]) -> tuple[Rounding, ...]:
    """Return the names of ways to round, one or several.

    Raises:
        TypeError: if it is not a name, or names.
        ValueError: if a name is unknown.
    """
    names = (rounding,) if isinstance(rounding, str) else rounding
    if not isinstance(names, Iterable):
        raise TypeError(f"rounding must be a name, or several; got {rounding!r}")
    return tuple(map(_named, names)) or _refuse(rounding)


def _named(name: object) -> Rounding:
    known: tuple[Rounding, ...] = ("lenient", *CONVENTIONS)
    plain = str(name).strip().lower().replace(" ", "_").replace("-", "_")
    plain = _ALIASES.get(plain, plain.replace("round_half", "half"))  # as the decimal module has it
    for convention in known:
        if plain == convention:
            return convention
    return _refuse(name)[0]


def _refuse(rounding: object) -> tuple[Rounding, ...]:
    raise ValueError(f"rounding must be lenient, {', '.join(CONVENTIONS)}, or several of them; got {rounding!r}")


@lru_cache(maxsize=4096)  # tables repeat themselves
def span(number: Printed, rounding: Rounding = "lenient") -> Span:
    """Return the exact numbers that may print as `number`, under one way of rounding.

    "binary" decides ties number by number, so its span holds both ends; `prints_as` asks the double itself.
    """
    value, unit = number.value, Fraction(10) ** -number.decimals
    half, sign = unit / 2, _sign(number)
    slack = _SINGLE * min(abs(value), Fraction(1000))  # larger numbers are not averaged in float32
    if rounding in ("lenient", "float32"):
        return Span(value - half - slack, value + half + slack)
    if rounding == "half_even":
        even = (value / unit) % 2 == 0
        return Span(value - half, value + half, even, even)
    if rounding == "binary":
        return Span(value - half, value + half)
    if rounding in ("half_up", "half_down"):
        away = rounding == "half_up"
        inner_in, outer_in = (away, not away) if sign else (not away, not away)
        ends = (inner_in, outer_in) if sign >= 0 else (outer_in, inner_in)
        return Span(value - half, value + half, *ends)
    return _one_way(value, unit, sign, rounding, slack)


def extent(number: Printed, rounding: Iterable[Rounding]) -> tuple[Fraction, Fraction]:
    """Return the least and the largest number that may print as `number`, under one of these ways of rounding."""
    spans = [span(number, name) for name in rounding]
    return min(map(attrgetter("low"), spans)), max(map(attrgetter("high"), spans))


def _sign(number: Printed) -> int:
    if number.value:
        return 1 if number.value > 0 else -1
    return 0


def _one_way(value: Fraction, unit: Fraction, sign: int, rounding: Rounding, slack: Fraction) -> Span:
    """Return the span of a number that was cut off, and the number one unit further, which prints as itself.

    Programs cut 0.29 to 0.28, since its double is below it; only a number that a double holds exactly is sure to stay.
    """
    if rounding == "down" or (rounding == "truncate" and sign > 0):
        return Span(value - slack, value + unit + slack, hole=value + unit)
    if rounding == "up" or sign < 0:
        return Span(value - unit - slack, value + slack, hole=value - unit)
    return Span(value - unit - slack, value + unit + slack, False, False)


def _is_dyadic(number: Fraction) -> bool:
    return number.denominator & (number.denominator - 1) == 0


def prints_as(exact: Fraction, number: Printed, rounding: Rounding, scale: int = 1) -> bool:
    """Say whether `exact` prints as `number`; `scale` is 100 if a program may have computed a share times 100."""
    within = span(number, rounding)
    if exact == within.hole:
        return not _is_dyadic(exact / scale)
    if exact not in within:
        return False
    if rounding != "binary" or 2 * abs(exact - number.value) != Fraction(10) ** -number.decimals:
        return True
    return number.value in _doubles_print(exact, number.decimals, scale)


def _doubles_print(exact: Fraction, decimals: int, scale: int) -> set[Fraction]:
    """Return what `format` and `numpy.round` make of the double nearest to `exact`."""
    try:
        doubles = {float(exact), float(exact / scale) * scale}
        rounded = {Fraction(repr(float(np.round(double, decimals)))) for double in doubles}
    except (OverflowError, ValueError):
        return {Fraction(round(exact, decimals))}
    if decimals < 0:
        return rounded
    return rounded | {Fraction(format(double, f".{decimals}f")) for double in doubles}


def written(exact: Fraction, decimals: int) -> str:
    """Return `exact` as text with that many decimals, ties away from zero."""
    unit = Fraction(10) ** -decimals
    steps = floor(abs(exact) / unit + Fraction(1, 2)) * (1 if exact >= 0 else -1)
    if decimals <= 0:
        return str(int(steps * unit))
    digits = str(abs(steps)).rjust(decimals + 1, "0")
    return f"{'-' if steps < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"


def in_words(conventions: Iterable[str]) -> str:
    """Return ways of rounding as a sentence has them after "rounded": "half up or in binary"."""
    return " or ".join(map(_word, conventions))


def _word(convention: str) -> str:
    return _WORDS.get(convention, convention.replace("_", " "))
