r"""Confidence sequences for bounded means by betting: valid at every number of observations at once.

Somebody who doubts that the mean of X exceeds m is asked to offer a fair bet. A gambler starts with a stake of 1 and
multiplies it, at each observation x, by

.. math:: 1 + \lambda (x - m), \qquad 0 \le \lambda < 1 / (m - low).

If the mean is at most m, no factor has an expectation above 1. So the stake is a nonnegative supermartingale, and the
probability that it *ever* reaches 1 / alpha is at most alpha (Ville's inequality). The stake is divided among a few
constant bets, :math:`\lambda_j = \beta_j / (m - low)` with the fractions :data:`BETS`, and each part bets by itself;
the sum is again such a supermartingale. Since the bets are constant, the stake depends on the values and not on their
order, and it may be looked at after any observation, by anybody, as often as they like.

Source: Waudby-Smith & Ramdas (2023), "Estimating means of bounded random variables by betting", Journal of the Royal
Statistical Society B 86 (mixtures of constant bets are their equation 36 with weights instead of a grid average);
Ville (1939). The fractions and weights were chosen for few observations on the decisions in docs/calibration.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import scipy  # whose modules load when they are first used: stats takes a second
from numpy.typing import ArrayLike, NDArray

from lrn.intervals._checks import check_count, check_fraction, check_number
from lrn.intervals._exact import checked_values
from lrn.intervals._rounding import magnitude, multiple

__all__ = [
    "BETS",
    "SLACK",
    "STAKES",
    "best_growth",
    "log_capital",
    "mean_sequence",
    "quantile_sequence",
    "rate_sequence",
    "root_below",
]

BETS: NDArray[np.float64] = np.array([0.99, *(1.6**-k for k in range(1, 14))])
"""Bets as fractions of the largest bet that cannot lose everything."""

_WEIGHTS = np.array([1.5, *(1 / (1 + 0.3 * k) for k in range(1, 14))])

STAKES: NDArray[np.float64] = np.log(_WEIGHTS / _WEIGHTS.sum())
"""Logarithm of the part of the stake that each bet starts with."""

SLACK = 1e-6
"""More than the rounding of a sum of a million logarithms: so much more must be won to reject a mean."""

_FEW_VALUES = 4


def log_capital(
    values: NDArray[np.float64], mean: float, low: float, counts: NDArray[np.float64] | None = None
) -> float:
    """Returns the logarithm of the stake after betting that the mean of some values exceeds `mean`.

    Args:
        values: (n,) the observations, none below `low`.
        mean: the mean that is bet against; the stake falls as it grows.
        low: the smallest value that is possible.
        counts: (n,) how often each value was observed; once each by default.
    """
    if mean <= low:  # no value is possible below the bound, and at the bound no other one
        return math.inf if len(values) and (mean < low or bool((values > low).any())) else 0.0
    growth = np.log1p(BETS * ((values - mean) / (mean - low))[:, None])
    logs = STAKES + (growth.sum(0) if counts is None else counts @ growth)
    return float(np.logaddexp.reduce(logs))


def best_growth(
    values: NDArray[np.float64], mean: float, low: float, counts: NDArray[np.float64] | None = None
) -> float:
    """Returns by how much the best bet, in hindsight, raises the logarithm of the stake per observation.

    Args:
        values: (n,) the observations, none below `low`.
        mean: the mean that is bet against.
        low: the smallest value that is possible.
        counts: (n,) how often each value was observed; once each by default.
    """
    n = len(values) if counts is None else float(counts.sum())
    if mean <= low or n == 0:
        return 0.0
    growth = np.log1p(BETS * ((values - mean) / (mean - low))[:, None])
    return max(float((growth.sum(0) if counts is None else counts @ growth).max()) / n, 0.0)


def root_below(capital: Callable[[float], float], low: float, point: float, goal: float) -> float:
    """Returns a lower end: the last number of eight digits, counted from `low`, at which the capital reaches the goal.

    The last bits of a logarithm differ from one machine to the next. Eight digits of an end do not.

    Args:
        capital: falls as its argument grows; below the goal at `point`.
        low: where to begin; returned if the capital never reaches the goal.
        point: where to end.
        goal: logarithm of the stake that rejects.
    """
    span = point - low
    inside = low + span * 1e-12
    if span <= 0 or capital(inside) < goal:
        return low
    if capital(point) >= goal:
        return point
    distance = scipy.optimize.brentq(
        lambda distance: min(capital(low + distance), 1e6) - goal, inside - low, span, xtol=1e-300, rtol=1e-9
    )
    exponent = max(magnitude(distance) - 7, magnitude(max(abs(low), abs(point))) - 14, -300)
    step = 10.0**exponent
    number = math.floor(distance / step) + 1
    while number * step < span and capital(multiple(number, exponent, low)) >= goal:
        number += 1
    while number > 1 and capital(multiple(number - 1, exponent, low)) < goal:
        number -= 1
    return multiple(number - 1, exponent, low)


def mean_sequence(values: ArrayLike, low: float, high: float, alpha: float) -> tuple[float, float]:
    r"""Returns an interval for the mean of a bounded quantity that holds at every number of observations at once.

    The lower end is the smallest mean against which the stake of :func:`log_capital` has not grown to 2 / alpha; the
    upper end is the same for the negated values. Each end ever misses with probability at most alpha / 2. A difference
    of two quantities is a quantity too: for the mean of A - B take the differences per seed, and nothing need be
    independent but the seeds.

    Args:
        values: (n,) independent observations; their order does not matter. n = 0 gives (low, high).
        low: the smallest value that is possible.
        high: the largest value that is possible.
        alpha: the probability of ever missing, strictly between 0 and 1.

    Returns:
        The lower and the upper end.

    Raises:
        TypeError: a number or the values are of another type.
        ValueError: a value is NaN or outside the bounds, the bounds are not finite and ordered, or alpha is out of
            range.

    Source: the module's docstring.

    Example:
        >>> low, high = mean_sequence([0.5, 0.75] * 200, 0, 1, alpha=0.001)
        >>> low < 0.625 < high
        True
    """
    observed = checked_values(values)
    goal = math.log(2 / check_fraction("alpha", alpha)) + SLACK
    low, high = _bounds(low, high)
    if len(observed) and not (low <= observed.min() and observed.max() <= high):
        raise ValueError(f"values must lie in [{low}, {high}]; got [{observed.min()}, {observed.max()}]")
    distinct, counts = _distinct(observed)
    return mean_ends(distinct, counts, low, high, goal)


def mean_ends(
    values: NDArray[np.float64], counts: NDArray[np.float64] | None, low: float, high: float, goal: float
) -> tuple[float, float]:
    """Returns both ends of the interval for a mean, each where the stake reaches exp(goal).

    Args:
        values: (n,) the distinct observations.
        counts: (n,) how often each was observed; None for once each.
        low: the smallest value that is possible.
        high: the largest value that is possible.
        goal: logarithm of the stake that rejects a mean.
    """
    if len(values) == 0 or low == high:
        return low, high
    mean = float(np.average(values, weights=counts))
    below = root_below(lambda m: log_capital(values, m, low, counts), low, min(mean, high), goal)
    above = -root_below(lambda m: log_capital(-values, m, -high, counts), -high, min(-mean, -low), goal)
    return below, above


def rate_sequence(hits: int, n: int, alpha: float) -> tuple[float, float]:
    """Returns an interval for a rate that holds at every number of observations at once: `mean_sequence` of 0 and 1.

    Args:
        hits: successes among the n observations.
        n: independent observations.
        alpha: the probability of ever missing, strictly between 0 and 1.

    Returns:
        The lower and the upper end.

    Raises:
        TypeError: hits or n is not a whole number.
        ValueError: not 0 <= hits <= n, or alpha is out of range.

    Source: as `mean_sequence`.

    Example:
        >>> low, high = rate_sequence(90, 100, alpha=0.05)
        >>> 0.7 < low < 0.9 < high < 1
        True
    """
    n = check_count("n", n)
    hits = check_count("hits", hits, 0, n)
    goal = math.log(2 / check_fraction("alpha", alpha)) + SLACK
    if n == 0:
        return 0.0, 1.0
    return mean_ends(np.array([0.0, 1.0]), np.array([n - hits, hits], np.float64), 0.0, 1.0, goal)


def quantile_sequence(values: ArrayLike, q: float, alpha: float) -> tuple[float, float]:
    """Returns an interval of order statistics for the q-quantile that holds at every number of observations at once.

    Whether an observation is at most the q-quantile is a success with probability at least q, whether it is smaller
    is one with probability at most q. So the quantile lies above t as soon as the number of observations up to t is too
    small for a rate of q, by the betting of `rate_sequence`, and below t as soon as the number of smaller ones is too
    large. Ties, counts and a lump at infinity are covered as they are.

    Args:
        values: (n,) independent observations; `inf` stands for "it never happened".
        q: which quantile, strictly between 0 and 1.
        alpha: the probability of ever missing, strictly between 0 and 1.

    Returns:
        Two of the values, or `-inf` / `inf` for an end for which n is too small.

    Raises:
        TypeError: the values are not numbers.
        ValueError: values is not one-dimensional or holds NaN, or q or alpha is out of range.

    Source: the inversion is that of Howard & Ramdas (2022), "Sequential estimation of quantiles with applications to
    A/B testing and best-arm identification", Bernoulli 28, section 3; the boundary is that of this module.

    Example:
        >>> low, high = quantile_sequence(range(1000), 0.5, alpha=0.001)
        >>> 350 < low < 500 < high < 650
        True
    """
    ordered = np.sort(checked_values(values))
    q = check_fraction("q", q)
    goal = math.log(2 / check_fraction("alpha", alpha)) + SLACK
    return quantile_ends(ordered, q, goal)


def quantile_ends(ordered: NDArray[np.float64], q: float, goal: float) -> tuple[float, float]:
    """Returns both ends of the interval for a quantile, each where the stake reaches exp(goal).

    Args:
        ordered: (n,) the observations, smallest first.
        q: which quantile.
        goal: logarithm of the stake that rejects a rate of q.
    """
    n = len(ordered)

    def too_few(k: int) -> bool:
        return log_capital(np.array([0.0, -1.0]), -q, -1.0, np.array([n - k, k], np.float64)) >= goal

    def too_many(k: int) -> bool:
        return log_capital(np.array([0.0, 1.0]), q, 0.0, np.array([n - k, k], np.float64)) >= goal

    below = _first(n + 1, lambda k: not too_few(k))  # the smallest count that is not too small
    above = _first(n + 1, too_many)
    low = float(ordered[below - 1]) if below > 0 else -math.inf
    high = float(ordered[above - 1]) if 0 < above <= n else math.inf
    return low, high


def _first(stop: int, holds: Callable[[int], bool]) -> int:
    """Returns the first of 0, 1, ... from which on a condition holds; `stop` if it never does."""
    start = 0
    while start < stop:
        middle = (start + stop) // 2
        if holds(middle):
            stop = middle
        else:
            start = middle + 1
    return start


def _distinct(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Returns the distinct values with their counts where they are few, else the values themselves."""
    distinct, counts = np.unique(values, return_counts=True)
    if _FEW_VALUES * len(distinct) > len(values):
        return values, None
    return distinct, counts.astype(np.float64)


def _bounds(low: float, high: float) -> tuple[float, float]:
    low, high = check_number("low", low), check_number("high", high)
    if not (math.isfinite(high - low) and low <= high):
        raise ValueError(f"bounds must be finite with low <= high; got low = {low} and high = {high}")
    return low, high
