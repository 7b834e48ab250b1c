r"""A confidence sequence for the difference of two conditional means that share their seeds.

Given are, for each seed, whether it counts for a and for b (:math:`G_a, G_b`: the network converged) and what was
observed (:math:`X_a, X_b`: its dead neurons). The question is whether :math:`E[X_a | G_a] - E[X_b | G_b]` exceeds m.
The k-th seed that counts for a must not be paired with the k-th that counts for b: those are different seeds, each of
which is in two pairs, so the pairs depend on one another.

If the difference is at most m, then the mean of b is some c, and the mean of a is at most c + m. For this c,

.. math:: 1 + \lambda \, (w_a G_a (X_a - c - m) - w_b G_b (X_b - c))

has an expectation of at most 1 for every seed, whatever a and b have in common: both terms have their sign in
expectation. So the stake that was bet against c is a nonnegative supermartingale, and the difference is more than m as
soon as the stakes against *all* c have grown enough. With :math:`w_a : w_b = P(G_b) : P(G_a)`, estimated from earlier
seeds, c cancels in expectation, so that all stakes grow alike.

For constant bets the logarithm of a stake is concave in c, so its smallest value between two c is at one of them: a
grid gives a bound that is exact for all c between its points.

Source: composite nulls by the infimum over the nuisance parameter, as in Waudby-Smith & Ramdas (2023), section 2 and
appendix; the weights are of this project.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrn.intervals._betting import BETS, SLACK, STAKES, root_below
from lrn.intervals._checks import check_fraction
from lrn.intervals._exact import checked_values

__all__ = ["Side", "conditional_capital", "conditional_difference_sequence", "conditional_ends"]

_SHARES = np.log([0.8, 0.1, 0.1])
"""Logarithm of the parts of the stake that bet on both sides together, on a alone and on b alone."""

_COARSE = 9
_NEAR = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Side:
    """What was observed of one side of a difference.

    Attributes:
        values: (n,) one per seed; ignored where the seed does not count.
        counts: (n,) whether the seed counts.
        low: smallest possible value.
        high: largest possible value.
    """

    values: NDArray[np.float64]
    counts: NDArray[np.bool_]
    low: float
    high: float

    def mirrored(self) -> Side:
        """Returns the side of the negated values."""
        return Side(-self.values, self.counts, -self.high, -self.low)

    @property
    def mean(self) -> float:
        """The mean over the seeds that count; NaN if there is none."""
        return float(self.values[self.counts].mean()) if self.counts.any() else math.nan


def conditional_capital(a: Side, b: Side, margin: float) -> float:
    """Returns the logarithm of the stake after betting that the mean of `a` exceeds that of `b` by more than `margin`.

    Args:
        a: the side that is said to be larger.
        b: the other one, for the same seeds.
        margin: the difference that is bet against.
    """
    largest_loss = margin + b.high - a.low
    if largest_loss <= 0:  # no difference is that small
        return math.inf if a.counts.any() and b.counts.any() else 0.0
    rows = _distinct(a, b)
    c = _grid(b, max(b.low, a.low - margin))
    both = _log_stakes(rows, c, margin, largest_loss, 1.0, 1.0)
    first = _log_stakes(rows, c, margin, largest_loss, 1.0, 0.0)
    second = _log_stakes(rows, c, margin, largest_loss, 0.0, 1.0)
    stakes = np.concatenate([share + part for share, part in zip(_SHARES, (both, first, second), strict=True)], axis=1)
    between = np.minimum(stakes[:-1], stakes[1:]) if len(c) > 1 else stakes
    return float(np.logaddexp.reduce(between, axis=1).min())


def conditional_ends(a: Side, b: Side, goal: float) -> tuple[float, float]:
    """Returns both ends of the interval for the difference of means, each where the stake reaches exp(goal)."""
    low, high = a.low - b.high, a.high - b.low
    point = a.mean - b.mean
    if math.isnan(point) or low == high:
        return low, high
    below = root_below(lambda m: conditional_capital(a, b, m), low, min(max(point, low), high), goal)
    flipped = a.mirrored(), b.mirrored()
    above = -root_below(lambda m: conditional_capital(*flipped, m), -high, min(max(-point, -high), -low), goal)
    return below, above


def conditional_difference_sequence(
    a: ArrayLike,
    b: ArrayLike,
    counts_a: ArrayLike,
    counts_b: ArrayLike,
    low: float,
    high: float,
    alpha: float,
) -> tuple[float, float]:
    """Returns an interval for a difference of conditional means that holds at every number of seeds at once.

    Args:
        a: (n,) what was observed of one side, one value per seed.
        b: (n,) the same of the other side, for the same seeds.
        counts_a: (n,) whether the seed counts for `a`; the value is ignored where not.
        counts_b: (n,) the same for `b`.
        low: the smallest value that is possible.
        high: the largest value that is possible.
        alpha: the probability of ever missing, strictly between 0 and 1.

    Returns:
        The lower and the upper end for the mean of `a` where it counts less that of `b` where it counts.

    Raises:
        TypeError: the values are not numbers, or what counts is not boolean.
        ValueError: shapes differ, a value that counts lies outside the bounds, or alpha is out of range.

    Source: the module's docstring.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> a, b = rng.random(2000) * 0.6, rng.random(2000)
        >>> counts_a, counts_b = rng.random(2000) < 0.5, rng.random(2000) < 0.8
        >>> low, high = conditional_difference_sequence(a, b, counts_a, counts_b, 0, 1, 0.05)
        >>> low < 0.3 - 0.5 < high < 0
        True
    """
    sides = [_side(values, counts, low, high) for values, counts in ((a, counts_a), (b, counts_b))]
    if len(sides[0].values) != len(sides[1].values):
        raise ValueError(f"both sides must have the same seeds; got {len(sides[0].values)} and {len(sides[1].values)}")
    return conditional_ends(sides[0], sides[1], math.log(2 / check_fraction("alpha", alpha)) + SLACK)


def _side(values: ArrayLike, counts: ArrayLike, low: float, high: float) -> Side:
    chosen = np.asarray(counts)
    if chosen.dtype != np.bool_:
        raise TypeError(f"what counts must be boolean; got {chosen.dtype}")
    observed = checked_values(np.where(chosen, np.asarray(values, np.float64), low))
    if len(observed) and not (low <= observed.min() and observed.max() <= high):
        raise ValueError(f"values must lie in [{low}, {high}]; got [{observed.min()}, {observed.max()}]")
    return Side(observed, chosen, float(low), float(high))


def _distinct(a: Side, b: Side) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the distinct seeds as rows (weight and value of a, of b), and how often each was seen.

    Seeds that count for neither side are left out, as nothing is won or lost on them. Weights depend on earlier seeds
    alone, and change a few times only, so that seeds of discrete metrics fall together.
    """
    weight_a, weight_b = _weights(a.counts, b.counts)
    either = a.counts | b.counts
    columns = (
        np.where(a.counts, weight_a, 0.0),
        np.where(a.counts, a.values, a.low),
        np.where(b.counts, weight_b, 0.0),
        np.where(b.counts, b.values, b.low),
    )
    rows = np.stack([column[either] for column in columns], axis=1)
    distinct, counts = np.unique(rows, axis=0, return_counts=True) if len(rows) > 64 else (rows, np.ones(len(rows)))
    return distinct, counts.astype(np.float64)


