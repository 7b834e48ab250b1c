r"""Confidence sequences for means of values without bounds, under an assumption that somebody has to declare.

As for bounded means (:mod:`lrn.intervals._betting`), a mean m is rejected where a stake that is bet against it, from 1
upward, has grown to the inverse of an error probability. At the true mean the stake is a nonnegative martingale, if the
values are as assumed, and no stake rises with m. So an end ever misses with at most that probability,
at any number of observations (Ville's inequality). They differ in the bets that are fair.

*Normal*, with unknown mean and variance. Whether the mean is m is asked of what does not depend on the scale: the
ratios of the deviations :math:`x_i - m`. Their likelihood under a mean :math:`m + \delta \sigma` over that under m,
where :math:`\delta > 0` is half-normal with variance g, is

.. math:: S_n = 2 F_n(z) \, (1 + ng)^{-1/2} \Bigl(\frac{1 + r/(1 + ng)}{1 + r}\Bigr)^{-n/2}, \quad
    z = \pm n \sqrt{\frac{g r}{1 + ng + r}}, \quad r = \frac{n (\bar x - m)^2}{\sum_i (x_i - \bar x)^2},

with Student's distribution function :math:`F_n` for n degrees of freedom and the sign of :math:`\bar x - m`. A ratio of
likelihoods is a martingale whatever :math:`\sigma` is.

*Subgaussian* with a known scale: :math:`E \exp(\lambda (X - \mu)) \le \exp(\lambda^2 \sigma^2 / 2)` for all
:math:`\lambda`, as for a normal X of standard deviation :math:`\sigma` or less, and for any X within bounds that are
:math:`2 \sigma` apart. Then :math:`\exp(\lambda s - n \lambda^2 \sigma^2 / 2)` with :math:`s = \sum_i (x_i - m)` is a
supermartingale for each :math:`\lambda > 0`. Mixed over a half-normal :math:`\lambda` of variance
:math:`g / \sigma^2` it is

.. math:: S_n = 2 \Phi(z) (1 + ng)^{-1/2} e^{z^2 / 2}, \qquad z = \frac{s}{\sigma} \sqrt{\frac{g}{1 + ng}} .

The stake is divided among a few g, as it is not known how far from m the mean lies.

Source: Wang & Ramdas (2025), "Anytime-valid t-tests and confidence sequences for Gaussian means with unknown variance",
Sequential Analysis 44 (arXiv:2310.03722), whose scale-invariant mixture is made one-sided here, by a half-normal prior;
Robbins (1970), "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical Statistics
41, and Howard, Ramdas, McAuliffe & Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic confidence sequences",
Annals of Statistics 49, proposition 6, for the one-sided normal mixture.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import scipy  # whose modules load when they are first used: stats takes a second
from numpy.typing import ArrayLike, NDArray

from lrn.intervals._betting import SLACK
from lrn.intervals._checks import check_fraction, check_number
from lrn.intervals._exact import checked_values
from lrn.intervals._rounding import magnitude, multiple

__all__ = [
    "LARGEST",
    "finite",
    "goal_of_two",
    "normal_capital",
    "normal_ends",
    "normal_sequence",
    "subgaussian_capital",
    "subgaussian_ends",
    "subgaussian_sequence",
]

_VARIANCES = np.array([0.25, 2.0, 16.0])
"""Variances of the half-normal priors on how many standard deviations lie between m and the mean."""

_PARTS = np.log([0.4, 0.35, 0.25])
"""Logarithm of the part of the stake on each: few seeds for large differences, not many more for small ones."""

_EQUAL = 1e-9
"""Values that differ by less, as a part of the largest one, differ by rounding."""

LARGEST = 1e300
"""Farther away than any mean."""

_Values = NDArray[np.float64]


def normal_capital(values: _Values, mean: float) -> float:
    """Returns the logarithm of the stake after betting that the mean of normal values exceeds `mean`.

    Values that are all equal say nothing: no normal distribution gives them.

    Args:
        values: (n,) the observations.
        mean: the mean that is bet against; the stake falls as it grows.
    """
    if _without_spread(values):
        return 0.0
    own, unit, squares = _spread(values)
    gap = (own - mean) / unit
    return _normal_stake(len(values), min(len(values) * gap * gap / squares, LARGEST), gap)


def normal_ends(values: _Values, goal: float) -> tuple[float, float]:
    """Returns both ends of the interval for the mean of normal values, each where the stake reaches exp(goal).

    Args:
        values: (n,) the observations.
        goal: logarithm of the stake that rejects a mean.
    """
    n = len(values)
    if _without_spread(values) or _normal_stake(n, LARGEST, 1.0) < goal:
        return -math.inf, math.inf
    root = scipy.optimize.brentq(lambda log_r: _normal_stake(n, math.exp(log_r), 1.0) - goal, -700.0, math.log(LARGEST))
    own, unit, squares = _spread(values)
    return _around(own, unit * math.sqrt(math.exp(root) * squares / n))


def normal_sequence(values: ArrayLike, alpha: float) -> tuple[float, float]:
    """Returns an interval for the mean of normal values that holds at every number of observations at once.

    Each end ever misses with probability at most alpha / 2, if the values are independent and normal, of one mean and
    one variance, neither of which is known.

    Args:
        values: (n,) independent observations; their order does not matter.
        alpha: the probability of ever missing, strictly between 0 and 1.

    Returns:
        The lower and the upper end; infinite for fewer values than can decide, and for values without any spread.

    Raises:
        TypeError: the values or alpha are of another type.
        ValueError: a value is not finite, or alpha is out of range.

    Source: Wang and Ramdas (2025); see the module's docstring.

    Example:
        >>> low, high = normal_sequence([0.93, 0.94, 0.92, 0.93, 0.94, 0.93, 0.92, 0.94], alpha=0.05)
        >>> 0.91 < low < 0.93 < high < 0.95
        True
    """
    return normal_ends(finite(values), goal_of_two(alpha))


def subgaussian_capital(values: _Values, mean: float, sd: float) -> float:
    """Returns the logarithm of the stake after betting that the mean of subgaussian values exceeds `mean`.

    Args:
        values: (n,) the observations.
        mean: the mean that is bet against; the stake falls as it grows.
        sd: their scale.
    """
    gap = float(values.mean()) - mean if len(values) else 0.0
    return _subgaussian_stake(len(values), gap / sd)


def subgaussian_ends(values: _Values, goal: float, sd: float) -> tuple[float, float]:
    """Returns both ends of the interval for the mean of subgaussian values, each where the stake reaches exp(goal).

    Args:
        values: (n,) the observations.
        goal: logarithm of the stake that rejects a mean.
        sd: their scale.
    """
    n = len(values)
    if not n:
        return -math.inf, math.inf
    most = 1.0
    while _subgaussian_stake(n, most) < goal:
        most *= 2
    gap = scipy.optimize.brentq(lambda gap: _subgaussian_stake(n, gap) - goal, 0.0, most)
    return _around(float(values.mean()), float(gap) * sd)


def subgaussian_sequence(values: ArrayLike, sd: float, alpha: float) -> tuple[float, float]:
    """Returns an interval for the mean of subgaussian values that holds at every number of observations at once.

    Args:
        values: (n,) independent observations; their order does not matter.
        sd: their scale: a standard deviation that they do not exceed, if they are normal.
        alpha: the probability of ever missing, strictly between 0 and 1.

    Returns:
        The lower and the upper end.

    Raises:
        TypeError: the values or a number are of another type.
        ValueError: a value is not finite, sd is not positive, or alpha is out of range.

    Source: Robbins (1970), Howard et al. (2021); see the module's docstring.

    Example:
        >>> low, high = subgaussian_sequence([0.93, 0.94, 0.92, 0.93], sd=0.01, alpha=0.05)
        >>> 0.91 < low < 0.93 < high < 0.95
        True
    """
    if not 0 < check_number("sd", sd) < math.inf:
        raise ValueError(f"sd must be a positive number; got {sd!r}")
    return subgaussian_ends(finite(values), goal_of_two(alpha), float(sd))


def _normal_stake(n: int, r: float, gap: float) -> float:
    """The logarithm of the stake on normal values; r and the sign of the gap as in the module's docstring."""
    spread = 1 + n * _VARIANCES
    z = math.copysign(n, gap) * np.sqrt(_VARIANCES * r / (spread + r))
    with np.errstate(divide="ignore"):  # where the sign is against the bet, nothing may be left
        tail = np.log(2 * scipy.special.stdtr(n, z))
    growth = n / 2 * (math.log1p(r) - np.log1p(r / spread)) - np.log(spread) / 2
    return float(np.logaddexp.reduce(_PARTS + tail + growth))


