"""Other ways to decide that one rate, or mean, exceeds another, at the same share of the error budget."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from benchmarks.efficiency.populations import Bernoulli, Normal
from benchmarks.efficiency.rows import CORRELATION, QUANTITIES, SD, Row

__all__ = ["fisher", "plug_in_betting", "turner_grunwald"]

_PRIOR = 0.18
"""Of both counts in the Beta prior, as Turner, Ly & Grünwald recommend."""

_CAP = 0.5
"""Part of the largest bet that cannot lose everything."""

_SPAN = 7.0
"""Standard deviations beyond which counts are left out of a power: less than 1e-11 of it."""


def fisher(row: Row, alpha: float, power: float = 0.9) -> int:
    """Returns the seeds per population that give Fisher's exact test, one-sided at alpha / 32, its power.

    It is tested once, at a number of seeds that was chosen by somebody who knew both rates.
    """
    low, high = 1, 2
    while _fisher_power(row, high, alpha / QUANTITIES) < power:
        low, high = high, 2 * high
    while high - low > max(1, high // 200):
        middle = (low + high) // 2
        low, high = (low, middle) if _fisher_power(row, middle, alpha / QUANTITIES) >= power else (middle, high)
    return high


def _fisher_power(row: Row, n: int, level: float) -> float:
    """Returns the probability that Fisher's test of n against n rejects at a level, by adding up all outcomes."""
    hits = np.arange(n + 1)
    first, second = stats.binom.pmf(hits, n, row.first), stats.binom.pmf(hits, n, row.second)
    spread = _SPAN * math.sqrt(n * (row.first * (1 - row.first) + row.second * (1 - row.second)))
    middle, total = n * (row.first + row.second), 0.0
    ways = special.gammaln(n + 1) - special.gammaln(hits + 1) - special.gammaln(n - hits + 1)
    for both in range(max(0, int(middle - spread)), min(2 * n, math.ceil(middle + spread)) + 1):
        x = np.arange(max(0, both - n), min(n, both) + 1)  # hits of the first, if both together have so many
        logs = ways[x] + ways[both - x]
        chance = np.exp(logs - special.logsumexp(logs))
        tail = np.cumsum(chance[::-1])[::-1]
        rejected = x[tail <= level]
        total += float(first[rejected] @ second[both - rejected])
    return total


def turner_grunwald(row: Row, alpha: float, repeats: int, stream: int) -> float:
    """Returns the mean seeds until the product e-value of two independent Bernoulli streams reaches 32 / alpha.

    Each block is one seed of either; the alternative is the posterior mean of earlier blocks, and nothing is bet while
    it lies in the wrong order. It is valid for independent sides only, which networks that share seeds are not.

    Source: Turner, Ly & Grünwald (2024), "Generic e-variables for exact sequential k-sample tests that allow for
    optional stopping", Journal of Statistical Planning and Inference 230.
    """
    most, needed = _most(row, alpha), []
    for repeat in range(repeats):
        first_stream = stream + 2 * repeat
        a = Bernoulli(row.first, first_stream).sample(range(most))["hit"]
        b = Bernoulli(row.second, first_stream + 1).sample(range(most))["hit"]
        of_a, of_b = _posterior(a), _posterior(b)
        null = (of_a + of_b) / 2
        growth = _log_ratio(a, of_a, null) + _log_ratio(b, of_b, null)
        capital = np.cumsum(np.where(of_a > of_b, growth, 0.0))
        needed.append(_first_reached(capital, alpha))
    return float(np.mean(needed))


def _posterior(hits: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Returns the posterior mean of the rate (S,) before each seed."""
    before = np.concatenate(([0.0], np.cumsum(hits)[:-1]))
    return (before + _PRIOR) / (np.arange(len(hits)) + 2 * _PRIOR)


def _log_ratio(hits: NDArray[np.bool_], rate: NDArray[np.float64], null: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(hits, np.log(rate / null), np.log((1 - rate) / (1 - null)))


def plug_in_betting(row: Row, alpha: float, repeats: int, stream: int) -> float:
    """Returns the mean seeds until predictable plug-in bets on the differences per seed reach 32 / alpha.

    These are the bets of the `confseq` package's `betting_cs`, on the same differences that lrn measures, looked at
    after every seed.

    Source: Waudby-Smith & Ramdas (2023), "Estimating means of bounded random variables by betting", equation 26.
    """
    most, needed = _most(row, alpha), []
    for repeat in range(repeats):
        x = (_difference(row, stream + 3 * repeat, most) + 1) / 2
        count = np.arange(1, most + 1)
        mean = (0.5 + np.cumsum(x)) / (count + 1)
        variance = (0.25 + np.cumsum((x - mean) ** 2)) / (count + 1)
        before = np.concatenate(([0.25], variance[:-1]))
        bets = np.sqrt(2 * math.log(2 * QUANTITIES / alpha) / (before * count * np.log1p(count)))
        capital = np.cumsum(np.log1p(np.minimum(bets, _CAP / 0.5) * (x - 0.5)))
        needed.append(_first_reached(capital, alpha))
    return float(np.mean(needed))


def _difference(row: Row, stream: int, n: int) -> NDArray[np.float64]:
    seeds = range(n)
    if row.is_rate:
        a = Bernoulli(row.first, stream).sample(seeds)["hit"].astype(float)
        b = Bernoulli(row.second, stream + 1).sample(seeds)["hit"].astype(float)
    else:
        a = Normal(row.first, SD, CORRELATION, stream, stream + 1).sample(seeds)["value"]
        b = Normal(row.second, SD, CORRELATION, stream, stream + 2).sample(seeds)["value"]
    return np.asarray(a - b)


def _most(row: Row, alpha: float) -> int:
    return 20 * math.ceil(max(row.reach[alpha], 50))


def _first_reached(capital: NDArray[np.float64], alpha: float) -> int:
    """Returns after how many seeds the stake has reached its goal.

    Raises:
        RuntimeError: it never has.
    """
    reached = np.flatnonzero(capital >= math.log(QUANTITIES / alpha))
    if not len(reached):
        raise RuntimeError(f"{len(capital)} seeds decided nothing")
    return int(reached[0]) + 1