def _weights(in_a: NDArray[np.bool_], in_b: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the weights (n,) of both sides, at most 1, renewed whenever the seeds have grown by half."""
    n = len(in_a)
    so_far_a, so_far_b = np.cumsum(in_a) + 1.0, np.cumsum(in_b) + 1.0
    weight_a, weight_b = np.ones(n), np.ones(n)
    start = 8
    while start < n:
        stop = start + start // 2
        ratio = so_far_b[start - 1] / so_far_a[start - 1]
        weight_a[start:stop], weight_b[start:stop] = min(ratio, 1.0), min(1 / ratio, 1.0)
        start = stop
    return weight_a, weight_b


def _grid(b: Side, lowest: float) -> NDArray[np.float64]:
    """Returns candidates (C,) for the mean of b, over all that is possible and denser near the estimate."""
    coarse = np.linspace(lowest, b.high, _COARSE)
    chosen = b.values[b.counts]
    if len(chosen) < 2:
        return coarse
    error = max(float(chosen.std()), 1e-3 * (b.high - b.low)) / math.sqrt(len(chosen))
    near = [b.mean + sign * step * error for sign in (-1, 1) for step in _NEAR]
    return np.unique(np.clip([*coarse, b.mean, *near], lowest, b.high))


def _log_stakes(
    rows: tuple[NDArray[np.float64], NDArray[np.float64]],
    c: NDArray[np.float64],
    margin: float,
    largest_loss: float,
    on_a: float,
    on_b: float,
) -> NDArray[np.float64]:
    """Returns the logarithm (C, B) of each bet's stake against each mean of b.

    Args:
        rows: what `_distinct` returns.
        c: (C,) means of b.
        margin: the difference that is bet against.
        largest_loss: the most that one seed can lose.
        on_a: whether to bet on a, as 1.0 or 0.0.
        on_b: whether to bet on b.
    """
    seeds, counts = rows
    weight_a, value_a, weight_b, value_b = seeds.T
    logs = np.empty((len(c), len(BETS)))
    for i, mean in enumerate(c):
        gain = on_a * weight_a * (value_a - mean - margin) - on_b * weight_b * (value_b - mean)
        logs[i] = counts @ np.log1p(BETS * (gain / largest_loss)[:, None])
    return STAKES + logs
