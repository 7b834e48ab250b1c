"""The interval for a difference of two rates that a few runs of each allow, without any approximation by a normal curve."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lrn.intervals import rate_interval

__all__ = ["difference_interval"]

STEP = 0.005
"""Steps between the differences that are tried, and between the rates at which each is tried."""
MOST = 20
"""Runs up to which all outcomes are gone through; beyond, the two rates' own intervals are subtracted."""


@cache
def difference_interval(a: int, n: int, b: int, m: int, level: float) -> tuple[float, float]:
    """The interval for the rate behind a of n less the rate behind b of m.

    It holds each difference at which an outcome at least as far from it has a chance of more than `level` at some pair of
    rates: the exact unconditional test of the score, turned round. Beyond a few runs the intervals of both rates are subtracted, each
    at half the level, which is exact too, and wider.

    Args:
        a: successes of the first.
        n: its runs.
        b: successes of the second.
        m: its runs.
        level: the chance of missing.

    Returns:
        Both ends, from -1 to 1.

    Source: Chan & Zhang (1999), "Test-based exact confidence intervals for the difference of two binomial proportions",
    Biometrics 55, with two-sided tests.
    """
    if max(n, m) > MOST:
        (a_low, a_high), (b_low, b_high) = rate_interval(a, n, level / 2), rate_interval(b, m, level / 2)
        return a_low - b_high, a_high - b_low
    inside = [d for d in np.arange(-1, 1 + STEP / 2, STEP) if _chance(a, n, b, m, float(d)) > level]
    # The differences next to those that are inside were not tried: they may be inside, too.
    return max(float(min(inside)) - STEP, -1.0), min(float(max(inside)) + STEP, 1.0)


def _chance(a: int, n: int, b: int, m: int, d: float) -> float:
    """The largest chance, over all pairs of rates that differ by d, of an outcome at least as far from d as the one seen."""
    of_first, of_second, far = _outcomes(n, m, d)
    outcomes = (far >= far[a, b] - 1e-9).astype(float)
    return float(np.einsum("ri,ij,rj->r", of_first, outcomes, of_second).max())


@lru_cache(maxsize=512)  # every difference that is tried, for one pair of numbers of runs
def _outcomes(n: int, m: int, d: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The chances of each side's outcomes at all pairs of rates that differ by d, and how far each outcome is from d."""
    second = np.clip(np.arange(max(0.0, -d), min(1.0, 1.0 - d) + STEP / 2, STEP), 0.0, 1.0)
    first = np.clip(second + d, 0.0, 1.0)
    of_first = stats.binom.pmf(np.arange(n + 1), n, first[:, None])
    of_second = stats.binom.pmf(np.arange(m + 1), m, second[:, None])
    # How far an outcome is counts in standard deviations, at the pair of rates that makes it likeliest.
    best = (of_first[:, :, None] * of_second[:, None, :]).argmax(axis=0)
    variance = (first * (1 - first) / n + second * (1 - second) / m)[best]
    shares: NDArray[np.float64] = np.arange(n + 1)[:, None] / n - np.arange(m + 1)[None, :] / m
    return of_first, of_second, np.abs(shares - d) / np.sqrt(np.maximum(variance, 1e-12))
