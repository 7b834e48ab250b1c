"""The sample of an expression after some seeds: its estimate, its interval, and evidence about a threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from lrn.intervals import (
    ConditionalStakes,
    Evidence,
    Side,
    best_growth,
    conditional_ends,
    log_capital,
    mean_ends,
    quantile_ends,
)

__all__ = ["Betting", "Conditional", "Intervals", "Mean", "Quantile", "Sample", "outward"]

ROUNDING = 1e-13
"""Coefficients, and bounds computed with them, have a smaller relative error than this."""


class Sample:
    """The observations of one expression so far.

    Args:
        n: observations.
        seeds: seeds sampled.
        goal: logarithm of the stake that decides.
    """

    def __init__(self, n: int, seeds: int, goal: float) -> None:
        self.n, self.seeds, self.goal = n, seeds, goal

    @property
    def pieces(self) -> int:
        """How many intervals it is made of, each of which may miss."""
        return 1

    @property
    def assumption(self) -> str:
        """The assumption about the values, for people; "" for none."""
        return ""

    @property
    def point(self) -> float:
        """The estimate; NaN without any observation."""
        raise NotImplementedError

    @property
    def ends(self) -> tuple[float, float]:
        """The interval."""
        raise NotImplementedError

    def compare(self, threshold: float) -> Evidence:
        """Returns on which side of a threshold the truth lies, by the interval."""
        low, high = self.ends
        leaning = None if math.isnan(self.point) or self.point == threshold else self.point > threshold
        growth = self._growth(threshold)
        # Values such as 0.8 - 0.7 may be 0.1, though they are computed as something else.
        low, high = -math.inf if _is_close(low, threshold) else low, math.inf if _is_close(high, threshold) else high
        decided = low > threshold, low >= threshold, high <= threshold, high < threshold
        return Evidence(*decided, leaning, growth, growth * self.seeds)

    def _growth(self, threshold: float) -> float:
        """Returns by about which factor the seeds must grow until the interval leaves the threshold behind."""
        low, high = self.ends
        gap = abs(self.point - threshold)
        width = self.point - low if self.point > threshold else high - self.point
        if not gap > 0:
            return math.inf
        return max((width / gap) ** 2, 1.0) if math.isfinite(width) else 2.0


class Betting(Sample):
    """An expression that is compared by the stake against its threshold, without its interval."""

    low: float
    high: float

    def _capital(self, threshold: float, above: bool) -> float:
        raise NotImplementedError

    def _rate(self, threshold: float, above: bool) -> float:
        """Returns about how much one seed adds to the logarithm of the stake."""
        raise NotImplementedError

    def compare(self, threshold: float) -> Evidence:
        """Returns on which side of a threshold the truth lies, by the stake bet against the other side.

        Of a threshold that only rounding tells apart from a bound, no more is said than of the bound, too: the sum of
        ten rates, each divided by 10, is at most 0.9999999999999999 where it is computed, and may be 1 all the same.
        """
        evidence = self._evidence(threshold)
        for bound in {self.low, self.high} - {threshold}:
            if math.isclose(threshold, bound, rel_tol=ROUNDING):
                evidence = _of_both(evidence, self._evidence(bound))
        return evidence

    def _evidence(self, threshold: float) -> Evidence:
        point = self.point
        if math.isnan(point) or point == threshold:
            return Evidence(False, threshold <= self.low, threshold >= self.high, False, None, math.inf, math.inf)
        is_above = point > threshold
        capital = self._capital(threshold, is_above)
        decided = capital >= self.goal
        above, below = decided and is_above, decided and not is_above
        rate = self._rate(threshold, is_above)
        more = max(self.goal - capital, 0.0) / rate if rate > 0 else math.inf
        return Evidence(
            above,
            above or threshold <= self.low,
            below or threshold >= self.high,
            below,
            is_above,
            1.0 + more / max(self.seeds, 1),
            self.seeds + more,
        )


class Mean(Betting):
    """The mean of bounded values, one per observation.

    Args:
        values: (n,) the observations.
        low: smallest possible value.
        high: largest possible value.
        seeds: seeds sampled.
        goal: logarithm of the stake that decides.
    """

    def __init__(self, values: NDArray[np.float64], low: float, high: float, seeds: int, goal: float) -> None:
        super().__init__(len(values), seeds, goal)
        self.low, self.high = low, high
        self._values, self._counts = _compressed(np.clip(values, low, high))

    @property
    def values(self) -> NDArray[np.float64]:
        """The observations (n,), smallest first."""
        return np.repeat(self._values, self._counts.astype(np.int64))

    @property
    def is_at_bounds(self) -> bool:
        """Whether every value is a bound or the middle between them, as for rates and differences of rates."""
        return set(self._values) <= {self.low, self.high, (self.low + self.high) / 2}

    @cached_property
    def point(self) -> float:
        """The mean."""
        if not self.n:
            return math.nan
        return float(np.clip(np.average(self._values, weights=self._counts), self.low, self.high))

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The interval."""
        low, high = mean_ends(self._values, self._counts, self.low, self.high, self.goal)
        return (low, high) if not self.n else (min(low, self.point), max(high, self.point))

    def _sides(self, threshold: float, above: bool) -> tuple[NDArray[np.float64], float, float]:
        return (self._values, threshold, self.low) if above else (-self._values, -threshold, -self.high)

    def _capital(self, threshold: float, above: bool) -> float:
        return log_capital(*self._sides(threshold, above), self._counts)

    def _rate(self, threshold: float, above: bool) -> float:
        observed = self.n / max(self.seeds, 1)
        gap = abs(self.point - threshold)
        spread = float(np.average((self._values - self.point) ** 2, weights=self._counts)) + gap * gap
        best = best_growth(*self._sides(threshold, above), self._counts)
        return observed * max(best, gap * gap / (4 * spread) if spread > 0 else 0.0)


