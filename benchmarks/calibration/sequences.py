"""Seeds until a claim is decided: lrn's looks against confidence sequences, which hold at all times at once.

All of them miss the truth, ever, with probability at most the same level. For values in [0, 1] and a margin m each
method says at every time whether it excludes m; running intersections are free and taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from lrn.intervals import LOOK, look_alpha, mean_interval, quantity_alpha, rate_interval

__all__ = ["METHODS", "PROBLEMS", "WIDTHS", "Problem", "compare", "widths"]

LEVEL = quantity_alpha(0.001)
MOST_SEEDS = 1 << 17
LOOKS = [LOOK << k for k in range(12)]
DENSE_LOOKS = [round(LOOK * 2 ** (k / 4)) for k in range(45)]
BET_CAP = 0.5

_Values = NDArray[np.float64]


def mixture(x: _Values, m: float, level: float) -> _Values:
    """Log evidence (n,) against a rate m: Robbins's mixture of likelihood ratios, with Jeffreys's prior.

    Source: Robbins (1970), "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical
    Statistics 41; for the beta-binomial one Howard, Ramdas, McAuliffe and Sekhon (2021), Annals of Statistics 49.
    """
    n, hits = np.arange(1, len(x) + 1), np.cumsum(x)
    alternative = special.betaln(hits + 0.5, n - hits + 0.5) - special.betaln(0.5, 0.5)
    return alternative - hits * math.log(m) - (n - hits) * math.log1p(-m) - math.log(1 / level)


def hedged(x: _Values, m: float, level: float) -> _Values:
    """Log evidence (n,) against a mean m: the hedged capital with predictable plug-in bets for all times.

    Source: Waudby-Smith and Ramdas (2023), "Estimating means of bounded random variables by betting", section 4; bets
    of at most half of what could be lost, as in the authors' package confseq.
    """
    n = np.arange(1, len(x) + 1)
    mean = (0.5 + np.cumsum(x)) / (n + 1)
    variance = (0.25 + np.cumsum((x - mean) ** 2)) / (n + 1)
    earlier = np.concatenate(([0.25], variance[:-1]))
    bets = np.sqrt(2 * math.log(2 / level) / (earlier * n * np.log1p(n)))
    up = np.cumsum(np.log1p(np.minimum(bets, BET_CAP / m) * (x - m)))
    down = np.cumsum(np.log1p(-np.minimum(bets, BET_CAP / (1 - m)) * (x - m)))
    return np.maximum(up, down) - math.log(2 / level)


def stitched(x: _Values, m: float, level: float) -> _Values:
    """By how much (n,) a mean m lies outside the stitched empirical Bernstein confidence sequence.

    Source: Howard, Ramdas, McAuliffe and Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic confidence
    sequences", Annals of Statistics 49: Theorem 4 with the boundary of Theorem 1, eta = 2, s = 1.4, from variance 1.
    """
    n = np.arange(1, len(x) + 1)
    total = np.cumsum(x)
    earlier = np.concatenate(([0.5], ((0.5 + total) / (n + 1))[:-1]))
    variance = np.maximum(np.cumsum((x - earlier) ** 2), 1.0)
    k1, k2 = (2**0.25 + 2**-0.25) / math.sqrt(2), (math.sqrt(2) + 1) / 2
    log = 1.4 * np.log(np.log2(variance) + 1) + math.log(special.zeta(1.4)) + math.log(2 / level)
    boundary = np.sqrt(k1**2 * variance * log + (k2 * log) ** 2) + k2 * log
    return (np.abs(total - m * n) - boundary) / n


METHODS: dict[str, Callable[[_Values, float, float], _Values]] = {
    "beta-binomial mixture": mixture,
    "hedged betting": hedged,
    "stitched empirical Bernstein": stitched,
}


@dataclass(frozen=True)
class Problem:
    """A claim to decide.

    Attributes:
        name: what it compares.
        margin: against what.
        values: function of uniform numbers (n,), within [0, 1].
        runs: how often.
    """

    name: str
    margin: float
    values: Callable[[_Values], _Values]
    runs: int

    @property
    def binary(self) -> bool:
        """Whether it is a rate."""
        return self.name.startswith("rate")


def _rate(p: float, margin: float) -> Problem:
    return Problem(f"rate {p:g} against {margin:g}", margin, lambda u: (u < p).astype(float), 200)


PROBLEMS = (
    *(_rate(*pair) for pair in ((0.7, 0.5), (0.55, 0.5), (0.52, 0.5), (0.9, 0.8), (0.01, 0.05), (0.04, 0.05))),
    Problem("mean 0.5 of 16 values against 0.45", 0.45, lambda u: np.floor(16 * u) / 15, 50),
    Problem("mean 0.5 of 16 values against 0.48", 0.48, lambda u: np.floor(16 * u) / 15, 50),
    Problem("mean 0.5 of 11 values in [0.375, 0.625] against 0.49", 0.49, lambda u: (np.floor(11 * u) + 15) / 40, 50),
    Problem("mean 0.05, nine in ten are 0, against 0.06", 0.06, lambda u: np.maximum(10 * u - 9, 0), 50),
)


_WHEN = {"at looks": np.array(LOOKS), "every 64": np.arange(LOOK, MOST_SEEDS + 1, LOOK)}

WIDTHS = tuple(PROBLEMS[i] for i in (1, 5, 7, 9))


def compare(problem: Problem, scale: float = 1.0) -> dict[str, Any]:
    """Mean seeds until the claim is decided, by each method: at lrn's looks and at every 64 seeds."""
    runs = max(1, round(problem.runs * scale))
    seeds: dict[str, list[int]] = {"lrn": [], "lrn, four looks a doubling": []}
    seeds |= {f"{name}, {when}": [] for name in _methods(problem) for when in _WHEN}
    for run in range(runs):
        x = problem.values(np.random.Generator(np.random.Philox(key=run)).random(MOST_SEEDS))
        for looks, used in zip((LOOKS, DENSE_LOOKS), seeds.values(), strict=False):
            used.append(next(_looks_that_exclude(problem, x, looks), MOST_SEEDS))
        for name in _methods(problem):
            first = _first_exclusion(METHODS[name], problem.margin, x)
            for when, times in _WHEN.items():
                seeds[f"{name}, {when}"].append(int(times[min(int(np.searchsorted(times, first)), len(times) - 1)]))
    return {
        "name": problem.name,
        "runs": runs,
        "seeds": {name: sum(used) / runs for name, used in seeds.items()},
        "first_run": {name: used[0] for name, used in seeds.items()},
    }


