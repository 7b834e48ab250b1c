"""How compatible a published count is with a measured rate: the exact binomial test over a whole interval."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import scipy  # whose modules load when they are first used
from numpy.typing import NDArray

from lrn.intervals._checks import check_count
from lrn.intervals._estimate import Estimate

__all__ = ["binomial_compatibility"]

# scipy.stats.binomtest counts an outcome as no likelier than k when it is likelier by at most this part.
_TIE = 1e-7
_SLACK = 1e-9


def binomial_compatibility(k: int, n: int, rate: Estimate) -> Estimate:
    r"""Return the p-value of having published ``k`` of ``n``, when the true rate is known up to an interval.

    The exact two-sided p-value at a rate p sums the probabilities of all outcomes no likelier than k,

    .. math:: P(p) = \sum_{j : f_p(j) \le f_p(k)} f_p(j), \qquad f_p(j) = \binom{n}{j} p^j (1 - p)^{n - j}.

    As p moves, P jumps wherever an outcome becomes likelier than k; between two jumps it falls, then rises.
    The ends returned are the infimum and the supremum of P over the interval, found from all jumps
    (approached from both sides) and all turning points inside it. Thus "the count is implausible at every
    rate that the interval allows" is ``binomial_compatibility(k, n, rate) < level``.

    Args:
        k: published successes.
        n: published trials, at least 1.
        rate: the measured rate, within [0, 1].

    Returns:
        The p-value at ``rate.point`` as :func:`scipy.stats.binomtest` gives it, with its bounds over the
        interval of ``rate``, whose quantities it shares.

    Raises:
        TypeError: if k or n is not a whole number, or rate is not an Estimate.
        ValueError: if not 0 <= k <= n, n is 0, or the interval leaves [0, 1].

    Source: the two-sided test of ``scipy.stats.binomtest`` and R's ``binom.test``.
    """
    n = check_count("n", n, 1)
    k = check_count("k", k, 0, n)
    if not isinstance(rate, Estimate):
        raise TypeError(f"rate must be an Estimate, not {rate!r}")
    if not (rate._low >= 0 and rate._high <= 1):
        raise ValueError(f"a rate must lie in [0, 1], not in [{rate._low}, {rate._high}]")
    point = math.nan if math.isnan(rate._point) else _p_value(k, n, rate._point)
    if rate._low < rate._high:
        low, high = _extremes(k, n, rate._low, rate._high)
    else:
        low = high = _p_value(k, n, rate._low)
    name = f"p-value of {k} of {n}" + (f" for {rate.name}" if rate.name else "")
    return Estimate(point, min(low, point), max(high, point), name=name, quantities=rate.quantities)


def _p_value(k: int, n: int, rate: float) -> float:
    """Return P at one rate."""
    j = np.arange(n + 1)
    probability = np.exp(_log_choose(n, j) + scipy.special.xlogy(j, rate) + scipy.special.xlog1py(n - j, -rate))
    return min(float(probability[probability <= probability[k] * (1 + _TIE)].sum()), 1.0)


def _extremes(k: int, n: int, low: float, high: float) -> tuple[float, float]:
    """Return the infimum and the supremum of P over the rates in [low, high], rounded outward."""
    mirrored = max(math.nextafter(1 - high, 0), 0.0), min(math.nextafter(1 - low, 2), 1.0)
    values = [*_values_above(k, n, low, high), *_values_above(n - k, n, *mirrored)]
    # All outcomes count at the rates at which k itself is the likeliest.
    if low <= _jumps(k, n, _TIE)[0] and mirrored[0] <= _jumps(n - k, n, _TIE)[0]:
        values.append(1.0)
    return min(values) * (1 - _SLACK), min(max(values) * (1 + _SLACK), 1.0)


@lru_cache(maxsize=1024)
def _jumps(k: int, n: int, tie: float) -> NDArray[np.float64]:
    """Return the rates above which outcome k + 1, ..., n is likelier than k, rising, and then 1."""
    j = np.arange(k + 1, n + 1)
    odds = np.exp((_log_choose(n, k) - _log_choose(n, j) + tie) / (j - k))
    jumps = np.append(odds / (1 + odds), 1.0)
    jumps.flags.writeable = False  # all callers share it
    return jumps


def _values_above(k: int, n: int, low: float, high: float) -> NDArray[np.float64]:
    """Return values between which P lies for the rates in [low, high] at which k + 1 is likelier than k.

    There k belongs to the lower tail, and the upper tail starts at some m > k + 1, which grows at each jump.
    """
    m = np.arange(k + 2, n + 2)
    # Neighbouring pieces overlap by the width of a tie, so that rounding of a jump cannot lose an extreme.
    begins = np.maximum(_jumps(k, n, -_TIE)[:-1], low)
    ends = np.minimum(_jumps(k, n, _TIE)[1:], high)
    met = begins <= ends
    m, begins, ends = m[met], begins[met], ends[met]
    turns = np.clip(_turning_rates(k, n)[met], begins, ends)
    return np.concatenate([_two_tails(k, n, m, rates) for rates in (begins, turns, ends)])


@lru_cache(maxsize=1024)
def _turning_rates(k: int, n: int) -> NDArray[np.float64]:
    """Return where P(X <= k) + P(X >= m) stops falling and begins to rise, for m = k + 2, ..., n + 1.

    The last is 1, as P(X <= k) alone only falls.
    """
    m = np.arange(k + 2, n + 1)
    odds = np.exp((_log_choose(n - 1, k) - _log_choose(n - 1, m - 1)) / (m - 1 - k))
    rates = np.append(odds / (1 + odds), 1.0)
    rates.flags.writeable = False  # all callers share it
    return rates


def _two_tails(k: int, n: int, m: NDArray[np.int64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return P(X <= k) + P(X >= m) for X ~ Binomial(n, p), elementwise in m and p."""
    upper = np.zeros(len(m))
    inner = m <= n
    upper[inner] = scipy.special.betainc(m[inner], n - m[inner] + 1, p[inner])
    lower: NDArray[np.float64] = scipy.special.betaincc(k + 1, n - k, p)
    return lower + upper


def _log_choose(n: int, k: int | NDArray[np.int64]) -> NDArray[np.float64]:
    chosen = np.asarray(k)
    return np.asarray(
        scipy.special.gammaln(n + 1) - scipy.special.gammaln(chosen + 1) - scipy.special.gammaln(n - chosen + 1)
    )
