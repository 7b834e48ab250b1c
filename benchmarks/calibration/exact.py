"""The references for the counts: exact binomial tests, and the exact error rate where it can be computed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from lrn.intervals._betting import BETS, STAKES

__all__ = ["any_miss", "ever_misses", "holm", "p_at_least", "p_two_sided"]


def p_at_least(wrong: int, n: int, rate: float) -> float:
    """The probability of so many wrong of n or more, were each wrong with this probability."""
    return float(stats.binomtest(wrong, n, rate, alternative="greater").pvalue)


def p_two_sided(wrong: int, n: int, rate: float) -> float:
    """The p-value of the exact two-sided binomial test."""
    return float(stats.binomtest(wrong, n, rate).pvalue)


def holm(p_values: Sequence[float], level: float = 0.05) -> int:
    """How many of the hypotheses Holm's procedure rejects at a level."""
    rejected = 0
    for i, p in enumerate(sorted(p_values)):
        if p > level / (len(p_values) - i):
            break
        rejected += 1
    return rejected


def any_miss(rates: Sequence[float], level: float, seeds: range) -> float:
    """The probability that an end of one of several independent rates ever passes the truth, tested at these seeds."""
    return -math.expm1(sum(math.log1p(-ever_misses(rate, level, seeds)) for rate in rates))


def ever_misses(rate: float, level: float, seeds: range) -> float:
    """The probability that either stake against the true rate ever reaches 1 / level.

    The law of the count among those that never did is carried from seed to seed; the stakes are written anew here.

    Args:
        rate: the true rate.
        level: the error probability of each end.
        seeds: the numbers of seeds at which it is tested, one by one.
    """
    unrejected = np.ones(1)
    for n in range(1, seeds.stop):
        unrejected = np.convolve(unrejected, [1 - rate, rate])
        if n in seeds:
            hits = np.arange(n + 1)
            reached = np.maximum(_stake(hits, n, rate), _stake(n - hits, n, 1 - rate)) >= math.log(1 / level)
            unrejected = np.where(reached, 0.0, unrejected)
    return float(1 - unrejected.sum())


def _stake(hits: NDArray[np.int64], n: int, rate: float) -> NDArray[np.float64]:
    """The logarithms (n + 1,) of the stakes on a larger rate, after each number of hits."""
    growth = np.outer(hits, np.log1p(BETS * (1 - rate) / rate)) + np.outer(n - hits, np.log1p(-BETS))
    return special.logsumexp(STAKES + growth, axis=1)