class Quantile(Sample):
    """A quantile of any values.

    Args:
        values: (n,) the observations.
        q: which quantile.
        seeds: seeds sampled.
        goal: logarithm of the stake that decides.
    """

    def __init__(self, values: NDArray[np.float64], q: float, seeds: int, goal: float) -> None:
        super().__init__(len(values), seeds, goal)
        self._ordered, self._q = np.sort(values), q

    @cached_property
    def point(self) -> float:
        """The quantile of the observations."""
        return float(np.quantile(self._ordered, self._q, method="inverted_cdf")) if self.n else math.nan

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The interval."""
        return quantile_ends(self._ordered, self._q, self.goal)


class Conditional(Betting):
    """The difference of two means over different seeds, such as those whose networks converged.

    Args:
        a: the first side.
        b: the side that is subtracted.
        seeds: seeds sampled.
        goal: logarithm of the stake that decides.
    """

    def __init__(self, a: Side, b: Side, seeds: int, goal: float) -> None:
        super().__init__(min(int(a.counts.sum()), int(b.counts.sum())), seeds, goal)
        self._a, self._b = a, b
        self._stakes: dict[bool, ConditionalStakes] = {}
        self.low, self.high = a.low - b.high, a.high - b.low

    @cached_property
    def point(self) -> float:
        """The difference of the two means."""
        return self._a.mean - self._b.mean

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The interval."""
        low, high = conditional_ends(self._a, self._b, self.goal)
        return (low, high) if math.isnan(self.point) else (min(low, self.point), max(high, self.point))

    def _capital(self, threshold: float, above: bool) -> float:
        if above not in self._stakes:
            sides = (self._a, self._b) if above else (self._a.mirrored(), self._b.mirrored())
            self._stakes[above] = ConditionalStakes(*sides)
        return self._stakes[above].log_capital(threshold if above else -threshold, self.goal)

    def _rate(self, threshold: float, above: bool) -> float:
        gap = abs(self.point - threshold)
        spread = _per_seed_variance(self._a) + _per_seed_variance(self._b) + gap * gap
        return gap * gap / (2 * spread) if spread > 0 else 0.0


class Intervals(Sample):
    """An expression that cannot be measured directly: the interval arithmetic of its terms.

    Args:
        parts: the terms.
        coefficients: by which they are multiplied.
        seeds: seeds sampled.
        goal: logarithm of the stake that decides.
    """

    def __init__(self, parts: Sequence[Sample], coefficients: Sequence[float], seeds: int, goal: float) -> None:
        super().__init__(min(map(attrgetter("n"), parts)), seeds, goal)
        self._parts, self._coefficients = tuple(parts), tuple(coefficients)

    @property
    def pieces(self) -> int:
        """How many intervals it is made of."""
        return sum(map(attrgetter("pieces"), self._parts))

    @property
    def assumption(self) -> str:
        """The assumptions of its terms."""
        assumptions = map(attrgetter("assumption"), self._parts)
        return ", ".join(dict.fromkeys(filter(None, assumptions)))

    @cached_property
    def point(self) -> float:
        """The expression of the estimates."""
        return sum(c * part.point for c, part in zip(self._coefficients, self._parts, strict=True))

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The interval."""
        low = high = 0.0
        for coefficient, part in zip(self._coefficients, self._parts, strict=True):
            lower, upper = sorted((coefficient * part.ends[0], coefficient * part.ends[1]))
            low, high = math.nextafter(low + lower, -math.inf), math.nextafter(high + upper, math.inf)
        # inf - inf: nothing is known.
        return (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)


def outward(ends: tuple[float, float]) -> tuple[float, float]:
    """Returns an interval that is wider by more than the rounding of its bounds."""
    slack = ROUNDING * max(map(abs, ends))
    return (ends[0] - slack, ends[1] + slack) if math.isfinite(slack) else ends


def _is_close(end: float, threshold: float) -> bool:
    """Whether only rounding tells an end apart from a threshold that it does not equal."""
    return end != threshold and math.isclose(end, threshold, rel_tol=ROUNDING * 10)


def _of_both(one: Evidence, other: Evidence) -> Evidence:
    """Returns the evidence that holds for both of two thresholds."""
    return Evidence(
        one.above and other.above,
        one.at_least and other.at_least,
        one.at_most and other.at_most,
        one.below and other.below,
        other.leaning,
        max(one.growth, other.growth),
        max(one.needed, other.needed),
    )


def _compressed(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the distinct values (k,) and how often each was observed (k,)."""
    distinct, counts = np.unique(values, return_counts=True)
    return distinct, counts.astype(np.float64)


def _per_seed_variance(side: Side) -> float:
    """Returns the variance of a conditional mean times the number of seeds."""
    counted = int(side.counts.sum())
    return float(side.values[side.counts].var()) * len(side.counts) / counted if counted else math.inf
