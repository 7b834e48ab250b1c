"""Printed p-values of two groups, against their counts or against their means and standard deviations."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product, repeat
from math import sqrt

import scipy  # whose modules load when they are first used: stats takes a second

from lrn.audit._check import require_count
from lrn.audit._counts import CountTest, compare_counts
from lrn.audit._more_tests import other_tests
from lrn.audit._numbers import parse_number
from lrn.audit._p_values import PValue, compare_p
from lrn.audit._ranges import Ends, ends_of
from lrn.audit._rounding import read_rounding

__all__ = ["check_p_from_counts", "check_p_from_means"]

_SMALL = 400  # the exact tests that enumerate both groups are tried up to this many in all


def check_p_from_counts(
    k1: int,
    n1: int,
    k2: int,
    n2: int,
    p: str,
    *,
    test: CountTest | None = None,
    sided: int | None = None,
    alpha: float = 0.05,
    rounding: str | Iterable[str] = "lenient",
) -> PValue:
    """Check a printed p-value against the counts it compares: k1 of n1 with k2 of n2.

    Args:
        k1: hits of the first group, and so on as in `compare_counts`.
        n1: size of the first group.
        k2: hits of the second group.
        n2: size of the second group.
        p: the p-value as printed.
        test: the test, or None if the paper does not say. Then any of them will do, and so will the likelihood-ratio
            test, Pearson's by n - 1, the z-test of two unpooled shares, and Fisher's with doubled tails or mid-p.
        sided: 2, 1, or None for either.
        alpha: the level of "ns" and of decision errors.
        rounding: how the p-value was rounded.

    Example:
        >>> check_p_from_counts(3, 4, 1, 4, ".486").reading
        'fisher, two-sided'
    """
    quick: tuple[CountTest, ...] = ("fisher", "pearson", "yates") if test is None else (test,)
    slow: tuple[CountTest, ...] = ("boschloo", "barnard") if test is None and n1 + n2 <= _SMALL else ()
    shown, ranges = f"{k1} of {n1} against {k2} of {n2}", {}
    for tests in (quick, slow):  # the slow ones, only where no other explains the number
        for each, side in product(tests, (2, 1) if sided is None else (sided,)):
            exact = compare_counts(k1, n1, k2, n2, each, sided=side)
            ranges[f"{each}, {'two' if side == 2 else 'one'}-sided"] = (exact, exact)
        if tests is slow and test is None and sided != 1:
            for name, exact in other_tests(k1, n1, k2, n2).items():
                ranges[name] = (exact, exact)
        answer = compare_p(shown, ranges, p, alpha, True, read_rounding(rounding))
        if answer:
            break
    return answer


def check_p_from_means(
    mean1: str,
    sd1: str,
    n1: int,
    mean2: str,
    sd2: str,
    n2: int,
    p: str,
    *,
    sided: int | None = None,
    alpha: float = 0.05,
    rounding: str | Iterable[str] = "lenient",
) -> PValue:
    """Check the printed p-value of a t-test of two groups against their means and standard deviations.

    Student's test and Welch's both count, with an SD by n - 1 or by n, and so does every mean and SD that prints so.

    Args:
        mean1: the first group's mean as printed.
        sd1: its standard deviation.
        n1: its size, at least 2.
        mean2: the second group's mean.
        sd2: its standard deviation.
        n2: its size.
        p: the p-value as printed.
        sided: 2, 1, or None for either.
        alpha: the level of "ns" and of decision errors.
        rounding: how the numbers were rounded.

    Source:
        After the recalculation of the R package recalc.

    Example:
        >>> bool(check_p_from_means("10.30", "3.12", 50, "8.71", "2.80", 48, "< .01"))
        True
    """
    require_count("n1", n1, 2)
    require_count("n2", n2, 2)
    names = read_rounding(rounding)
    printed = map(parse_number, (mean1, sd1, mean2, sd2))
    ends1, sd_ends1, ends2, sd_ends2 = map(ends_of, printed, repeat(names))
    gaps = _gaps(ends1, ends2)
    ranges = {}
    for by_n, test, side in product((False, True), ("student", "welch"), (2, 1) if sided is None else (sided,)):
        wider1, wider2 = (sqrt(n1 / (n1 - 1)), sqrt(n2 / (n2 - 1))) if by_n else (1.0, 1.0)
        every = product(gaps, _times(wider1, sd_ends1), _times(wider2, sd_ends2))
        all_p = [_t_test(test, gap, s1, n1, s2, n2) * side / 2 for gap, s1, s2 in every]
        name = f"{test}, {'two' if side == 2 else 'one'}-sided{', SDs by n' if by_n else ''}"
        ranges[name] = (min(all_p), max(all_p))
    shown = f"{mean1} ± {sd1} (n = {n1}) against {mean2} ± {sd2} (n = {n2})"
    return compare_p(shown, ranges, p, alpha, True, names)


def _times(factor: float, ends: Ends) -> Ends:
    return factor * ends[0], factor * ends[1]


def _gaps(first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    low, high = first[0] - second[1], first[1] - second[0]
    return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))


def _t_test(test: str, gap: float, sd1: float, n1: int, sd2: float, n2: int) -> float:
    v1, v2 = max(0.0, sd1) ** 2 / n1, max(0.0, sd2) ** 2 / n2
    if test == "student":
        pooled = (v1 * n1 * (n1 - 1) + v2 * n2 * (n2 - 1)) / (n1 + n2 - 2)
        error, df = sqrt(pooled * (1 / n1 + 1 / n2)), float(n1 + n2 - 2)
    else:
        error = sqrt(v1 + v2)
        df = (v1 + v2) ** 2 / (v1**2 / (n1 - 1) + v2**2 / (n2 - 1)) if error else 1.0
    if not error:
        return 0.0 if gap else 1.0
    return 2 * float(scipy.stats.t.sf(gap / error, df))