def _subgaussian_stake(n: int, gap: float) -> float:
    """The logarithm of the stake on subgaussian values of scale 1 whose mean exceeds m by the gap."""
    spread = 1 + n * _VARIANCES
    z = n * gap * np.sqrt(_VARIANCES / spread)
    return float(np.logaddexp.reduce(_PARTS + math.log(2) + scipy.special.log_ndtr(z) + z * z / 2 - np.log(spread) / 2))


def _spread(values: _Values) -> tuple[float, float, float]:
    """The mean of the values, their largest deviation from it, and the sum of their squared deviations in its units.

    In units of their own, squares of the smallest and the largest values are numbers, too.
    """
    own = float(values.mean())
    deviations = np.abs(values - own)
    unit = float(deviations.max())
    return own, unit, float(np.sum((deviations / unit) ** 2))


def _without_spread(values: _Values) -> bool:
    return len(values) < 2 or bool(np.ptp(values) <= _EQUAL * np.abs(values).max())


def _around(middle: float, width: float) -> tuple[float, float]:
    """The interval, its width rounded up to eight digits: the last ones depend on the machine's logarithms."""
    if math.isfinite(width):
        exponent = magnitude(width) - 7
        width = multiple(math.ceil(Fraction(width) / Fraction(10) ** exponent), exponent)
    return math.nextafter(middle - width, -math.inf), math.nextafter(middle + width, math.inf)


def goal_of_two(alpha: float) -> float:
    """Returns the logarithm of the stake that each of two ends must reach."""
    return math.log(2 / check_fraction("alpha", alpha)) + SLACK


def finite(values: ArrayLike) -> _Values:
    """Returns values as a float array (n,); raises ValueError where one is not finite."""
    observed = checked_values(values)
    if not np.isfinite(observed).all():
        raise ValueError("values must be finite; got one that is infinite")
    return observed
