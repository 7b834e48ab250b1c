"""Suites of claims whose truth is known, with margins at the true value or just beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.efficiency.populations import uniform
from lrn.claims import Decision, Estimate, Measure, every, some

__all__ = ["Group", "Kind", "Setting", "Stated", "Synthetic", "plan"]

LITTLE = 0.02
"""How far from the truth the margins beside it lie, as a part of the quantity's range."""

_Metric = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Synthetic:
    """Functions of two uniform numbers per seed; populations of one stream share them, as networks share weights.

    Attributes:
        label: what it is called.
        stream: which numbers it observes.
        metrics: for each metric the function of the numbers (S,), (S,) that it is.
    """

    label: str
    stream: int
    metrics: Mapping[str, _Metric]

    def sample(self, seeds: range) -> dict[str, NDArray[np.generic]]:
        """What was observed for each seed, in arrays (S,)."""
        u, v = uniform(seeds, 2 * self.stream), uniform(seeds, 2 * self.stream + 1)
        return {name: metric(u, v) for name, metric in self.metrics.items()}


@dataclass(frozen=True, eq=False)
class Stated:
    """A claim of known truth.

    Attributes:
        decide: what it asserts.
        truth: whether that is so.
    """

    decide: Callable[[Measure], Decision]
    truth: bool


Group = tuple[Stated, ...]
"""Claims about the same quantities, tested on the same seeds."""

_Asked = Callable[[Measure], Estimate]


@dataclass(frozen=True)
class Kind:
    """Quantities that are measured in one way.

    Attributes:
        name: which way.
        asked: each quantity, with its true value and the width of its range.
        shares: what the claims about one of them take of the budget.
        exact: the rates behind them, where they are independent rates; else ().
    """

    name: str
    asked: tuple[tuple[_Asked, float, float], ...]
    shares: int = 2
    exact: tuple[float, ...] = ()

    def groups(self) -> tuple[Group, ...]:
        """Four claims about each quantity."""
        return tuple(_stated(asked, truth, LITTLE * span) for asked, truth, span in self.asked)


@dataclass(frozen=True)
class Setting:
    """Suites to simulate.

    Attributes:
        name: what they hold.
        groups: the claims of one suite.
        shares: by how many shares the budget is divided: as many as the claims take.
        suites: how many suites, on other seeds each.
        step: most seeds added at once; None for lrn's own growth.
        first_seeds: seeds at first.
        max_seeds: most seeds.
        alpha: error budget of a suite.
        exact: as for a `Kind`.
        first_suite: number of the first suite, so that settings share no seeds.
    """

    name: str
    groups: tuple[Group, ...]
    shares: int
    suites: int
    step: int | None = None
    first_seeds: int = 8
    max_seeds: int = 128
    alpha: float = 0.2
    exact: tuple[float, ...] = ()
    first_suite: int = 0


def _stated(asked: _Asked, truth: float, little: float) -> Group:
    """Both directions at the true value, and beside it."""
    return (
        Stated(lambda measure: asked(measure) > truth, False),
        Stated(lambda measure: asked(measure) < truth, False),
        Stated(lambda measure: asked(measure) > truth + little, False),
        Stated(lambda measure: asked(measure) >= truth - little, True),
    )


def _values(stream: int) -> Synthetic:
    metrics: dict[str, _Metric] = {
        "half": lambda u, v: u < 0.5,
        "quarter": lambda u, v: u < 0.25,
        "other half": lambda u, v: u >= 0.5,
        "value": lambda u, v: u,
        "turned": lambda u, v: 1 - u,
        "count": lambda u, v: np.floor(16 * u),
        "epochs": lambda u, v: np.where(u < 0.625, np.floor(16 * u), np.inf),
        "rare": lambda u, v: 15.0 * (u < 1 / 16),
        "mixed": lambda u, v: np.floor(4 * (u + v) / 2),
    }
    return Synthetic(f"values ({stream})", stream, metrics)


def _survivors(stream: int) -> Synthetic:
    """One in sixteen survives; a quarter of those hit, and their values are uniform."""
    metrics: dict[str, _Metric] = {
        "alive": lambda u, v: v < 1 / 16,
        "hit": lambda u, v: u < 0.25,
        "value": lambda u, v: u,
    }
    return Synthetic(f"survivors ({stream})", stream, metrics)


def _pair(stream: int) -> tuple[Synthetic, Synthetic]:
    """Two whose values are opposite; the second counts for three seeds in four, whatever its value."""
    hit: dict[str, _Metric] = {"hit": lambda u, v: u < 0.5, "alive": lambda u, v: v < 2}
    miss: dict[str, _Metric] = {"hit": lambda u, v: u >= 0.5, "alive": lambda u, v: v < 0.75}
    return Synthetic(f"opposite, all ({stream})", stream, hit), Synthetic(f"opposite, some ({stream})", stream, miss)


def _selected(stream: int) -> tuple[Synthetic, Synthetic]:
    """Two of which other seeds count, and what counts depends on the value: means 1/2 and 1/3 of those that count."""
    first: dict[str, _Metric] = {"hit": lambda u, v: u < 0.25, "alive": lambda u, v: u < 0.5}
    second: dict[str, _Metric] = {"hit": lambda u, v: u > 0.75, "alive": lambda u, v: u > 0.25}
    return Synthetic(f"selected, low ({stream})", stream, first), Synthetic(
        f"selected, high ({stream})", stream, second
    )


def _coin(rate: float, stream: int) -> Synthetic:
    return Synthetic(f"hits at {rate:g} ({stream})", stream, {"hit": lambda u, v: u < rate})


def _rate(population: Synthetic, metric: str, measure: Measure) -> Estimate:
    return measure.rate(population, metric)