def _methods(problem: Problem) -> list[str]:
    return [name for name in METHODS if problem.binary or name != "beta-binomial mixture"]


def _first_exclusion(method: Callable[[_Values, float, float], _Values], m: float, x: _Values) -> int:
    """The time from which on a confidence sequence excludes m; the last where it never does."""
    for n in LOOKS:  # no more than it takes
        excluded = np.flatnonzero(method(x[:n], m, LEVEL) >= 0)
        if len(excluded):
            return int(excluded[0]) + 1
    return len(x)


def _looks_that_exclude(problem: Problem, x: _Values, looks: list[int]) -> Iterator[int]:
    """The looks at which lrn's interval excludes the margin; look k has the share 1 / (k (k + 1)) of the level."""
    for k, n in enumerate(looks, start=1):
        low, high = _own(x[:n], problem.binary, LEVEL / (k * (k + 1)))
        if not low <= problem.margin <= high:
            yield n


def _own(x: _Values, binary: bool, level: float) -> tuple[float, float]:
    """lrn's interval."""
    return rate_interval(int(x.sum()), len(x), level) if binary else mean_interval(x, 0, 1, level)


def widths(problem: Problem) -> dict[str, Any]:
    """Widths of the intervals at some looks, for one stream of values."""
    x = problem.values(np.random.Generator(np.random.Philox(key=0)).random(MOST_SEEDS))
    rows = []
    for n in (256, 1024, 8192, 65536):
        low, high = _own(x[:n], problem.binary, look_alpha(LEVEL, n))
        found = {"lrn": high - low} | {name: _width(METHODS[name], x[:n]) for name in _methods(problem)}
        rows.append({"seeds": n, "widths": found})
    return {"name": problem.name, "rows": rows}


def _width(method: Callable[[_Values, float, float], _Values], x: _Values) -> float:
    """Between the ends of a confidence sequence, where exclusion rises on both sides of the mean."""
    ends = []
    for outside in (1e-9, 1 - 1e-9):
        inside = float(np.clip(x.mean(), 1e-9, 1 - 1e-9))
        for _ in range(30):
            m = (outside + inside) / 2
            if (method(x, m, LEVEL) >= 0).any():
                outside = m
            else:
                inside = m
        ends.append(outside)
    return ends[1] - ends[0]
