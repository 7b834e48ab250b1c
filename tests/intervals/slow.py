"""The confidence sequences written plainly, one value after the other, as the formulas in their docstrings say."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

BETS = [0.99] + [1.6**-k for k in range(1, 14)]
WEIGHTS = [1.5] + [1 / (1 + 0.3 * k) for k in range(1, 14)]
PARTS = [weight / sum(WEIGHTS) for weight in WEIGHTS]


def stake(values: Sequence[float], mean: float, low: float) -> float:
    """Returns the stake after betting that the mean exceeds `mean`."""
    total = 0.0
    for bet, part in zip(BETS, PARTS, strict=True):
        money = part
        for x in values:
            money *= 1 + bet / (mean - low) * (x - mean)
        total += money
    return total


def bisected(rejects: Callable[[float], bool], outside: float, inside: float) -> float:
    """Returns where `rejects` ends, between a point that it may reject and one that it does not."""
    if not rejects(outside):
        return outside
    for _ in range(60):
        middle = (outside + inside) / 2
        outside, inside = (middle, inside) if rejects(middle) else (outside, middle)
    return outside


def mean_sequence(values: Sequence[float], low: float, high: float, alpha: float) -> tuple[float, float]:
    """Returns the interval for a mean."""
    values = list(map(float, values))  # numpy's numbers would warn where the stake grows without end
    negated = [-x for x in values]
    mean, tiny = sum(values) / len(values), 1e-9 * (high - low)
    below = bisected(lambda m: stake(values, m, low) >= 2 / alpha, low + tiny, mean)
    above = bisected(lambda m: stake(negated, -m, -high) >= 2 / alpha, high - tiny, mean)
    return below, above


def quantile_sequence(values: Sequence[float], q: float, alpha: float) -> tuple[float, float]:
    """Returns the interval for a quantile: the smallest and the largest t that the counts do not rule out."""

    def too_low(t: float) -> bool:  # so few are at most t that t lies below the quantile
        return stake([-1.0 if x <= t else 0.0 for x in values], -q, -1.0) >= 2 / alpha

    def too_high(t: float) -> bool:
        return stake([1.0 if x < t else 0.0 for x in values], q, 0.0) >= 2 / alpha

    below_all = stake([0.0] * len(values), -q, -1.0) < 2 / alpha
    above_all = stake([1.0] * len(values), q, 0.0) < 2 / alpha
    possible = itertools.filterfalse(too_low, sorted(values))
    low = -math.inf if below_all else next(possible)
    beyond = (t for t in sorted(values) if too_high(math.nextafter(t, math.inf)))
    high = math.inf if above_all else next(beyond, math.inf)
    return low, high


def weights(in_a: Sequence[bool], in_b: Sequence[bool]) -> list[tuple[float, float]]:
    """Returns both sides' weights for each seed, by those before: renewed at 8, and whenever they grew by half."""
    pairs: list[tuple[float, float]] = []
    renewed, now = 8, (1.0, 1.0)
    for seed in range(len(in_a)):
        if seed == renewed:
            ratio = (sum(in_b[:seed]) + 1) / (sum(in_a[:seed]) + 1)
            now = min(ratio, 1.0), min(1 / ratio, 1.0)
            renewed = seed + seed // 2
        pairs.append(now)
    return pairs


def conditional_stake(
    a: Sequence[float],
    b: Sequence[float],
    in_a: Sequence[bool],
    in_b: Sequence[bool],
    low: float,
    high: float,
    margin: float,
    c: float,
) -> float:
    """Returns the stake after betting that the difference exceeds the margin, if the mean of b is c."""
    total = 0.0
    for share, on_a, on_b in ((0.8, 1, 1), (0.1, 1, 0), (0.1, 0, 1)):
        for bet, part in zip(BETS, PARTS, strict=True):
            money = share * part
            for x, y, x_counts, y_counts, (for_a, for_b) in zip(a, b, in_a, in_b, weights(in_a, in_b), strict=True):
                gain = on_a * for_a * x_counts * (x - c - margin) - on_b * for_b * y_counts * (y - c)
                money *= 1 + bet * gain / (margin + high - low)
            total += money
    return total
