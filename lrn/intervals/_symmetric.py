r"""A confidence sequence for the mean of symmetric values, without bounds: a signed-rank test that may be looked at.

Assumed is that values are symmetric about their mean: given how far a value lies from it, either side is equally
likely. So a bet on the side is fair, whatever the distances are, and it may be the larger the larger the distance is,
as in Wilcoxon's signed-rank test. A gambler who doubts that the mean exceeds m multiplies the stake at each value by

.. math:: 1 + \beta \tanh(c (x_i - m) / \sigma_i),

with a scale :math:`\sigma_i` that is chosen before :math:`x_i` is seen. At the true mean this is a martingale, as the
hyperbolic tangent is odd, and no factor rises with m, as it increases. So the argument of :mod:`lrn.intervals._betting`
holds: an end ever misses with at most the probability allowed. No moment has to exist (where there is no mean, read
centre of symmetry). A difference of two quantities is symmetric if the two could be exchanged.

The ranks themselves cannot take the place of the distances: which rank a deviation from m has depends on m, and a stake
that could rise with m would need an error probability of its own for every m.

Source: de la Peña (1999), "A general class of exponential inequalities for martingales and ratios", Annals of
Probability 27, for bets on symmetric values; the bounded bets and their scale are of this project.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrn.intervals._assumed import LARGEST, finite, goal_of_two

__all__ = ["symmetric_capital", "symmetric_ends", "symmetric_sequence"]

_SLOPES = np.array([0.25, 0.5, 1.0])
"""Bets on symmetric values: how fast they rise with the deviation in units of the scale."""

_BET = 0.95
"""The largest part of the stake that one symmetric value can lose."""

_END_SLACK = 1e-9
"""Up to which part of the spread an end is followed."""

_Values = NDArray[np.float64]


def symmetric_capital(values: _Values, mean: float) -> float:
    """Returns the logarithm of the stake after betting that the mean of symmetric values exceeds `mean`.

    Args:
        values: (n,) the observations, in the order in which they were made.
        mean: the mean that is bet against; the stake falls as it grows.
    """
    return _symmetric_stake(values, _scales(values), mean)


def symmetric_ends(values: _Values, goal: float) -> tuple[float, float]:
    """Returns both ends of the interval for the mean of symmetric values, each where the stake reaches exp(goal).

    Args:
        values: (n,) the observations, in the order in which they were made.
        goal: logarithm of the stake that rejects a mean.
    """
    scales = _scales(values)
    low = _symmetric_end(values, partial(_symmetric_stake, values, scales), goal)
    high = _symmetric_end(-values, partial(_symmetric_stake, -values, scales), goal)
    return low, -high


def symmetric_sequence(values: ArrayLike, alpha: float) -> tuple[float, float]:
    """Returns an interval for the centre of symmetric values that holds at every number of observations at once.

    Args:
        values: (n,) independent observations, in the order in which they were made.
        alpha: the probability of ever missing, strictly between 0 and 1.

    Returns:
        The lower and the upper end; infinite for fewer values than can decide.

    Raises:
        TypeError: the values or alpha are of another type.
        ValueError: a value is not finite, or alpha is out of range.

    Source: de la Peña (1999); see the module's docstring.

    Example:
        >>> low, high = symmetric_sequence([0.93, 0.94, 0.92, 0.93, 0.95, 0.91] * 3, alpha=0.05)
        >>> 0.9 < low < 0.93 < high < 0.96
        True
    """
    return symmetric_ends(finite(values), goal_of_two(alpha))


def _symmetric_stake(values: _Values, scales: _Values, mean: float) -> float:
    """The logarithm of the stake on symmetric values: of each bet on its own, and then of all together."""
    growth = np.log1p(_BET * np.tanh(_SLOPES * ((values - mean) / scales)[:, None]))
    return float(np.logaddexp.reduce(growth.sum(0))) - math.log(len(_SLOPES))


def _scales(values: _Values) -> _Values:
    """For each value the median deviation of earlier ones from their median, renewed now and then; infinite at first.

    It does not depend on the mean that is bet against, so that a stake never rises with it.
    """
    scales = np.full(len(values), math.inf)
    known = 2
    while known < len(values):
        deviations = np.abs(values[:known] - np.median(values[:known]))
        scale = float(np.median(deviations)) or float(deviations.mean())
        scales[known:] = scale or math.inf
        known += -(-known // 8)
    return scales


def _symmetric_end(values: _Values, capital: Callable[[float], float], goal: float) -> float:
    """The lower end of the interval of symmetric values."""
    if capital(-LARGEST) < goal:
        return -math.inf
    middle = float(np.median(values))
    step = max(float(np.ptp(values)), abs(middle) * _END_SLACK, 1e-300)
    below = middle - step
    while capital(below) < goal:
        step *= 2
        below = middle - step
    rejected, not_rejected = below, middle
    if capital(middle) >= goal:  # only where the median itself is far from the centre of the stakes
        return middle
    while not_rejected - rejected > _END_SLACK * step:
        at = (rejected + not_rejected) / 2
        if not rejected < at < not_rejected:
            break
        rejected, not_rejected = (at, not_rejected) if capital(at) >= goal else (rejected, at)
    return rejected
