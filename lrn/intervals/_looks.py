"""How the error budget is shared: equal parts for the quantities, a convergent series over the looks."""

from __future__ import annotations

import math

from lrn.intervals._checks import check_fraction, check_number, check_whole
from lrn.intervals._exact import rare_ranks, rate_interval

__all__ = [
    "LOOK",
    "MAX_QUANTITIES",
    "detectable_difference",
    "look_alpha",
    "look_index",
    "observations_needed",
    "quantity_alpha",
]

LOOK = 64
"""Observations at the first look; every later look doubles them."""

MAX_QUANTITIES = 4096
"""Distinct quantities that one error budget pays for."""

_LAST_LOOK = 35


def quantity_alpha(alpha: float) -> float:
    """Return the share of the suite's error budget ``alpha`` that one quantity may spend, over all its looks.

    Raises:
        ValueError: if alpha does not lie strictly between 0 and 1.
    """
    return check_fraction("alpha", alpha) / MAX_QUANTITIES


def look_index(n: int) -> int:
    """Return which look ``n`` observations are: 1 for 64, 2 for 128, 3 for 256, and so on.

    Raises:
        ValueError: if n is not 64 times a power of two.
    """
    n = check_whole("a look", n)
    doublings = n // LOOK
    if n != doublings * LOOK or doublings < 1 or doublings & (doublings - 1):
        raise ValueError(f"{n} is not a look: a look has 64, 128, 256, ... (64 * 2**k) observations")
    return doublings.bit_length()


def look_alpha(alpha_quantity: float, n: int) -> float:
    r"""Return the level of the interval at the look of ``n`` observations.

    Look k spends ``alpha_quantity / (k (k + 1))``. As :math:`\sum_{k \ge 1} 1 / (k (k + 1)) = 1`, all looks
    together spend at most ``alpha_quantity``, however many there will be. The level depends on n alone, so
    that two claims that share a quantity see the same interval and pay for it once.

    Raises:
        ValueError: if n is not 64 times a power of two, or alpha_quantity is not strictly between 0 and 1.
    """
    k = look_index(n)
    return check_fraction("alpha_quantity", alpha_quantity) / (k * (k + 1))


def detectable_difference(rate: float, n: int, alpha_quantity: float, power: float = 0.9) -> float:
    """Return the smallest distance from a true ``rate`` that ``n`` observations would detect.

    If the true rate is ``rate`` and d is what is returned, then the interval at the look n lies above
    ``rate - d`` with probability at least ``power``, and likewise below ``rate + d``. To tell two measured
    rates apart, add the distances of both.

    Args:
        rate: the true rate, in [0, 1].
        n: observations, 64 times a power of two.
        alpha_quantity: what the quantity may spend over all its looks, see :func:`quantity_alpha`.
        power: the wanted probability of detecting, strictly between 0 and 1.
    """
    if not 0 <= check_number("rate", rate) <= 1:
        raise ValueError(f"rate must lie in [0, 1], not {rate}")
    level = look_alpha(alpha_quantity, n)
    miss = 1 - check_fraction("power", power)
    few = rare_ranks(n, rate, miss)
    many = n - rare_ranks(n, 1 - rate, miss)
    return max(rate - rate_interval(few, n, level)[0], rate_interval(many, n, level)[1] - rate)


def observations_needed(rate: float, margin: float, alpha_quantity: float, power: float = 0.9) -> float:
    """Return at which look a true ``rate`` is told apart from ``rate - margin`` and ``rate + margin``.

    That is the smallest n of 64, 128, 256, ... with a :func:`detectable_difference` below ``margin``;
    ``math.inf`` if it would be more than 64 * 2**34.

    Raises:
        ValueError: if margin is not positive, or as :func:`detectable_difference`.
    """
    if not check_number("margin", margin) > 0:
        raise ValueError(f"margin must be positive, not {margin}")
    for k in range(_LAST_LOOK):
        if detectable_difference(rate, LOOK << k, alpha_quantity, power) < margin:
            return LOOK << k
    return math.inf
