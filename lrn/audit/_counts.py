"""Tests of k of n against k of n, and their power."""

from __future__ import annotations

import math
from functools import cache
from typing import Literal, get_args

import numpy as np
import scipy  # whose modules load when they are first used: stats takes a second
from numpy.typing import ArrayLike, NDArray

from lrn.audit._check import is_number, require_count

__all__ = ["CountTest", "compare_counts", "detectable_rate", "holm", "power"]

CountTest = Literal["fisher", "boschloo", "barnard", "pearson", "yates"]
_TESTS: tuple[CountTest, ...] = get_args(CountTest)


def compare_counts(k1: int, n1: int, k2: int, n2: int, test: CountTest = "fisher", *, sided: int = 2) -> float:
    """Return the p-value of "k1 of n1 and k2 of n2 came from one rate".

    "fisher" (Fisher, 1935) conditions on k1 + k2 and is the most cautious; "boschloo" (Boschloo, 1970) and "barnard"
    (Barnard, 1945) do not, and find more; these three are exact at every n (`scipy.stats.fisher_exact`,
    `boschloo_exact`, `barnard_exact`). "pearson" is the chi-squared test, "yates" the same with the continuity
    correction; both are approximations.

    Args:
        k1: hits of the first group.
        n1: size of the first group.
        k2: hits of the second group.
        n2: size of the second group.
        test: the test.
        sided: 2, or 1 for the test in the direction that the counts show.

    Raises:
        ValueError: if n >= 1 and 0 <= k <= n fails for a group, or the test is unknown.

    Example:
        >>> round(compare_counts(3, 4, 1, 4), 4), round(compare_counts(3, 4, 1, 4, sided=1), 4)
        (0.4857, 0.2429)
    """
    for name, k, n in (("1", k1, n1), ("2", k2, n2)):
        require_count(f"n{name}", n, 1)
        require_count(f"k{name}", k, 0)
        if k > n:
            raise ValueError(f"k{name} must be at most n{name} = {n}, not {k}")
    if test not in _TESTS:
        raise ValueError(f"test must be one of {', '.join(_TESTS)}, not {test!r}")
    if sided not in (1, 2):
        raise ValueError(f"sided must be 1 or 2; got {sided!r}")
    return _p_value(int(k1), int(n1), int(k2), int(n2), test, sided)


@cache
def _p_value(k1: int, n1: int, k2: int, n2: int, test: CountTest, sided: int) -> float:
    if k1 + k2 in (0, n1 + n2):  # only one outcome was seen: no evidence, where scipy answers nan
        return 1.0
    table = [[k1, k2], [n1 - k1, n2 - k2]]
    if test in ("pearson", "yates"):
        return float(scipy.stats.chi2_contingency(table, correction=test == "yates").pvalue) * sided / 2
    exact = {
        "fisher": scipy.stats.fisher_exact,
        "boschloo": scipy.stats.boschloo_exact,
        "barnard": scipy.stats.barnard_exact,
    }[test]
    ways = ("two-sided",) if sided == 2 else ("less", "greater")
    return min(1.0, *(float(exact(table, alternative=way).pvalue) for way in ways))


def power(rate1: float, rate2: float, n1: int, n2: int, *, alpha: float = 0.05, test: CountTest = "fisher") -> float:
    """Return the probability that the test, two-sided at level alpha, shows the second rate to be higher.

    Exact enumeration: the binomial probabilities of all pairs of counts whose p-value is at most alpha and
    whose second share is the larger one.

    Raises:
        ValueError: if a rate is outside [0, 1], alpha outside (0, 1), or n < 1.
    """
    for name, rate in (("rate1", rate1), ("rate2", rate2)):
        if not (is_number(rate) and 0 <= rate <= 1):
            raise ValueError(f"{name} must be between 0 and 1, not {rate!r}")
    if not (is_number(alpha) and 0 < alpha < 1):
        raise ValueError(f"alpha must be between 0 and 1, not {alpha!r}")
    require_count("n1", n1, 1)
    require_count("n2", n2, 1)
    significant = _significant(n1, n2, alpha, test)
    return float(_binomial(n1, rate1) @ significant @ _binomial(n2, rate2))


def _binomial(n: int, rate: float) -> NDArray[np.float64]:
    """Return the probabilities (n + 1,) of 0 to n hits; scipy's own overflows at rates near 1e-308."""
    k = np.arange(n + 1)
    ways = scipy.special.gammaln(n + 1) - scipy.special.gammaln(k + 1) - scipy.special.gammaln(n - k + 1)
    mass: NDArray[np.float64] = np.exp(ways + scipy.special.xlogy(k, rate) + scipy.special.xlog1py(n - k, -rate))
    return mass


@cache
def _significant(n1: int, n2: int, alpha: float, test: CountTest) -> NDArray[np.float64]:
    """Return (n1 + 1, n2 + 1) ones where the counts show the second rate higher, else zeros."""
    significant = np.zeros((n1 + 1, n2 + 1))
    for k1 in range(n1 + 1):
        for k2 in range(n2 + 1):
            if k1 * n2 < k2 * n1:
                significant[k1, k2] = compare_counts(k1, n1, k2, n2, test) <= alpha
    return significant


def detectable_rate(
    rate: float, n: int, *, target_power: float = 0.8, alpha: float = 0.05, test: CountTest = "fisher"
) -> float:
    """Return the least rate that n runs per group show to be higher than `rate` with power `target_power`; inf if none.

    By bisection to 1e-6: for groups of one size the power rises with the second rate.

    Raises:
        ValueError: as `power`, or if `target_power` is outside (0, 1).
    """
    if not (is_number(target_power) and 0 < target_power < 1):
        raise ValueError(f"target_power must be between 0 and 1, not {target_power!r}")
    if power(rate, 1.0, n, n, alpha=alpha, test=test) < target_power:
        return math.inf
    low, high = rate, 1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        enough = power(rate, middle, n, n, alpha=alpha, test=test) >= target_power
        low, high = (low, middle) if enough else (middle, high)
    return high


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return p-values (n,) adjusted for n tests, in the order given (Holm, 1979, Scand. J. Statist. 6(2)).

    Rejecting where the adjusted value is at most alpha keeps the probability of any false rejection at most
    alpha, whatever the dependence between the tests.

    Raises:
        ValueError: if the values are not a flat list of numbers between 0 and 1.
    """
    try:
        p = np.asarray(p_values, dtype=np.float64)
    except (TypeError, ValueError):
        p = np.array(np.nan)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1)):
        raise ValueError(f"p_values must be a flat list of numbers between 0 and 1, not {p_values!r}")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, p[order] * np.arange(p.size, 0, -1)))
    return adjusted
