"""Improvements that a text states, against the numbers of its table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import product, starmap
from typing import Any, Literal

from lrn.audit._check import Check
from lrn.audit._numbers import Printed, parse_number
from lrn.audit._ranges import Ends, ends_of, meet, short

__all__ = ["Improvement", "check_improvement"]

Improvement = Literal["relative", "relative to new", "points", "error reduction", "factor"]


def check_improvement(
    printed: str,
    old: str,
    new: str,
    *,
    kind: Improvement | None = None,
    rounding: str | Iterable[str] = "lenient",
) -> Check:
    """Check an improvement that a text states against the two numbers of the table.

    Args:
        printed: the improvement as the text has it: "12.5 %", "1.3", "2.5 points", "1.5x", "1.5 times".
        old: the table's number for the baseline.
        new: the table's number for the better method; the direction does not matter.
        kind: "relative" ((new - old) / old, in %), "relative to new" (by new, as "25 % faster" of 8 s against 10 s),
            "points" (new - old), "error reduction" (of accuracies in %, the part of the error that is gone, in %),
            "factor" (new / old, or old / new); None if any will do.
        rounding: how the numbers were rounded.

    Example:
        >>> print(check_improvement("12.5 %", "80.0", "82.5"))
        from 80.0 to 82.5 is an error reduction of 12.5 %
    """
    text, named = _without_unit(printed)
    number, kind = parse_number(text), kind or named
    before, after = parse_number(old), parse_number(new)
    ways = _improvements(ends_of(before, rounding), ends_of(after, rounding))
    exact = _improvements(_exactly(before), _exactly(after))
    if kind is not None and kind not in ways:
        raise ValueError(f"kind must be one of {', '.join(ways)} that the numbers have; got {kind!r}")
    kinds: list[str] = [kind] if kind else list(ways)
    if kind is None and number.percent and "factor" in kinds:
        kinds.remove("factor")
    low, high = ends_of(number, rounding)
    size = (0.0 if low <= 0 <= high else min(abs(low), abs(high)), max(abs(low), abs(high)))
    fits = [name for name in kinds if meet(size, ways[name])]
    start = f"from {old.strip()} to {new.strip()} is"
    if fits:
        return Check(verdict="possible", message=f"{start} {' or '.join(_listed(fits, exact))}")
    others = "; ".join(_listed(kinds, exact))
    return Check(verdict="impossible", message=f"{start} not {printed.strip()}: {others}")


def _exactly(number: Printed) -> Ends:
    return float(number.value), float(number.value)


def _listed(names: Iterable[str], exact: Mapping[str, Ends]) -> list[str]:
    """Return the improvements of these kinds, in words."""
    return [_named(name, exact[name][0]) for name in names]


_UNITS: dict[str, Improvement] = {
    r"\s*(?:[x×]|times|-?\s?fold)$": "factor",
    r"(?<=[\d%])\s*(?:(?:percentage\s+)?points?|pp|p\.p\.|%?\s?pts?|p)$": "points",
}


def _without_unit(printed: str) -> tuple[str, Improvement | None]:
    """Return the number without its unit, and the kind of improvement that the unit names."""
    for unit, kind in _UNITS.items():
        text, count = re.subn(unit, "", printed.strip(), flags=re.IGNORECASE)
        if count:
            return text, kind
    return printed.strip(), None


def _named(kind: str, size: float) -> str:
    article = "an" if kind == "error reduction" else "a"
    if kind == "points":
        return f"{short(size)} points"
    if kind == "factor":
        return f"a factor of {short(size)}"
    words = {"relative": "relative change", "relative to new": "change relative to the new number"}.get(kind, kind)
    return f"{article} {words} of {short(size)} %"


def _improvements(old: Ends, new: Ends) -> dict[str, Ends]:
    """Return every kind of improvement as the range that the printed numbers allow, of absolute size."""
    gap = _between(lambda a, b: abs(b - a), old, new)
    if old[0] <= new[1] and new[0] <= old[1]:
        gap = (0.0, gap[1])
    ways: dict[str, Ends] = {"points": gap}
    if old[0] > 0:
        ways["relative"] = _spanning(gap, _between(lambda a, b: 100 * abs(b - a) / a, old, new))
    if new[0] > 0:
        ways["relative to new"] = _spanning(gap, _between(lambda a, b: 100 * abs(b - a) / b, old, new))
    if max(old[1], new[1]) > 1 and max(old[1], new[1]) < 100:
        ways["error reduction"] = _spanning(gap, _between(lambda a, b: 100 * abs(b - a) / (100 - a), old, new))
    elif max(old[1], new[1]) < 1:
        ways["error reduction"] = _spanning(gap, _between(lambda a, b: 100 * abs(b - a) / (1 - a), old, new))
    if old[0] > 0 and new[0] > 0:
        ways["factor"] = _between(lambda a, b: max(b / a, a / b), old, new)
    return ways


def _between(function: Any, old: Ends, new: Ends) -> Ends:
    values = list(starmap(function, product(old, new)))
    return min(values), max(values)


def _spanning(gap: Ends, ends: Ends) -> Ends:
    return (0.0, ends[1]) if gap[0] == 0 else ends
