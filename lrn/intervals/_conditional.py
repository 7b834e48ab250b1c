r"""A confidence sequence for the difference of two conditional means that share their seeds.

Known are, for each seed, whether it counts for a and for b (:math:`G_a, G_b`: the network converged) and the values
observed (:math:`X_a, X_b`: its dead neurons). The question is whether :math:`E[X_a | G_a] - E[X_b | G_b]` exceeds m.
The k-th seed that counts for a must not be paired with the k-th that counts for b: those are different seeds, each of
which is in two pairs, so the pairs depend on one another.

Let a lie above `low` and b below `high`. If the difference is d, then its room, :math:`r = d - (low - high)`, is split
by the two means: some part s of it lies between the mean of b and `high`, and the part 1 - s between `low` and the mean
of a. For this s,

.. math:: 1 + \beta \, \bigl(w_a G_a ((X_a - low) / r - (1 - s)) + w_b G_b ((high - X_b) / r - s)\bigr)

has an expectation of 1 for every seed, whatever a and b have in common: both terms have the expectation 0. With weights
and a fraction :math:`\beta` of at most 1 it is not negative. So the stake that was bet against s is a nonnegative
martingale, and the difference is not d as soon as the stakes against *all* s in [0, 1] have grown enough. For a larger
d no factor is larger, so that a test that rejects d has rejected all smaller differences too. With :math:`w_a : w_b =
P(G_b) : P(G_a)`, estimated from earlier seeds, s cancels in expectation, so that all stakes grow alike.

For constant bets the logarithm of a stake is concave in s, so its smallest value between two s is at one of them: a
grid gives a bound that is exact for all s between its points.

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

__all__ = ["ConditionalStakes", "Side", "conditional_capital", "conditional_difference_sequence", "conditional_ends"]

_SHARES = np.log([0.8, 0.1, 0.1])
"""Logarithm of the parts of the stake that bet on both sides together, on a alone and on b alone."""

_WEIGHTS_SETTLED = 20_000
"""From here on weights stay as they are: they are known well enough."""

_COARSE = 9
_NEAR = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Side:
    """The observations of one side of a difference.

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


class ConditionalStakes:
    """Bets that the mean of one side exceeds that of the other by more than a margin.

    Args:
        a: the side that is said to be larger.
        b: the other one, for the same seeds.
    """

    def __init__(self, a: Side, b: Side) -> None:
        self._a, self._b = a, b
        weight_a, weight_b = _weights(a.counts, b.counts)
        of_a = np.where(a.counts, weight_a, 0.0), np.where(a.counts, a.values - a.low, 0.0)
        of_b = np.where(b.counts, weight_b, 0.0), np.where(b.counts, b.high - b.values, 0.0)
        either, nothing = a.counts | b.counts, np.zeros(len(a.values))
        # The bets on both together, on a alone and on b alone; most seeds of discrete metrics fall together.
        self._rows = [
            _distinct(of_a[0], of_a[1], of_b[0], of_b[1], either),
            _distinct(of_a[0], of_a[1], nothing, nothing, a.counts),
            _distinct(nothing, nothing, of_b[0], of_b[1], b.counts),
        ]
        self._is_off_bounds = bool(of_a[1].any() or of_b[1].any())

    def log_capital(self, margin: float, goal: float = math.inf) -> float:
        """Returns the logarithm of the stake, the smallest over all that the mean of b may be.

        Args:
            margin: the difference that is bet against; the stake falls as it grows.
            goal: below it, an upper bound will do, which takes a small part of the time.
        """
        room = margin - (self._a.low - self._b.high)
        if not (room > 0):  # the difference cannot be smaller, and it is so small only where all values are at bounds
            certain = self._a.counts.any() and self._b.counts.any() and (room < 0 or self._is_off_bounds)
            return math.inf if certain else 0.0
        if goal < math.inf and self._b.counts.any():
            likely = np.clip([(self._b.high - self._b.mean) / room], 0.0, 1.0)
            bound = float(np.logaddexp.reduce(self._stakes(likely, room), axis=None))
            if bound < goal:
                return bound
        stakes = self._stakes(_grid(self._a, self._b, room), room)
        between = np.minimum(stakes[:-1], stakes[1:])
        return float(np.logaddexp.reduce(between, axis=1).min())

    def _stakes(self, split: NDArray[np.float64], room: float) -> NDArray[np.float64]:
        """Returns the logarithms (C, 3 B) of all bets' stakes against each split (C,) of the room."""
        parts = [share + _log_stakes(rows, split, room) for share, rows in zip(_SHARES, self._rows, strict=True)]
        return np.concatenate(parts, axis=1)


def conditional_capital(a: Side, b: Side, margin: float, goal: float = math.inf) -> float:
    """Returns the logarithm of the stake after betting that the mean of `a` exceeds that of `b` by more than `margin`.

    Args:
        a: the side that is said to be larger.
        b: the other one, for the same seeds.
        margin: the difference that is bet against.
        goal: below it, an upper bound will do, which takes a small part of the time.
    """
    return ConditionalStakes(a, b).log_capital(margin, goal)


