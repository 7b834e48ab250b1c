"""What the counts are held against: exact binomial tests, and the exact error rate where it can be computed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from lrn.intervals import LOOK

if TYPE_CHECKING:
    from benchmarks.calibration.suites import Setting

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


def any_miss(setting: Setting) -> float:
    """The probability that in one suite an interval of an independent quantity misses at a look."""
    rates = Counter(setting.misses).items()
    kept = sum(n * math.log1p(-ever_misses(rate, setting.quantity_alpha, setting.looks)) for rate, n in rates)
    return -math.expm1(kept)


def ever_misses(rate: float, alpha: float, looks: range) -> float:
    """The probability that an interval misses at any of these looks, for a quantity with an error budget of its own.

    Nothing of `lrn.intervals` is used but the numbering of looks: an interval misses exactly where a binomial tail of
    the true rate is no more than half the look's level. The law of the count among those that never missed is carried
    from look to look.
    """
    kept, n = np.ones(1), 0
    for look in looks:
        new = (LOOK << (look - 1)) - n
        kept = np.convolve(kept, stats.binom.pmf(np.arange(new + 1), new, rate))
        n += new
        hits, tail = np.arange(n + 1), alpha / (look * (look + 1)) / 2
        missed = (stats.binom.sf(hits - 1, n, rate) <= tail) | (stats.binom.cdf(hits, n, rate) <= tail)
        kept = np.where(missed, 0.0, kept)
    return float(1 - kept.sum())
