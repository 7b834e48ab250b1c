"""GRIMMER, DEBIT, SPRITE: which standard deviations can whole numbers have beside their mean?

Whole numbers have a whole sum and a whole sum of squares, both even or both odd, and on a scale from 1 to 7 an SD
is bounded. So an SD can be impossible beside a possible mean:

- GRIMMER (Anaya, 2016, PeerJ Preprints 4:e2400v1; Allard, 2018, the parity of the sum of squares), here sharpened
  by a search for an actual sample, which SPRITE (Heathers and others, 2018) does at random;
- DEBIT (Heathers and Brown, 2019): zeros and ones have the SD that their mean gives them, and no other;
- `sd_bounds`: the least and the largest SD beside a mean.

Tables seldom say whether an SD divides by n - 1 or, as `numpy.std` does, by n. By default either will do, and the
answer says if only the second does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, sqrt
from typing import Any

from lrn.audit._check import Check, require_count
from lrn.audit._means import MeanOf, shown, what
from lrn.audit._moments import MeanAndSd, Solution, look, variance
from lrn.audit._numbers import parse_number
from lrn.audit._rounding import read_rounding, written
from lrn.audit._samples import least_squares, most_squares

__all__ = ["Deviation", "answer_to", "grimmer", "question_of", "sd_bounds", "sprite", "square_root"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Deviation(Check):
    """The answer of a check of a mean with its SD.

    Attributes:
        reason: what failed: "mean" (GRIM), "bounds" (no numbers are so close together, or so far apart), "squares"
            (no whole sum of squares), "parity" (none that is even or odd as the sum is), "sample" (no numbers have
            it); empty if possible.
        ddof: 1 if the SD divides by n - 1, 0 if by n; None if impossible.
        sample: numbers with this mean and SD, in ascending order; empty if there are none or none were looked for.
    """

    reason: str = ""
    ddof: int | None = None
    sample: tuple[Fraction, ...] = ()


def grimmer(
    mean: str,
    sd: str,
    n: int,
    *,
    decimals: int | None = None,
    sd_decimals: int | None = None,
    percent: bool | None = None,
    items: int = 1,
    scale: Sequence[int] | None = None,
    ddof: int | None = None,
    standard_error: bool | None = False,
    rounding: str | Iterable[str] = "lenient",
) -> Deviation:
    """Check whether n whole numbers can have this printed mean and this printed standard deviation.

    Args:
        mean: the mean as printed.
        sd: the standard deviation as printed.
        n: how many people, runs or networks.
        decimals: the decimals to which means are rounded, if the table drops trailing zeros.
        sd_decimals: the same for SDs; by default as many as are printed.
        percent: whether both are percentages; by default, whether the mean has a percent sign.
        items: how many whole numbers each of the n averages.
        scale: the lowest and the highest value of one whole number, such as (1, 7).
        ddof: 1 if the SD divides by n - 1, 0 if by n; None allows both.
        standard_error: True if `sd` is the standard error of the mean, the SD / √n; None if it may be either, as "±"
            may.
        rounding: how the table was rounded; see `lrn.audit.CONVENTIONS`.

    Returns:
        A `Deviation`, true unless mean and SD are impossible together. `sprite` returns the numbers, too.

    Source:
        Anaya (2016), PeerJ Preprints 4:e2400v1; Allard (2018), Analytic-GRIMMER.

    Example:
        >>> print(grimmer("3.44", "2.47", 18))
        no 18 whole numbers with mean 3.44 have the SD 2.47: their sum and sum of squares would not be even together
    """
    if standard_error not in (None, True, False):
        raise TypeError(f"standard_error must be True, False or None; got {standard_error!r}")
    question = question_of(mean, sd, n, decimals, sd_decimals, percent, items, scale, rounding, {})
    answer = answer_to(replace(question, is_error=bool(standard_error)), ddof)
    if answer or standard_error is not None or answer.reason == "mean":
        return answer
    other = answer_to(replace(question, is_error=True), ddof)
    only = "; ".join(filter(None, [f"only if {sd.strip()} is a standard error", other.warning]))
    return replace(other, warning=only) if other else answer


def sprite(
    mean: str,
    sd: str,
    n: int,
    *,
    scale: Sequence[int] | None = None,
    counts: Mapping[int, int] | None = None,
    ddof: int | None = None,
    **options: Any,
) -> Deviation:
    """Look for n numbers with this printed mean and standard deviation.

    Unlike SPRITE by random moves, finding none proves that there is none, unless the answer says that it was left
    open.

    Args:
        mean: the mean as printed.
        sd: the standard deviation as printed.
        n: how many numbers.
        scale: the lowest and the highest value of one number.
        counts: how often some values are known to occur, such as {3: 2, 4: 0}; of several items, the sums.
        ddof: 1 if the SD divides by n - 1, 0 if by n; None allows both.
        **options: decimals, sd_decimals, percent, items and rounding, as in `grimmer`.

    Returns:
        A `Deviation` whose `sample` holds the numbers, in ascending order.

    Source:
        Heathers, Anaya, van der Zee and Brown (2018), PeerJ Preprints 6:e26968v1.

    Example:
        >>> sorted(float(x) for x in sprite("2.2", "1.3", 5, scale=(1, 5)).sample)
        [1.0, 1.0, 2.0, 3.0, 4.0]
    """
    fixed = {}
    for value, count in (counts or {}).items():
        fixed[int(value)] = require_count(f"counts[{value}]", count, 0)
    names = ("decimals", "sd_decimals", "percent", "items", "rounding")
    unknown = sorted(set(options) - set(names))
    if unknown:
        raise TypeError(f"sprite takes {', '.join(names)}; got {', '.join(unknown)}")
    defaults: dict[str, Any] = {"decimals": None, "sd_decimals": None, "percent": None, "items": 1}
    settings = {**defaults, "rounding": "lenient", **options}
    question = question_of(mean, sd, n, scale=scale, counts=fixed, **settings)
    return answer_to(question, ddof)


def square_root(square: Fraction) -> Fraction:
    return Fraction(sqrt(square))


def sd_bounds(
    mean: str,
    n: int,
    *,
    scale: Sequence[int] | None = None,
    decimals: int | None = None,
    items: int = 1,
    ddof: int = 1,
    rounding: str | Iterable[str] = "lenient",
) -> tuple[float, float]:
    """Return the least and the largest SD that n whole numbers with this printed mean can have.

    Args:
        mean: the mean as printed.
        n: how many numbers, at least 2 for `ddof` 1.
        scale: the lowest and the highest value of one number; without it the largest SD may be inf.
        decimals: as in `grimmer`, like all that follows.
        items: how many whole numbers each of the n averages.
        ddof: 1 for the SD that divides by n - 1, 0 for n.
        rounding: how the table was rounded.

    Raises:
        ValueError: if no whole numbers have this mean.

    Example:
        >>> [round(sd, 2) for sd in sd_bounds("4.2", 5, scale=(1, 7))]
        [0.45, 3.03]
    """
    of = MeanOf.read(mean, n, decimals, None, items, scale)
    require_count("n", n, 1 + ddof)
    question = MeanAndSd(of, parse_number("0"), read_rounding(rounding), {})
    if not question.totals():
        raise ValueError(f"mean must be possible; got {mean!r} for n = {n}")
    least, most = _variances(question, ddof)
    return sqrt(least), inf if most is None else sqrt(most)


def _variances(question: MeanAndSd, ddof: int) -> tuple[Fraction, Fraction | None]:
    """Return the least and the largest variance that the possible totals allow; None if nothing limits the largest."""
    least, most = [], []
    for total in question.totals():
        least.append(variance(question, total, least_squares(question.of.n, total), ddof))
        squares = most_squares(question.of.n, total, question.domain)
        if squares is not None:
            most.append(variance(question, total, squares, ddof))
    return min(least), max(most) if len(most) == len(least) else None


def question_of(
    mean: str,
    sd: str,
    n: int,
    decimals: int | None,
    sd_decimals: int | None,
    percent: bool | None,
    items: int,
    scale: Sequence[int] | None,
    rounding: str | Iterable[str],
    counts: Mapping[int, int],
) -> MeanAndSd:
    if scale is None and (percent or parse_number(mean).percent) and items == 1:
        raise ValueError("items must say of how many each percentage is, such as test images; for yes and no use debit")
    of = MeanOf.read(mean, n, decimals, percent, items, scale)
    if scale is None and not of.percent:
        of = replace(of, low=None, high=None)  # differences may be negative, whatever the sign of their mean
    number = parse_number(sd)
    if number.minus or number.relation != "=":
        raise ValueError(f"sd must be a number of at least 0; got {sd!r}")
    if sd_decimals is not None:
        number = number.with_decimals(require_count("sd_decimals", sd_decimals, 0))
    return MeanAndSd(of, number, read_rounding(rounding), counts)


def answer_to(question: MeanAndSd, ddof: int | None) -> Deviation:
    if ddof not in (None, 0, 1) or isinstance(ddof, bool):
        raise ValueError(f"ddof must be 1, 0 or None for either; got {ddof!r}")
    of = question.of
    if not question.totals():
        message = f"{shown(of)} cannot be {what(of)}; {' and '.join(of.nearest())} can"
        return Deviation(verdict="impossible", message=message, reason="mean")
    reasons = []
    for divisor in (1, 0) if ddof is None else (ddof,):
        solution = look(question, divisor)
        if not isinstance(solution, str):
            return _possible(question, solution, divisor, ddof)
        reasons.append(solution)
    return Deviation(verdict="impossible", message=_why(question, reasons[0]), reason=reasons[0])


def _possible(question: MeanAndSd, solution: Solution, divisor: int, ddof: int | None) -> Deviation:
    of, (total, squares, sample) = question.of, solution
    warning = "" if ddof is not None or divisor == 1 else "only if the SD divides by n, not n - 1"
    if sample is None:
        warning = "; ".join(filter(None, [warning, "whether such numbers exist was left open"]))
    numbers = "one number" if of.n == 1 else f"{of.n} numbers"
    message = f"{numbers} can have mean {shown(of)} and {_name(question)} {question.sd.text}"
    message += f": sum {total}, squares {squares}"
    values = tuple(Fraction(value * of.scale, of.items) for value in sample or ())
    return Deviation(verdict="possible", message=message, warning=warning, ddof=divisor, sample=values)


def _name(question: MeanAndSd) -> str:
    return "standard error" if question.is_error else "SD"


def _why(question: MeanAndSd, reason: str) -> str:
    of = question.of
    if of.n == 1:
        return f"one number has no spread, so it cannot have the {_name(question)} {question.sd.text}"
    start = f"no {what(of).removeprefix('the mean of ').removeprefix('a share of ')} with mean {shown(of)}"
    why = {
        "bounds": _bounds_in_words,
        "squares": lambda question: "no whole sum of squares gives it",
        "parity": lambda question: "their sum and sum of squares would not be even together",
        "sample": lambda question: "every choice of numbers was tried",
    }[reason]
    return f"{start} have the {_name(question)} {question.sd.text}: {why(question)}"


def _bounds_in_words(question: MeanAndSd) -> str:
    (least, most), decimals = _variances(question, 1), question.sd.decimals
    if most is None:
        return f"the least they can have is {written(square_root(least), decimals)}"
    return f"it lies between {written(square_root(least), decimals)} and {written(square_root(most), decimals)}"
