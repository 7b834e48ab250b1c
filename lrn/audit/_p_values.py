"""Printed p-values against the statistics, the counts or the means that they belong to.

A statistic is printed with few digits, so it gives a range of p-values, and a printed p-value is a range too: they
fit if some number is in both. Papers do not always say whether a test had one side or two; unless told, either
will do, and the answer says if only one side does.

Errors come in two kinds. A slip is a p-value that does not fit; a decision error is one that also lies on the other
side of alpha, under every reading. The distinction, and many of our test cases, are statcheck's (Nuijten and
others, 2016, Behavior Research Methods 48).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import inf, sqrt
from typing import Any

import scipy  # whose modules load when they are first used: stats takes a second

from lrn.audit._check import Check, is_number
from lrn.audit._numbers import Printed, parse_number
from lrn.audit._rounding import Rounding, extent, read_rounding, span

__all__ = ["PValue", "Ranges", "check_p_value", "compare_p", "degrees_of_freedom", "recompute_p"]

Df = float | str  # degrees of freedom, as a number or as printed
_STATISTICS = {"t": 1, "F": 2, "r": 1, "z": 0, "chi2": 1, "Q": 1}  # and how many degrees of freedom each has
_NAMES = {
    **{name.lower(): name for name in _STATISTICS},
    "χ²": "chi2",
    "x²": "chi2",
    "chi²": "chi2",
    "chi-square": "chi2",
    "chi": "chi2",
    "χ^2": "chi2",
    "x^2": "chi2",
    "x2": "chi2",
    "χ2": "chi2",
    "chi-squared": "chi2",
    "chisq": "chi2",
    "chi_squared": "chi2",
}


@dataclass(frozen=True, kw_only=True, repr=False)
class PValue(Check):
    """The answer of a check of a printed p-value.

    Attributes:
        low: the least p-value that the other printed numbers allow, two-sided unless told otherwise.
        high: the largest.
        decision_error: whether the printed p-value is wrong and on the other side of alpha.
        reading: the test, or side, under which it fits; empty if none.
    """

    low: float
    high: float
    decision_error: bool = False
    reading: str = ""


def recompute_p(
    statistic: str,
    value: str,
    df: Df | Sequence[Df] | None = None,
    *,
    sided: int = 2,
    rounding: str | Iterable[str] = "lenient",
) -> tuple[float, float]:
    """Return the least and the largest p-value that a printed test statistic allows.

    Args:
        statistic: "t", "F", "r", "z", "chi2" or "Q".
        value: the statistic as printed, such as "−2.20"; "< 1" is understood.
        df: its degrees of freedom: none for z, two for F, else one. Those with decimals, such as Welch's 28.3, are
            taken as rounded; as text, "28.0" are, too.
        sided: 2, or 1. F, chi2 and Q are taken at their upper tail, halved for 1.
        rounding: how the statistic was rounded.

    Raises:
        ValueError: if the statistic is unknown, or its value or degrees of freedom are impossible.

    Example:
        >>> [round(p, 4) for p in recompute_p("t", "2.20", 28)]
        [0.0358, 0.0366]
    """
    name, freedom = _read_statistic(statistic, df)
    if sided not in (1, 2):
        raise ValueError(f"sided must be 1 or 2; got {sided!r}")
    number = parse_number(value)
    if name in ("F", "chi2", "Q") and number.value < 0:
        raise ValueError(f"{name} must not be negative; got {value!r}")
    if name == "r" and abs(number.value) > 1:
        raise ValueError(f"r must be between -1 and 1; got {value!r}")
    sizes = _sizes(number, read_rounding(rounding))
    every = product(sizes, product(*map(_rounded_df, freedom)))
    ends = [_tail(name, size, df) * sided / 2 for size, df in every]
    return min(ends), max(ends)


def degrees_of_freedom(statistic: str) -> int:
    """Return how many degrees of freedom a statistic has."""
    return _STATISTICS[statistic]


def _rounded_df(df: Df) -> tuple[float, ...]:
    """Return the least and the largest degrees of freedom that print as `df`, if it has decimals."""
    text = str(int(df)) if not isinstance(df, str) and df == int(df) else str(df)
    number = parse_number(text, decimal=".")
    if number.decimals <= 0:
        return (float(number.value),)
    half = 0.5 * 10.0**-number.decimals
    return float(number.value) - half, float(number.value) + half


def _read_statistic(statistic: str, df: Df | Sequence[Df] | None) -> tuple[str, tuple[Df, ...]]:
    name = _NAMES.get(str(statistic).strip().lower(), str(statistic).strip())
    if name not in _STATISTICS:
        raise ValueError(f"statistic must be one of {', '.join(_STATISTICS)}; got {statistic!r}")
    several = isinstance(df, Iterable) and not isinstance(df, str)
    freedom: tuple[Any, ...] = () if df is None else tuple(df) if several else (df,)  # type: ignore[arg-type]
    if len(freedom) != _STATISTICS[name] or not all(map(_is_df, freedom)):
        raise ValueError(f"df must be {_STATISTICS[name]} positive numbers for {name}; got {df!r}")
    return name, freedom


def _is_df(df: object) -> bool:
    try:
        number = float(parse_number(df, decimal=".").value) if isinstance(df, str) else df
    except ValueError:
        return False
    return is_number(number) and 0 < number < inf  # type: ignore[operator]


def _df_text(df: Df) -> str:
    return df if isinstance(df, str) else f"{df:g}"


def _sizes(number: Printed, rounding: tuple[Rounding, ...]) -> tuple[float, float]:
    """Return the least and the largest size (distance from 0) that the statistic may have."""
    low, high = map(float, extent(number, rounding))
    least = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    most = max(abs(low), abs(high))
    if number.relation.startswith("<"):
        return 0.0, most
    return (least, inf) if number.relation.startswith(">") else (least, most)


def _tail(name: str, size: float, df: tuple[float, ...]) -> float:
    """Return the two-sided p-value of t, r and z; the upper tail of F, chi2 and Q."""
    if name == "z":
        return 2 * float(scipy.stats.norm.sf(size))
    if name == "t":
        return 2 * float(scipy.stats.t.sf(size, *df))
    if name == "r":
        return 0.0 if size >= 1 else 2 * float(scipy.stats.t.sf(size * sqrt(df[0] / (1 - size**2)), *df))
    return float(scipy.stats.f.sf(size, *df)) if name == "F" else float(scipy.stats.chi2.sf(size, *df))


def check_p_value(
    statistic: str,
    value: str,
    p: str,
    *,
    df: Df | Sequence[Df] | None = None,
    sided: int | None = None,
    alpha: float = 0.05,
    equal_is_significant: bool = True,
    rounding: str | Iterable[str] = "lenient",
) -> PValue:
    """Check a printed p-value against the test statistic it belongs to.

    Args:
        statistic: "t", "F", "r", "z", "chi2" or "Q".
        value: the statistic as printed.
        p: the p-value as printed: ".036", "p < .05", "p = .000" (which is less than .0005) or "ns".
        df: degrees of freedom, numbers or text: none for z, two for F, else one.
        sided: 2, 1, or None if the paper does not say and either will do. F and chi2 have two sides only with one
            degree of freedom.
        alpha: the level of "ns" and of decision errors.
        equal_is_significant: whether a printed p-value equal to alpha says "significant".
        rounding: how both numbers were rounded.

    Returns:
        A `PValue`, true unless the p-value cannot belong to the statistic.

    Source:
        Nuijten and others (2016), Behavior Research Methods 48.

    Example:
        >>> print(check_p_value("t", "2.20", ".30", df=28))
        t(28) = 2.20 gives p = 0.0362, not .30; the decision changes: it is significant
    """
    name, freedom = _read_statistic(statistic, df)
    two_sided = name in ("t", "r", "z") or float(freedom[0]) == 1
    sides = (sided,) if sided is not None else (2, 1) if two_sided else (2,)
    ranges = {}
    for side in sides:
        reading = "two-sided" if side == 2 else "one-sided"
        ranges[reading] = recompute_p(name, value, df, sided=side, rounding=rounding)
    inside = f"({', '.join(map(_df_text, freedom))})" if freedom else ""
    relation = "" if parse_number(value).relation != "=" else "= "
    shown = f"{name}{inside} {relation}{value.strip()}"
    answer = compare_p(shown, ranges, p, alpha, equal_is_significant, read_rounding(rounding))
    if not answer and name in ("t", "r", "z") and "one-sided" in ranges and _is_large(p):
        low, high = ranges["one-sided"]  # the effect went the other way than was tested for
        other = {"one-sided, other direction": (1 - high, 1 - low)}
        return compare_p(shown, other, p, alpha, equal_is_significant, read_rounding(rounding)) or answer
    return answer


def _is_large(p: str) -> bool:
    printed = _read_p(p)
    return printed is not None and printed.relation == "=" and printed.value >= Fraction(1, 2)


Ranges = dict[str, tuple[float, float]]


def compare_p(
    shown: str, ranges: Ranges, p: str, alpha: float, equal_is_significant: bool, rounding: tuple[Rounding, ...]
) -> PValue:
    if not (is_number(alpha) and 0 < alpha < 1):
        raise ValueError(f"alpha must be between 0 and 1, not {alpha!r}")
    printed = _read_p(p)
    main, (low, high) = next(iter(ranges.items()))
    fits = [reading for reading, ends in ranges.items() if _fits(printed, ends, alpha, rounding)]
    common: dict[str, Any] = {"low": low, "high": high, "reading": fits[0] if fits else ""}
    if fits:
        only = "" if fits[0] == main or len(ranges) == 1 else f"{fits[0]} only"
        message = f"{shown} gives p = {_short(ranges[fits[0]])}, and {p.strip()} is printed"
        return PValue(verdict="possible", message=message, warning=only, **common)
    says = _significant(printed, alpha, equal_is_significant)
    gives = {_decision(ends, alpha, equal_is_significant) for ends in ranges.values()}
    wrong = says is not None and gives == {not says}
    change = f"; the decision changes: it is {'not ' if says else ''}significant" if wrong else ""
    message = f"{shown} gives p = {_short((low, high))}, not {_bare(p)}{change}"
    return PValue(verdict="impossible", message=message, decision_error=wrong, **common)


def _bare(p: str) -> str:
    return re.sub(r"^p\s*=\s*|^p\s*", "", p.strip(), flags=re.IGNORECASE)


def _short(ends: tuple[float, float]) -> str:
    return f"{sum(ends) / 2:.3g}"


def _read_p(p: str) -> Printed | None:
    """Return the printed p-value, None for "ns"."""
    if isinstance(p, str) and re.fullmatch(r"(?:p\s*[=:]?\s*)?(?:n\.?\s?s\.?|not significant)", p.strip().lower()):
        return None
    number = parse_number(p)
    if not 0 <= number.value <= 1:
        raise ValueError(f"p must be between 0 and 1; got {p!r}")
    return number


def _fits(printed: Printed | None, ends: tuple[float, float], alpha: float, rounding: tuple[Rounding, ...]) -> bool:
    low, high = ends
    if printed is None:
        return high > alpha
    bound = float(printed.value)
    if printed.relation.startswith("<"):
        return low < bound or (printed.relation == "<=" and low <= bound)
    if printed.relation.startswith(">"):
        return high > bound or (printed.relation == ">=" and high >= bound)
    return any(span(printed, name).meets(Fraction(low), Fraction(high)) for name in rounding)


def _significant(printed: Printed | None, alpha: float, equal: bool) -> bool | None:
    """Return whether the printed p-value is significant at alpha; None if it does not say."""
    if printed is None:
        return False
    value = float(printed.value)
    if printed.relation.startswith("<"):
        return True if value <= alpha else None
    if printed.relation.startswith(">"):
        return False if value >= alpha else None
    return value <= alpha if equal else value < alpha


def _decision(ends: tuple[float, float], alpha: float, equal: bool) -> bool | None:
    low, high = ends
    if high < alpha or (equal and high <= alpha):
        return True
    return False if low > alpha or (not equal and low >= alpha) else None