def _difference(a: Synthetic, b: Synthetic, of_a: str, of_b: str, measure: Measure) -> Estimate:
    return measure.rate(a, of_a) - measure.rate(b, of_b)


def _given(pair: tuple[Synthetic, Synthetic], measure: Measure) -> Estimate:
    return measure.rate(pair[0], "hit", given="alive") - measure.rate(pair[1], "hit", given="alive")


def _kinds() -> dict[str, Kind]:
    rates = (0.5, 0.25, 0.0625, 0.9375)
    v, w, x, within = _values(20), _values(21), _values(22), (0.0, 15.0)
    few, fewer = _survivors(30), _survivors(31)
    kinds = (
        Kind("rate", tuple((partial(_rate, _coin(p, i), "hit"), p, 1.0) for i, p in enumerate(rates)), exact=rates),
        Kind(
            "difference of rates: shared seeds, anticorrelated, independent",
            (
                (partial(_difference, v, v, "half", "quarter"), 0.25, 2.0),
                (partial(_difference, w, w, "half", "other half"), 0.0, 2.0),
                (partial(_difference, v, x, "half", "quarter"), 0.25, 2.0),
            ),
        ),
        Kind(
            "expression of means and rates",
            (
                (lambda m: m.mean(v, "count", bounds=within) - 2 * m.mean(w, "rare", bounds=within), 5.625, 45.0),
                (lambda m: m.mean(v, "value", bounds=(0, 1)) - m.mean(v, "turned", bounds=(0, 1)), 0.0, 2.0),
                (lambda m: m.rate(v, "half") + m.rate(w, "half") - 2 * m.rate(x, "quarter"), 0.5, 4.0),
            ),
        ),
        Kind(
            "few survivors: rate, mean, quantile",
            (
                (lambda m: m.rate(few, "hit", given="alive"), 0.25, 1.0),
                (lambda m: m.mean(fewer, "value", given="alive", bounds=(0, 1)), 0.5, 1.0),
                (lambda m: m.quantile(few, "value", 0.5, given="alive"), 0.5, 1.0),
            ),
        ),
        Kind(
            "difference of conditional rates",
            (
                (partial(_given, _pair(40)), 0.0, 2.0),
                (partial(_given, _selected(41)), 0.5 - 1 / 3, 2.0),
                (lambda m: m.rate(few, "hit", given="alive") - m.rate(v, "half"), -0.25, 2.0),
            ),
        ),
        Kind(
            "quantile",
            (
                (lambda m: m.quantile(v, "value", 0.5), 0.5, 1.0),
                (lambda m: m.quantile(w, "value", 0.9), 0.9, 1.0),
                (lambda m: m.quantile(x, "epochs", 0.3), 4.0, 16.0),
            ),
        ),
        Kind(
            "product and quotient",
            (
                (lambda m: m.rate(v, "half") * m.rate(w, "half"), 0.25, 1.0),
                (lambda m: m.rate(x, "quarter") / m.rate(v, "other half"), 0.5, 1.0),
            ),
            shares=4,
        ),
    )
    return {kind.name: kind for kind in kinds}


def _combined() -> tuple[Group, ...]:
    """Claims over several quantities: one false member settles `every`, one true member `some`."""
    coins = [partial(_rate, _coin(p, 50 + i), "hit") for i, p in enumerate((0.5, 0.25, 0.0625, 0.9375))]
    claims = (
        Stated(lambda m: every([coins[0](m) > 0.45, coins[1](m) > 0.2, coins[3](m) > 0.9]), True),
        Stated(lambda m: every([coins[0](m) > 0.45, coins[1](m) > 0.25]), False),
        Stated(lambda m: some([coins[0](m) > 0.5, coins[1](m) > 0.25]), False),
        Stated(lambda m: (coins[0](m) > coins[1](m)) & ~(coins[2](m) > coins[3](m)), True),
    )
    return tuple((claim,) for claim in claims)


_COMBINED_SHARES = 2 + 2 + 1 + 1 + 1
"""Two thresholds of two rates, one of a third, and two differences."""


def _of(kind: Kind, suites: int, name: str = "", **options: object) -> Setting:
    shares = kind.shares * len(kind.asked)
    setting = Setting(name or kind.name, kind.groups(), shares, suites, exact=kind.exact)
    return replace(setting, **options)  # type: ignore[arg-type]


def plan(scale: float = 1.0) -> list[Setting]:
    """Every setting; `scale` is which part of the suites to simulate."""
    kinds = _kinds()
    rate, conditional = kinds["rate"], kinds["difference of conditional rates"]
    growing = [replace(_of(kind, 200), exact=()) for kind in kinds.values()]
    one_by_one = {"step": 1, "first_seeds": 1, "max_seeds": 48}
    everything = tuple(group for kind in kinds.values() for group in kind.groups()) + _combined()
    shares = sum(kind.shares * len(kind.asked) for kind in kinds.values()) + _COMBINED_SHARES
    settings = [
        *growing,
        Setting("all of these and combinations", everything, shares, 40),
        _of(rate, 400, "rate, after every seed", **one_by_one),
        _of(rate, 400, "rate, after every seed", alpha=0.5, **one_by_one),
        _of(kinds["difference of rates: shared seeds, anticorrelated, independent"], 200,
            "difference of rates, after every seed", **one_by_one),
        _of(conditional, 100, "difference of conditional rates, after every seed", **one_by_one),
        _of(rate, 100, "rate, as a suite runs", alpha=0.001, max_seeds=1024),
    ]  # fmt: skip
    return [
        replace(setting, suites=max(1, round(setting.suites * scale)), first_suite=10_000 * i)
        for i, setting in enumerate(settings)
    ]
