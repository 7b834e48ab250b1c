"""Finds test results in running text, as journals print them, and checks each p-value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import nan
from typing import Any

from lrn.audit._p_values import PValue, check_p_value, degrees_of_freedom

__all__ = ["check_text"]

_NUMBER = r"[+\-\u2212\u2013]?\s?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*[.·]\d+|\d+)(?![\d,]*\d)"
_POWER = r"(?:\s?[×x·*]\s?10\s?\^?\s?\{?[-\u2212\u2013]?\d+\}?|\s?[×x]\s?10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|e[-\u2212]?\d+)"
_DF = r"\d+(?:,\d{3})*(?:\.\d+)?"
_RESULT = re.compile(
    rf"""(?<![A-Za-z])(?:
        (?P<name>[tTF](?:_[A-Za-z]{{1,9}}|[Ww]elch|change)?|r|Q(?:_?(?:[Bb]|[Ww]|between|Between|within|Within))?
            |(?:chi|[χΧXx])[_^\s-]?(?:2|²|squared))
        \s*[(\[]\s*(?P<df>{_DF}(?:\s*,\s*{_DF})?)(?:\s*,\s*[Nn]\s*=\s*{_DF})?\s*[)\]]
        |(?P<z>[zZ]))
        \s*(?P<relation>[=<>])\s*(?P<value>{_NUMBER})\s*(?:[,;]\s*MSE\s*=\s*{_NUMBER}\s*)?[,;(\s]\s*
        (?P<p>[pP](?:[\s-]?value)?\s*[=<>≤≥]\s*
            (?:0?[.·]\s?\d+{_POWER}?|\d(?:[.·]\d+)?{_POWER}|1[.·]0+|[01])(?![.,\d]*\d|\s?[×x*]\s?10|\^)
            |(?:p\s*=\s*)?(?:n\.?s\.?|NS)(?![a-z]))""",
    re.VERBOSE,
)
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,2}|_)([A-Za-zχ]{1,4}²?)\1")  # *p* = .03
_ONE_SIDED = re.compile(r"^[\s,;(]*(?:\w+\s+)?(?:one|1)[\s-](?:tailed|sided)|^[\s,;(]*directional", re.IGNORECASE)


def check_text(
    text: str,
    *,
    sided: int | None = None,
    alpha: float = 0.05,
    equal_is_significant: bool = True,
    rounding: str | Iterable[str] = "lenient",
) -> list[PValue]:
    """Check every p-value that stands behind a t, F, r, z, chi-squared or Q statistic in a text.

    Args:
        text: running text, such as "the groups differed, t(28) = 2.20, p = .036".
        sided: 2 or 1 for all tests; None allows either. A test that the text calls one-tailed, one-sided or
            directional right behind its p-value has one side.
        alpha: the level of "ns" and of decision errors.
        equal_is_significant: whether a printed p-value equal to alpha says "significant".
        rounding: how the numbers were rounded.

    Returns:
        One answer per result, in the order of the text; its message begins with the result.

    Example:
        >>> [bool(result) for result in check_text("t(28) = 2.20, p = .036; F(2, 28) = 2.20, p = .03")]
        [True, False]
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be text; got {text!r}")
    how: dict[str, Any] = {"alpha": alpha, "equal_is_significant": equal_is_significant, "rounding": rounding}
    results = []
    plain = _EMPHASIS.sub(r"\2", text)
    for match in _RESULT.finditer(plain):
        name, df = _statistic(match)
        if len(df) != degrees_of_freedom(name):  # "t(2, 28)" may be a slip, or 2.28 with a decimal comma
            continue
        side = 1 if _ONE_SIDED.match(plain[match.end() : match.end() + 30]) else sided
        try:
            p = re.sub(r"(?<=[.·])\s(?=\d)", "", match["p"])  # "p < . 001"
            answer = check_p_value(name, _value(match), p, df=df or None, sided=side, **how)
        except ValueError as error:  # such as a correlation of 1.2
            answer = PValue(verdict="impossible", message=f"{match[0].strip()}: {error}", low=nan, high=nan)
        results.append(answer)
    return results


def _value(match: re.Match[str]) -> str:
    value = match["value"].replace(" ", "")
    if re.search(r",\d{3}(?!\d)", value):
        value = value.replace(",", "")
    return value if match["relation"] == "=" else f"{match['relation']} {value}"


def _statistic(match: re.Match[str]) -> tuple[str, tuple[str, ...]]:
    if match["z"]:
        return "z", ()
    name = match["name"]
    parts = list(map(str.strip, match["df"].split(",")))
    count = 2 if name[0] == "F" else 1
    if len(parts) == count + 1 and len(parts[-1].split(".")[0]) == 3:  # 1,200 degrees of freedom
        parts[-2:] = [parts[-2] + parts[-1]]
    if name[0] in "FQr":
        return name[0], tuple(parts)
    return ("t" if name[0] in "tT" else "chi2"), tuple(parts)
