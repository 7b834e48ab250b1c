"""The comparisons, and how few seeds are possible and aimed at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import optimize

__all__ = ["ALPHAS", "CORRELATION", "MEANS", "QUANTITIES", "ROWS", "SD", "Row", "bound"]

QUANTITIES = 32
ALPHAS = (0.001, 0.05)
_BOUND_QUANTITIES = 12

SD, CORRELATION = 0.15, 0.8
"""Of the values whose means are compared: as a part of the range, and between the two networks of one seed."""


@dataclass(frozen=True)
class Row:
    """A comparison of two populations on the same seeds.

    Attributes:
        name: the claim.
        first: the larger rate or mean.
        second: the smaller one.
        is_rate: whether values are 0 and 1, independent of one another; else normal, within [0, 1] and correlated.
        reach: mean seeds per population to stay below, for each alpha.
    """

    name: str
    first: float
    second: float
    is_rate: bool
    reach: dict[float, float]


MEANS = "means half an sd apart, paired"
ROWS = (
    Row("0.6 > 0.3", 0.6, 0.3, True, {0.001: 155, 0.05: 103}),
    Row("0.9 > 0.8", 0.9, 0.8, True, {0.001: 700, 0.05: 475}),
    Row("0.55 > 0.5", 0.55, 0.5, True, {0.001: 5500, 0.05: 3800}),
    Row("0.95 > 0.1", 0.95, 0.1, True, {0.001: 25, 0.05: 18}),
    Row(MEANS, 0.5 + SD / 2, 0.5, False, {0.001: 190, 0.05: 125}),
)


def bound(row: Row, alpha: float) -> float:
    """Returns log(12 / alpha) over the information per seed about whether the first exceeds the second."""
    return math.log(_BOUND_QUANTITIES / alpha) / _information(row)


def _information(row: Row) -> float:
    if not row.is_rate:
        return (row.first - row.second) ** 2 / (2 * 2 * (1 - CORRELATION) * SD**2)
    nearest = optimize.minimize_scalar(
        lambda p: _divergence(row.first, p) + _divergence(row.second, p),
        bounds=(row.second, row.first),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(nearest.fun)


def _divergence(p: float, q: float) -> float:
    return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))