def conditional_ends(a: Side, b: Side, goal: float) -> tuple[float, float]:
    """Returns both ends of the interval for the difference of means, each where the stake reaches exp(goal)."""
    low, high = a.low - b.high, a.high - b.low
    point = a.mean - b.mean
    if math.isnan(point) or low == high:
        return low, high
    stakes, mirrored = ConditionalStakes(a, b), ConditionalStakes(a.mirrored(), b.mirrored())
    below = root_below(lambda m: stakes.log_capital(m, goal), low, min(max(point, low), high), goal)
    above = -root_below(lambda m: mirrored.log_capital(m, goal), -high, min(max(-point, -high), -low), goal)
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
        a: (n,) the observations of one side, one value per seed.
        b: (n,) the same of the other side, for the same seeds.
        counts_a: (n,) whether the seed counts for `a`; the value is ignored where not.
        counts_b: (n,) the same for `b`.
        low: the smallest value that is possible.
        high: the largest value that is possible.
        alpha: the probability of ever missing, strictly between 0 and 1.

    Returns:
        The lower and the upper end for the mean of `a` where it counts less that of `b` where it counts.

    Raises:
        TypeError: the values are not numbers, or the array that says which seeds count is not boolean.
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
    side_a, side_b = _side(a, counts_a, low, high), _side(b, counts_b, low, high)
    if len(side_a.values) != len(side_b.values):
        raise ValueError(f"both sides must have the same seeds; got {len(side_a.values)} and {len(side_b.values)}")
    return conditional_ends(side_a, side_b, math.log(2 / check_fraction("alpha", alpha)) + SLACK)


def _side(values: ArrayLike, counts: ArrayLike, low: float, high: float) -> Side:
    chosen = np.asarray(counts)
    if chosen.dtype != np.bool_:
        raise TypeError(f"what counts must be boolean; got {chosen.dtype}")
    observed = checked_values(np.where(chosen, np.asarray(values, np.float64), low))
    if len(observed) and not (low <= observed.min() and observed.max() <= high):
        raise ValueError(f"values must lie in [{low}, {high}]; got [{observed.min()}, {observed.max()}]")
    return Side(observed, chosen, float(low), float(high))


_Rows = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Distinct seeds (R, 4): the weight of a and how far it lies above its lower bound, the weight of b and how far it lies
below its upper bound; and how often each was seen (R,)."""


def _distinct(
    weight_a: NDArray[np.float64],
    above_a: NDArray[np.float64],
    weight_b: NDArray[np.float64],
    below_b: NDArray[np.float64],
    chosen: NDArray[np.bool_],
) -> _Rows:
    """Returns the distinct seeds among those chosen; on all others nothing is won or lost."""
    rows = np.stack([column[chosen] for column in (weight_a, above_a, weight_b, below_b)], axis=1)
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    return distinct, counts.astype(np.float64)


def _weights(in_a: NDArray[np.bool_], in_b: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the weights (n,) of both sides, at most 1, renewed a few times from the seeds before."""
    n = len(in_a)
    so_far_a, so_far_b = np.cumsum(in_a) + 1.0, np.cumsum(in_b) + 1.0
    weight_a, weight_b = np.ones(n), np.ones(n)
    start = 8
    while start < n:
        stop = start + start // 2 if start < _WEIGHTS_SETTLED else n
        ratio = so_far_b[start - 1] / so_far_a[start - 1]
        weight_a[start:stop], weight_b[start:stop] = min(ratio, 1.0), min(1 / ratio, 1.0)
        start = stop
    return weight_a, weight_b


def _grid(a: Side, b: Side, room: float) -> NDArray[np.float64]:
    """Returns splits (C,) of the room: from 0 to 1, and denser near those that the estimates of both means say."""
    splits = list(np.linspace(0.0, 1.0, _COARSE))
    estimates = (b, (b.high - b.mean) / room), (a, 1.0 - (a.mean - a.low) / room)
    for side, split in estimates:
        chosen = side.values[side.counts]
        if len(chosen) > 1:
            error = max(float(chosen.std()), 1e-3 * (side.high - side.low)) / math.sqrt(len(chosen)) / room
            steps = error * np.array(_NEAR)
            splits += [split, *(split - steps), *(split + steps)]
    return np.unique(np.clip(splits, 0.0, 1.0))


def _log_stakes(rows: _Rows, split: NDArray[np.float64], room: float) -> NDArray[np.float64]:
    """Returns the logarithm (C, B) of each bet's stake against each split of the room.

    Args:
        rows: distinct seeds; a weight of 0 bets on nothing.
        split: (C,) which part of the room lies between the mean of b and its upper bound.
        room: the most that one seed can lose.
    """
    seeds, counts = rows
    weight_a, above_a, weight_b, below_b = seeds.T
    logs = np.empty((len(split), len(BETS)))
    for i, part in enumerate(split):
        gain = weight_a * (above_a / room - (1.0 - part)) + weight_b * (below_b / room - part)
        logs[i] = counts @ np.log1p(BETS * gain[:, None])
    return STAKES + logs
