"""GRIM: which means, and which percentages, can whole numbers have?

Ten whole numbers have a mean with at most one decimal, so "5.19" cannot be the mean of 28 of them: 145 / 28 is 5.18
and 146 / 28 is 5.21. The test is due to Brown and Heathers (2017), *The GRIM test*, Social Psychological and
Personality Science 8(4).

Its two errors. A mean of whole numbers, rounded in any ordinary way, never fails. A number made up at random fails
with the probability that every answer states, 0 once n has reached 10 to the power of the decimals: then passing
shows nothing, the verdict is "uninformative", and a `NoPowerWarning` is given.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import compress
from math import ceil, gcd
from typing import Any

from lrn.audit._check import Check, NoPowerWarning, require_count
from lrn.audit._means import MeanOf, shown, what
from lrn.audit._rounding import CONVENTIONS, NEAREST, Convention, Rounding, in_words, read_rounding

__all__ = ["Grim", "grim", "grim_probability", "largest_at_least", "possible_counts", "possible_totals"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Grim(Check):
    """The answer of `grim` about a printed mean.

    Attributes:
        totals: the sums of whole numbers whose mean prints so; empty if the mean is impossible.
        nearest: the possible means next below and above, as they would print.
        probability: how often a number made up at random, with these decimals, would fail.
    """

    totals: Sequence[int]
    nearest: tuple[str, ...]
    probability: float


def possible_totals(
    mean: str,
    n: int,
    decimals: int | None = None,
    *,
    percent: bool | None = None,
    items: int = 1,
    scale: Sequence[int] | None = None,
    rounding: str | Iterable[str] = "lenient",
) -> tuple[int, ...]:
    """Return every sum of n whole numbers whose mean prints as `mean`; none means an impossible mean.

    `grim` answers in words.

    Args:
        mean: the mean as printed, for example "17.12", "−1.5" or "71 %".
        n: how many whole numbers were averaged (people, runs, networks), at least 1.
        decimals: the decimals the table rounds to, if it drops trailing zeros ("0.4" for "0.40"); by default the
            decimals that are printed.
        percent: whether the number is a percentage; by default, whether a percent sign is printed. A percentage
            from 0 to 100 counts how many of n did something.
        items: how many whole numbers each of the n averages, such as the questions of a scale.
        scale: the lowest and the highest value that one whole number can have, such as (1, 7); None stands for
            no limit. By default values are not negative, or not positive below a minus sign.
        rounding: how the table was rounded, one name or several; see `lrn.audit.CONVENTIONS`.

    Raises:
        TypeError: if `mean` is not text or n not a whole number.
        ValueError: if `mean` is not a number or has more than `decimals` decimals, or n < 1.

    Warns:
        NoPowerWarning: if a number such as "67.4", which may be a percentage without its sign, would be impossible as
            one, while every mean with its decimals is possible. `percent` settles it.

    Source:
        Brown and Heathers (2017), Social Psychological and Personality Science 8(4).

    Example:
        >>> possible_totals("2.67", 40), possible_totals("67.4", 150, percent=True)
        ((107,), ())
    """
    of, names = MeanOf.read(mean, n, decimals, percent, items, scale), read_rounding(rounding)
    totals = of.totals(names)
    may_be_percent = percent is None and of.number.decimals > 0 and of.number.value > _USUAL_SCALES
    if may_be_percent and totals and not _chance(of, names) and _only_a_mean(of, names):
        warnings.warn(_why_uninformative(of, names), NoPowerWarning, stacklevel=2)
    return tuple(totals)


_USUAL_SCALES = 10  # up to here a number with decimals is more often a mean of ratings than a percentage


def totals_of(mean: str, n: int, decimals: int | None = None, **options: Any) -> range:
    """Return the same as `possible_totals`, without its warning."""
    names = read_rounding(options.pop("rounding", "lenient"))
    settings: dict[str, Any] = {"percent": None, "items": 1, "scale": None, **options}
    return MeanOf.read(mean, n, decimals, **settings).totals(names)


def _chance(of: MeanOf, names: tuple[Rounding, ...]) -> float:
    """Return the probability that a number made up at random, with the decimals of this one, fails."""
    return grim_probability(of.n, max(0, of.number.decimals), items=of.items, percent=of.percent, rounding=names)


def possible_counts(
    mean: str | Sequence[str], max_n: int, decimals: int | None = None, *, min_n: int = 1, **options: Any
) -> tuple[int, ...]:
    """Return every n up to `max_n` for which n whole numbers can have this mean, or all of these means.

    Args:
        mean: one printed mean, or several of the same n.
        max_n: the largest n to try.
        decimals: as in `possible_totals`.
        min_n: the smallest n to try.
        **options: percent, items, scale and rounding, as in `possible_totals`.

    Example:
        >>> possible_counts("4.71", 20)
        (7, 14, 17)
    """
    require_count("max_n", max_n, 1)
    require_count("min_n", min_n, 1)
    means = [mean] if isinstance(mean, str) else list(mean)
    fits: Iterable[int] = range(min_n, int(max_n) + 1)
    for text in means:
        fits = [n for n in fits if totals_of(text, n, decimals, **options)]
    return tuple(fits)


def largest_at_least(mean: str, n: int, decimals: int | None = None, **options: Any) -> int:
    """Return the least that the largest of n whole numbers with this mean can be: ⌈k / n⌉ (pigeonhole).

    Raises:
        ValueError: if no n whole numbers have this mean; else as `possible_totals`.
    """
    totals = totals_of(mean, n, decimals, **options)
    if not totals:
        raise ValueError(f"mean {mean!r} is not possible for n = {n} whole numbers")
    return ceil(Fraction(totals[0], int(n) * options.get("items", 1)))


def grim_probability(
    n: int, decimals: int, *, items: int = 1, percent: bool = False, rounding: str | Iterable[str] = "lenient"
) -> float:
    """Return the probability that a mean made up at random, with these decimals, fails GRIM.

    It is the exact share of the last `decimals` digits that n · items whole numbers cannot have: with one way to
    round (10^d − n · items) / 10^d, d being two more for a percentage, and less where ties may go either way.

    Example:
        >>> grim_probability(28, 2), grim_probability(200, 2)
        (0.72, 0.0)
    """
    size = require_count("n", n, 1) * require_count("items", items, 1)
    endings = 10 ** (require_count("decimals", decimals, 0) + (2 if percent else 0))
    names = read_rounding(rounding)
    common = gcd(endings, size)
    ties = common if "lenient" in names and (size // common) % 2 == 0 else 0
    return max(0, endings - size - ties) / endings


def grim(
    mean: str,
    n: int | Iterable[int],
    *,
    decimals: int | None = None,
    percent: bool | None = None,
    items: int = 1,
    scale: Sequence[int] | None = None,
    rounding: str | Iterable[str] = "lenient",
) -> Grim:
    """Check whether n whole numbers can have this printed mean, or n yes-or-no answers this percentage.

    Args:
        mean: as in `possible_totals`, like all that follows.
        n: how many whole numbers were averaged; or, if the paper does not say, every number that they may be, such
            as range(15, 26): then one that fits is enough.
        decimals: the decimals the table rounds to, if it drops trailing zeros.
        percent: whether the number is a percentage.
        items: how many whole numbers each of the n averages.
        scale: the lowest and the highest value, such as (1, 7).
        rounding: how the table was rounded.

    Returns:
        A `Grim`, true unless the mean is impossible, with the totals, the nearest possible means, the conventions
        of rounding that fit, and the probability that a number made up at random fails.

    Warns:
        NoPowerWarning: if every number with these decimals is possible.

    Example:
        >>> print(grim("5.19", 28))
        5.19 cannot be the mean of 28 whole numbers; 5.18 and 5.21 can
    """
    if isinstance(n, Iterable) and not isinstance(n, str):
        how: dict[str, Any] = {"decimals": decimals, "percent": percent, "items": items, "scale": scale}
        answer = _grim_of_any(mean, list(n), how, rounding)
        if answer.verdict == "uninformative":
            warnings.warn(answer.message, NoPowerWarning, stacklevel=2)
        return answer
    of, names = MeanOf.read(mean, n, decimals, percent, items, scale), read_rounding(rounding)
    totals = of.totals(names)
    chance = _chance(of, names)
    conventions = of.conventions(totals) or tuple(name for name in names if name != "lenient" and totals)
    verdict, message = _verdict(of, names, totals, chance, conventions)
    if verdict == "uninformative":
        warnings.warn(message, NoPowerWarning, stacklevel=2)
    nearest = of.nearest()
    return Grim(
        verdict=verdict,
        message=message,
        conventions=conventions,
        totals=tuple(totals) if len(totals) <= _LISTED else totals,
        nearest=nearest,
        probability=chance,
    )


def _grim_of_any(mean: str, sizes: list[int], how: dict[str, Any], rounding: str | Iterable[str]) -> Grim:
    """Return the first answer that is not "impossible", and how many of the sizes fit."""
    if not sizes:
        raise ValueError("n must be a whole number, or several; got none")
    names = read_rounding(rounding)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoPowerWarning)
        answers = [grim(mean, size, rounding=names, **how) for size in sizes]
    fits = list(compress(sizes, answers))
    best = next(filter(None, answers), answers[0])
    if not fits:
        message = f"{mean.strip()} is impossible for every n from {min(sizes)} to {max(sizes)}"
        return replace(best, message=message)
    if len(fits) == len(sizes):
        message = f"{mean.strip()} is possible for every n from {min(sizes)} to {max(sizes)}, so GRIM shows nothing"
        return replace(best, verdict="uninformative", message=message)
    listed = ", ".join(map(str, fits[:8])) + (", …" if len(fits) > 8 else "")
    return replace(best, verdict="possible", message=f"{mean.strip()} is possible for n = {listed}")


_LISTED = 10_000  # totals that are listed one by one; more stay a range


def _verdict(
    of: MeanOf, names: tuple[Rounding, ...], totals: range, chance: float, conventions: tuple[Convention, ...]
) -> Any:
    if not totals:
        return "impossible", _why_impossible(of, chance)
    if chance == 0:
        return "uninformative", _why_uninformative(of, names)
    total_text = str(totals[0]) if len(totals) == 1 else f"{totals[0]} to {totals[-1]}"
    only = "" if {"half_up", "half_even"} <= set(conventions) else f", if rounded {in_words(conventions)}"
    return "possible", f"{shown(of)} can be {what(of)}: {total_text} of {of.size}{only}"


def _why_impossible(of: MeanOf, chance: float) -> str:
    unit = " %" if of.percent else ""
    nearest = f"{unit} and ".join(of.nearest()) + unit
    telling = CONVENTIONS if chance > 0.5 else NEAREST  # with a fine grain, cutting digits fits by accident
    others = [name for name in telling if name != "float32" and of.totals([name])]
    hint = f"; it could, if rounded {in_words(others)}" if others else ""
    return f"{shown(of)} cannot be {what(of)}; {nearest} can{hint}"


def _why_uninformative(of: MeanOf, names: tuple[Rounding, ...]) -> str:
    kind = "percentage" if of.percent else "mean"
    return (
        f"{shown(of)} can be {what(of)}, but so can every {kind} with {_decimals(of.number.decimals)}: "
        f"GRIM shows nothing for n = {of.size}{_as_percentage(of, names)}"
    )


def _as_percentage(of: MeanOf, names: tuple[Rounding, ...]) -> str:
    """Return a hint for a number that may be a percentage whose sign is in the heading of its column."""
    if of.percent or not 1 < of.number.value <= 100:
        return ""
    share = replace(of, percent=True, low=0, high=1)
    but = f"; but {shown(share)} cannot be {what(share)}: " if _only_a_mean(of, names) else "; "
    return f"{but}if it is a percentage, say percent=True"


def _only_a_mean(of: MeanOf, names: tuple[Rounding, ...]) -> bool:
    """Say whether a number that could be a percentage, by its size, is impossible as one."""
    share = replace(of, percent=True, low=0, high=1)
    return not of.percent and 1 < of.number.value <= 100 and not share.totals(names)


def _decimals(decimals: int) -> str:
    return f"{decimals} decimal{'' if decimals == 1 else 's'}"
