"""Finite-sample intervals for a rate, a quantile and a bounded mean."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

import numpy as np
import scipy  # whose modules load when they are first used
from numpy.typing import ArrayLike, NDArray

from lrn.intervals._checks import check_count, check_fraction, check_number

__all__ = ["checked_values", "mean_interval", "quantile_interval", "rare_ranks", "rate_interval"]

# Ends move outward by this part, which is more than the rounding of the special functions behind them.
_SLACK = 1e-9
# More than the rounding of a sum of a million logarithms: so much more must be won to reject a mean.
_CAPITAL_SLACK = 1e-6
# Bets stay below this part of the largest bet that cannot lose everything. The paper suggests 1/2 or 3/4;
# at the tiny alphas of a shared error budget the bolder one gives intervals up to a quarter narrower.
_BET_CAP = 0.75
_BISECTIONS = 50


def rate_interval(hits: int, n: int, alpha: float) -> tuple[float, float]:
    """Return the Clopper-Pearson interval for a rate, (low, high).

    Each end is the rate at which a result as extreme as ``hits`` has probability alpha / 2. So each end
    misses the true rate with probability at most alpha / 2, for every n and every rate. n = 0 gives (0, 1).

    Args:
        hits: successes among the n observations.
        n: independent observations.
        alpha: the probability of missing, strictly between 0 and 1.

    Raises:
        TypeError: if hits or n is not a whole number.
        ValueError: if not 0 <= hits <= n, or alpha is out of range.

    Source: Clopper & Pearson (1934), "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26; the quantiles of the beta distribution give the ends.
    """
    n = check_count("n", n)
    hits = check_count("hits", hits, 0, n)
    tail = check_fraction("alpha", alpha) / 2
    low = float(scipy.special.betaincinv(hits, n - hits + 1, tail)) * (1 - _SLACK) if hits > 0 else 0.0
    high = float(scipy.special.betainccinv(hits + 1, n - hits, tail)) * (1 + _SLACK) if hits < n else 1.0
    return low, min(high, 1.0)


def quantile_interval(values: ArrayLike, q: float, alpha: float) -> tuple[float, float]:
    """Return an interval of order statistics for the q-quantile, (low, high).

    A q-quantile is any m with P(X < m) <= q <= P(X <= m); where several m qualify (the distribution
    function is flat there), the interval holds all of them at once. The number of observations at or below
    a quantile is binomial with a probability of at least q, the number below it is binomial with at most q,
    and no continuity is needed: ties, counts and a lump at infinity are covered as they are.

    Args:
        values: (n,) independent observations; ``inf`` stands for "it never happened".
        q: which quantile, strictly between 0 and 1.
        alpha: the probability of missing, strictly between 0 and 1.

    Returns:
        Two of the values, or ``-inf`` / ``inf`` for an end for which n is too small. The matching point
        estimate is ``numpy.quantile(values, q, method="inverted_cdf")``, which always lies between them.

    Raises:
        ValueError: if values is not one-dimensional or holds NaN, or q or alpha is out of range.

    Source: David & Nagaraja (2003), "Order Statistics", section 7.1.
    """
    ordered = np.sort(checked_values(values))
    q = check_fraction("q", q)
    tail = check_fraction("alpha", alpha) / 2 * (1 - _SLACK)
    n = len(ordered)
    below = rare_ranks(n, q, tail)
    # The smallest s with P(at least s of the n observations lie below the quantile) <= tail.
    above = 1 + bisect_left(range(1, n + 1), -tail, key=lambda k: -scipy.special.betainc(k, n - k + 1, q))
    low = float(ordered[below - 1]) if below > 0 else -math.inf
    high = float(ordered[above - 1]) if above <= n else math.inf
    return low, high


def mean_interval(values: ArrayLike, low: float, high: float, alpha: float) -> tuple[float, float]:
    r"""Return the betting interval for the mean of a bounded quantity, (low end, high end).

    For each candidate mean m two gamblers bet, one on larger observations and one on smaller. If m is the
    true mean, neither can expect to win, and the chance that one of them ever multiplies the stake by
    2 / alpha is at most alpha (Ville's inequality). The interval is every m at which neither has done so
    (and reaches to the mean of the values, should that lie outside). With x in [0, 1] and a stake of 1, the
    first gambler owns

    .. math:: K_t(m) = \prod_{i \le t} (1 + \min(\lambda_i, c / m) (x_i - m)), \qquad
        \lambda_i = \sqrt{2 \log(2 / \alpha) / (n \hat\sigma^2_{i - 1})},

    after t rounds: a bet looks at the variance of earlier observations only, and is tuned to n rounds. The
    second gambler does the same with 1 - x and 1 - m. Takes O(n) for each of 100 values of m.

    Args:
        values: (n,) independent observations, in an order that does not depend on them (such as that of the
            seeds); the ends depend on the order.
        low: the smallest value that is possible.
        high: the largest value that is possible.
        alpha: the probability of missing, strictly between 0 and 1.

    Raises:
        ValueError: if a value is NaN or outside [low, high], the bounds are not finite and ordered, values is
            not one-dimensional, or alpha is out of range.

    Source: Waudby-Smith & Ramdas (2023), "Estimating means of bounded random variables by betting", Journal
    of the Royal Statistical Society B 86: the hedged capital interval with predictable plug-in bets for a
    fixed n.
    """
    observed = checked_values(values)
    alpha = check_fraction("alpha", alpha)
    low, high = check_number("low", low), check_number("high", high)
    if not (math.isfinite(high - low) and low <= high):
        raise ValueError(f"bounds must be finite with low <= high, not low = {low} and high = {high}")
    if len(observed) and not (low <= observed.min() and observed.max() <= high):
        raise ValueError(f"values must lie in [{low}, {high}], not in [{observed.min()}, {observed.max()}]")
    span = high - low
    if len(observed) == 0 or span == 0:
        return low, high
    x = np.clip((observed - low) / span, 0, 1)
    bets = _plug_in_bets(x, alpha)
    below = min(_smallest_mean(x, bets, alpha / 2), x.mean()) - _SLACK
    above = min(_smallest_mean(1 - x, bets, alpha / 2), 1 - x.mean()) - _SLACK
    return max(low, _below(low + span * below)), min(high, -_below(span * above - high))


def rare_ranks(n: int, rate: float, tail: float) -> int:
    """Return the largest r with P(fewer than r of n hit) <= tail, for hits of the given rate."""
    return bisect_right(range(n), tail, key=lambda k: scipy.special.betaincc(k + 1, n - k, rate))


def checked_values(values: ArrayLike) -> NDArray[np.float64]:
    """Return values as a float array (n,) without NaN."""
    try:
        observed = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"values must be numbers: {error}") from None
    if observed.ndim != 1:
        raise ValueError(f"values must be one-dimensional, not of shape {observed.shape}")
    missing = int(np.isnan(observed).sum())
    if missing:
        raise ValueError(f"values must be numbers, but {missing} of {len(observed)} are NaN")
    return observed


def _plug_in_bets(x: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """Return the bets (n,) for x in [0, 1]: bet i from the running variance of the i - 1 values before it."""
    n = len(x)
    count = np.arange(2, n + 2)
    mean = (0.5 + np.cumsum(x)) / count
    variance = (0.25 + np.cumsum((x - mean) ** 2)) / count
    earlier = np.concatenate(([0.25], variance[:-1]))
    return np.sqrt(2 * math.log(2 / alpha) / (n * earlier))


def _below(end: float) -> float:
    return math.nextafter(end, -math.inf)


def _log_capital(x: NDArray[np.float64], bets: NDArray[np.float64], m: float) -> NDArray[np.float64]:
    """Return the log of the stake (n,) after each round of betting that the mean of x in [0, 1] exceeds m."""
    return np.cumsum(np.log1p(np.minimum(bets, _BET_CAP / m) * (x - m)))


def _smallest_mean(x: NDArray[np.float64], bets: NDArray[np.float64], tail: float) -> float:
    """Return the lower end for x in [0, 1]: at all smaller means the stake grows to 1 / tail at some time.

    No factor of the stake rises with m, hence bisection finds the end; the result is always a mean that
    was rejected (or 0), which is the safe side.
    """
    goal = math.log(1 / tail) + _CAPITAL_SLACK
    rejected, allowed = 0.0, 1.0
    for _ in range(_BISECTIONS):
        m = (rejected + allowed) / 2
        if _log_capital(x, bets, m).max() >= goal:
            rejected = m
        else:
            allowed = m
    return rejected
