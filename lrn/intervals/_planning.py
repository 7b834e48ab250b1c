"""How many seeds a comparison takes, and what can be shown with the seeds that one can afford: before any training."""

from __future__ import annotations

import math

import numpy as np
import scipy  # whose modules load when they are first used

from lrn.intervals._betting import BETS, SLACK, STAKES
from lrn.intervals._checks import check_count, check_fraction, check_number

__all__ = ["QUANTITIES", "detectable", "goal_of", "seeds_needed", "with_power"]

QUANTITIES = 64
"""Quantities that share an error budget by default: enough for a paper of a dozen claims."""

_MOST_SEEDS = 1 << 24


def goal_of(alpha: float, quantities: int) -> float:
    """Returns the logarithm of the stake that decides a comparison: log(quantities / alpha).

    Every quantity may spend alpha / quantities on each end of its interval. A comparison with one number can be wrong
    at one end only, so each costs one share.

    Args:
        alpha: error budget of the suite, strictly between 0 and 1.
        quantities: how many quantities share it, at least 1.

    Raises:
        TypeError, ValueError: a number is out of range.
    """
    return math.log(check_count("quantities", quantities, 1) / check_fraction("alpha", alpha)) + SLACK


def seeds_needed(
    rate: float,
    other: float,
    *,
    margin: float = 0.0,
    alpha: float = 0.001,
    quantities: int = QUANTITIES,
    power: float = 0.9,
) -> float:
    """Returns how many seeds of each show that one rate exceeds another, with probability `power`.

    Both are measured on the same seeds and taken to be independent, which is the usual case at worst: where what helps
    one network helps the other too, fewer seeds do.

    Args:
        rate: the larger rate, in [0, 1].
        other: the smaller one, in [0, 1].
        margin: by how much the first is to exceed the second.
        alpha: error budget of the suite.
        quantities: how many quantities share it.
        power: the probability of a decision by then, strictly between 0 and 1.

    Returns:
        A whole number; `inf` where the rates do not differ by more than the margin, or 16 million seeds do not do.

    Raises:
        TypeError, ValueError: a number is out of range.

    Example:
        >>> 900 < seeds_needed(0.9, 0.8, alpha=0.001, quantities=32) < 1200
        True
    """
    first, second = _rate("rate", rate), _rate("other", other)
    margin = check_number("margin", margin)
    goal, power = goal_of(alpha, quantities), check_fraction("power", power)
    if not first - second > margin:
        return math.inf
    low, high = 1, 1
    while _power(first, second, margin, high, goal) < power:
        low, high = high, 2 * high
        if high > _MOST_SEEDS:
            return math.inf
    while high - low > max(1, low // 100):
        middle = (low + high) // 2
        if _power(first, second, margin, middle, goal) < power:
            low = middle
        else:
            high = middle
    return float(high)


def with_power(seeds: float, goal: float, power: float = 0.9) -> float:
    """Returns the seeds by which a comparison is decided with probability `power`, where `seeds` decide about half.

    The logarithm of the stake is taken for a random walk whose steps have a variance of twice their mean, as that of a
    likelihood ratio of normal observations has.

    Args:
        seeds: about the number by which half of all comparisons like this one are decided.
        goal: logarithm of the stake that decides.
        power: the probability of a decision by then, from 0.5 up to but not including 1.

    Raises:
        ValueError: the power is out of range.
    """
    if not 0.5 <= power < 1:
        raise ValueError(f"power must be from 0.5 up to but not including 1; got {power}")
    z = float(scipy.special.ndtri(power)) * math.sqrt(2)
    root = (z + math.sqrt(z * z + 4 * goal)) / 2
    return seeds * root * root / goal


def detectable(
    rate: float, seeds: int, *, alpha: float = 0.001, quantities: int = QUANTITIES, power: float = 0.9
) -> float:
    """Returns the largest rate that a rate can be shown to exceed with so many seeds, with probability `power`.

    Args:
        rate: the larger rate, in [0, 1].
        seeds: how many seeds of each there will be.
        alpha: error budget of the suite.
        quantities: how many quantities share it.
        power: the probability of a decision by then, strictly between 0 and 1.

    Returns:
        The other rate; NaN where not even 0 is far enough away.

    Raises:
        TypeError, ValueError: a number is out of range.

    Example:
        >>> 0.3 < detectable(0.9, seeds=100) < 0.7
        True
    """
    first = _rate("rate", rate)
    seeds = check_count("seeds", seeds, 1)
    goal, power = goal_of(alpha, quantities), check_fraction("power", power)

    def shown(other: float) -> bool:
        return _power(first, other, 0.0, seeds, goal) >= power

    if not shown(0.0):
        return math.nan
    low, high = 0.0, first
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if shown(middle) else (low, middle)
    return low


def _power(first: float, second: float, margin: float, n: int, goal: float) -> float:
    """Returns about how likely the stake has reached its goal after n seeds.

    The differences per seed are -1, 0 and 1. The logarithm of each bet's stake is a sum over seeds, so about normal;
    of the bets, the most likely one counts. Where a few seeds decide, the chance that all of them differ is exact.
    """
    up, down = first * (1 - second), second * (1 - first)
    chances = np.array([down, 1 - up - down, up])
    gains = np.log1p(BETS[:, None] * (np.array([-1.0, 0.0, 1.0]) - margin) / (margin + 1))
    mean = gains @ chances
    spread = np.sqrt(np.maximum((gains**2) @ chances - mean**2, 1e-18) * n)
    normal = scipy.special.ndtr((n * mean + STAKES - goal) / spread)
    if float(np.logaddexp.reduce(STAKES + n * gains[:, 2])) < goal:  # not even if every seed differs
        return 0.0
    return max(float(normal.max()), up**n)


def _rate(name: str, value: float) -> float:
    if not 0 <= check_number(name, value) <= 1:
        raise ValueError(f"{name} must lie in [0, 1]; got {value}")
    return float(value)
