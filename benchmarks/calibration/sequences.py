"""How often assumed confidence sequences ever miss a mean that is known: thousands of repeats, after every seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.exact import p_at_least
from benchmarks.tables import _table as table
from lrn.intervals import normal_ends, subgaussian_ends
from lrn.intervals._symmetric import _BET, _SLOPES, _scales

__all__ = ["ALPHAS", "REPEATS", "RESULTS", "SEEDS", "count", "tabulated"]

RESULTS = Path(__file__).parents[1] / "calibration_assumed.json"

REPEATS, SEEDS = 4000, 100
ALPHAS = (0.2, 0.05)

_Values = NDArray[np.float64]

_DRAWS: dict[str, Callable[[np.random.Generator, tuple[int, int]], _Values]] = {
    "normal": lambda rng, shape: rng.normal(0, 3, shape),
    "unit normal": lambda rng, shape: rng.normal(0, 1, shape),
    "plus or minus 1": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
    "Cauchy": lambda rng, shape: rng.standard_cauchy(shape),
    "skewed (squares of exponentials)": lambda rng, shape: rng.exponential(1, shape) ** 2 - 2,
}

ROWS = (
    ("normal", "normal"),
    ("symmetric", "normal"),
    ("symmetric", "plus or minus 1"),
    ("symmetric", "Cauchy"),
    ("subgaussian", "unit normal"),
    ("subgaussian", "plus or minus 1"),
    ("normal", "skewed (squares of exponentials)"),
)
"""Assumptions and what is drawn; the last row breaks its assumption."""


def count(alpha: float, repeats: int = REPEATS) -> list[dict[str, Any]]:
    """Counts, for each row, the repeats in which either end ever misses, tested after every seed.

    Args:
        alpha: the probability that an interval may ever miss with, half of it at each end.
        repeats: how many sequences of `SEEDS` values.
    """
    rows = []
    for row, (assumption, drawn) in enumerate(ROWS):
        values = _DRAWS[drawn](np.random.default_rng([row, round(1000 * alpha)]), (repeats, SEEDS))
        missed = int(_missed(assumption, values, math.log(2 / alpha)).sum())
        p = p_at_least(missed, repeats, alpha)
        rows.append(
            {"assumption": assumption, "drawn": drawn, "alpha": alpha, "repeats": repeats, "missed": missed, "p": p}
        )
    return rows


def tabulated(results: Sequence[dict[str, Any]]) -> str:
    """The counts as a Markdown table."""
    head = ("assumed", "drawn", "α", "repeats", "ever missed", "share", "p")
    rows = []
    for row in results:
        share = f"{100 * row['missed'] / row['repeats']:.3g} %"
        counted = (f"{row['alpha']:g}", f"{row['repeats']:,}", f"{row['missed']:,}", share, f"{row['p']:.2g}")
        rows.append([row["assumption"], row["drawn"], *counted])
    return table(head, rows)


def _missed(assumption: str, values: _Values, goal: float) -> NDArray[np.bool_]:
    """Whether the mean 0 ever lay outside, for each row of values (R, N)."""
    if assumption == "symmetric":
        return np.array([_ever_bet_away(row, goal) for row in values])
    n = np.arange(1, values.shape[1] + 1)
    means = values.cumsum(axis=1) / n
    if assumption == "subgaussian":
        widths = np.array([subgaussian_ends(np.zeros(k), goal, 1.0)[1] for k in n])
        return np.asarray((np.abs(means) > widths).any(axis=1))
    spreads = np.sqrt(np.maximum((values**2).cumsum(axis=1) / n - means**2, 0.0))
    widths = np.array([normal_ends(_of_spread_one(k), goal)[1] if k > 1 else math.inf for k in n])
    return np.asarray((np.abs(means) > np.where(n > 1, spreads, 1.0) * widths).any(axis=1))


def _of_spread_one(n: int) -> _Values:
    """Values with mean 0 and standard deviation 1: the width of an interval is that of any others, in their units."""
    values = np.linspace(-1.0, 1.0, n)
    return values / values.std()


def _ever_bet_away(values: _Values, goal: float) -> bool:
    """Whether either stake against the mean 0 ever reached its goal; each depends on earlier values only."""
    deviations = _SLOPES * (values / _scales(values))[:, None]
    for side in (1.0, -1.0):
        stakes = np.log1p(_BET * np.tanh(side * deviations)).cumsum(axis=0)
        if (np.logaddexp.reduce(stakes, axis=1) - math.log(len(_SLOPES)) >= goal).any():
            return True
    return False
