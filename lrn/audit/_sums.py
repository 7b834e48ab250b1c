"""Sums, totals and means of means, in exact fractions, with the slack that rounding allows.

5, 1 and 5 of 11 are 45 %, 9 % and 45 %, which add up to 99: rounded parts need not add up to their rounded total.
Whole numbers without a percent sign are counts, and counts must add up, unless their total is 100 (percentages), or
the caller says that they are rounded.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import repeat
from operator import attrgetter, mul
from typing import TypeVar

from lrn.audit._check import Check, require_count
from lrn.audit._numbers import Printed, parse_number, several
from lrn.audit._rounding import extent, read_rounding, written

__all__ = ["Repeated", "check_mean_of_means", "check_total", "repeated_values", "wrong_totals"]

Key = TypeVar("Key", bound=Hashable)


def wrong_totals(
    parts: Mapping[Key, Iterable[str]],
    totals: Mapping[Key, str],
    *,
    rounded: bool | None = None,
    rounding: str | Iterable[str] = "lenient",
) -> dict[Key, tuple[str, str]]:
    """Return {key: (sum of its parts, printed total)} wherever the two differ; {} if every total adds up.

    Args:
        parts: for each total, the printed numbers that it sums.
        totals: the printed totals, with the same keys.
        rounded: whether the numbers are rounded, so that sums may be off by half a unit per number. By default
            numbers with decimals or a percent sign are, and whole numbers that should add up to 100.
        rounding: how the table was rounded.

    Raises:
        ValueError: if the keys differ, or a number is not a number.

    Example:
        >>> wrong_totals({"all": ["45", "9", "45"], "runs": ["4", "2"]}, {"all": "100", "runs": "7"})
        {'runs': ('6', '7')}
    """
    if parts.keys() != totals.keys():
        odd = ", ".join(sorted(map(str, parts.keys() ^ totals.keys())))
        raise ValueError(f"parts and totals must have the same keys; only one of them has {odd}")
    wrong = {}
    for key, total in totals.items():
        fits, added, _ = _add(parts[key], total, rounded, rounding)
        if not fits:
            wrong[key] = added, total
    return wrong


def check_total(
    parts: Iterable[str],
    total: str,
    *,
    rounded: bool | None = None,
    rounding: str | Iterable[str] = "lenient",
) -> Check:
    """Check one printed total against its parts; see `wrong_totals`.

    Example:
        >>> print(check_total(["45", "9", "45"], "100"))
        the parts add up to 99, and 100 is printed: rounding explains up to 2
    """
    fits, added, slack = _add(parts, total, rounded, rounding)
    if fits:
        same = parse_number(added).value == parse_number(total).value
        why = "" if same else f", and {total.strip()} is printed: rounding explains up to {_text(slack)}"
        return Check(verdict="possible", message=f"the parts add up to {added}{why}")
    why = f"; rounding explains up to {_text(slack)}" if slack else ""
    return Check(verdict="impossible", message=f"the parts add up to {added}, not {total.strip()}{why}")


def _add(
    parts: Iterable[str], total: str, rounded: bool | None, rounding: str | Iterable[str]
) -> tuple[bool, str, Fraction]:
    """Return whether the parts can add up to the total, their sum as printed, and the slack of rounding."""
    numbers, whole = list(map(parse_number, several("parts", parts))), parse_number(total)
    if rounded is None:
        rounded = _are_rounded([*numbers, whole], whole)
    added = sum(map(attrgetter("value"), numbers), Fraction(0))
    decimals = max([0, *map(attrgetter("decimals"), numbers)])
    if not rounded:
        return added == whole.value, written(added, decimals), Fraction(0)
    least = most = Fraction(0)
    for number in numbers:
        low, high = _range(number, rounding)
        least, most = least + low, most + high
    low, high = _range(whole, rounding)
    slack = max(most - added, added - least) + max(high - whole.value, whole.value - low)
    return least <= high and most >= low, written(added, decimals), slack


def _are_rounded(numbers: Sequence[Printed], total: Printed) -> bool:
    return any(map(_is_fractional, numbers)) or total.value == 100


def _is_fractional(number: Printed) -> bool:
    return number.decimals > 0 or number.percent


def _range(number: Printed, rounding: str | Iterable[str]) -> tuple[Fraction, Fraction]:
    """Return the least and the largest number that prints so, without the digits that float32 may lose."""
    unit = Fraction(10) ** -number.decimals
    if number.relation != "=":
        raise ValueError(f"a part or a total must be a number, not a bound; got {number.text!r}")
    names = ["half_up" if name in ("lenient", "float32") else name for name in read_rounding(rounding)]
    low, high = extent(number, read_rounding(names))
    return max(low, number.value - unit), min(high, number.value + unit)


def _text(number: Fraction) -> str:
    return str(Decimal(number.numerator) / Decimal(number.denominator))


def check_mean_of_means(
    means: Sequence[str],
    overall: str,
    *,
    sizes: Sequence[int] | None = None,
    rounding: str | Iterable[str] = "lenient",
) -> Check:
    """Check the printed mean of a whole against the printed means of its parts.

    Args:
        means: the means of the parts as printed.
        overall: the mean of the whole as printed.
        sizes: how many each part has; without them every part counts alike.
        rounding: how the table was rounded.

    Example:
        >>> print(check_mean_of_means(["4.0", "6.0"], "5.0", sizes=[10, 30]))
        the means of the parts give 5.5 (5.45 to 5.55), not 5.0
    """
    numbers, whole = list(map(parse_number, several("means", means))), parse_number(overall)
    if not numbers:
        raise ValueError("means must hold at least one mean")
    weights = [1] * len(numbers) if sizes is None else [require_count("sizes", size, 0) for size in sizes]
    if len(weights) != len(numbers) or not sum(weights):
        raise ValueError(f"sizes must be as many as the means, and not all 0; got {sizes!r}")
    lows, highs = zip(*map(_range, numbers, repeat(rounding)), strict=True)
    least, most = _weighted_mean(lows, weights), _weighted_mean(highs, weights)
    exact = _weighted_mean(map(attrgetter("value"), numbers), weights)
    low, high = _range(whole, rounding)
    decimals = max(map(attrgetter("decimals"), numbers))
    between = f"({written(least, decimals + 1)} to {written(most, decimals + 1)})"
    shown = f"the means of the parts give {written(exact, decimals)} {between}"
    if least <= high and most >= low:
        return Check(verdict="possible", message=f"{shown}, and {overall.strip()} is printed")
    return Check(verdict="impossible", message=f"{shown}, not {overall.strip()}")


@dataclass(frozen=True)
class Repeated:
    """A value that stands in more than one cell: the value as printed, and where."""

    value: str
    cells: tuple[str, ...]


def _weighted_mean(values: Iterable[Fraction], weights: Sequence[int]) -> Fraction:
    return sum(map(mul, weights, values), Fraction(0)) / sum(weights)


def repeated_values(cells: Mapping[str, str], *, digits: int = 3) -> list[Repeated]:
    """Return the values that stand in more than one cell; a question to the author, never a proof.

    Args:
        cells: {where: number as printed}.
        digits: how many significant digits make a coincidence unlikely; shorter numbers are left out.

    Example:
        >>> repeated_values({"A": "4.221", "B": "4.221", "C": "5.179"})
        [Repeated(value='4.221', cells=('A', 'B'))]
    """
    require_count("digits", digits, 1)
    where: dict[tuple[Fraction, int], list[str]] = {}
    for cell, text in cells.items():
        number = parse_number(text)
        if len(str(abs(int(number.value * Fraction(10) ** number.decimals)))) >= digits:
            where.setdefault((number.value, number.decimals), []).append(cell)
    return [Repeated(cells[labels[0]].strip(), tuple(labels)) for labels in where.values() if len(labels) > 1]
