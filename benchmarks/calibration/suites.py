"""Suites of claims whose truth is known, with margins at the true value or just beside it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.calibration.assumed import assumed_kinds
from benchmarks.calibration.stated import Group, Kind, Metric, Setting, Stated, Synthetic
from lrn.claims import Estimate, Measure, every, some

__all__ = ["Group", "Kind", "Setting", "Stated", "Synthetic", "plan"]


def _values(stream: int) -> Synthetic:
    metrics: dict[str, Metric] = {
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
    metrics: dict[str, Metric] = {
        "alive": lambda u, v: v < 1 / 16,
        "hit": lambda u, v: u < 0.25,
        "value": lambda u, v: u,
    }
    return Synthetic(f"survivors ({stream})", stream, metrics)


def _pair(stream: int) -> tuple[Synthetic, Synthetic]:
    """Two whose values are opposite; the second counts for three seeds in four, whatever its value."""
    hit: dict[str, Metric] = {"hit": lambda u, v: u < 0.5, "alive": lambda u, v: v < 2}
    miss: dict[str, Metric] = {"hit": lambda u, v: u >= 0.5, "alive": lambda u, v: v < 0.75}
    return Synthetic(f"opposite, all ({stream})", stream, hit), Synthetic(f"opposite, some ({stream})", stream, miss)


def _selected(stream: int) -> tuple[Synthetic, Synthetic]:
    """Two of which other seeds count, and what counts depends on the value: means 1/2 and 1/3 of those that count."""
    first: dict[str, Metric] = {"hit": lambda u, v: u < 0.25, "alive": lambda u, v: u < 0.5}
    second: dict[str, Metric] = {"hit": lambda u, v: u > 0.75, "alive": lambda u, v: u > 0.25}
    return Synthetic(f"selected, low ({stream})", stream, first), Synthetic(
        f"selected, high ({stream})", stream, second
    )


def _coin(rate: float, stream: int) -> Synthetic:
    return Synthetic(f"hits at {rate:g} ({stream})", stream, {"hit": lambda u, v: u < rate})


def _rate(population: Synthetic, metric: str, measure: Measure) -> Estimate:
    return measure.rate(population, metric)


def _difference(a: Synthetic, b: Synthetic, of_a: str, of_b: str, measure: Measure) -> Estimate:
    return measure.rate(a, of_a) - measure.rate(b, of_b)


def _hits_of_survivors(population: Synthetic, measure: Measure) -> Estimate:
    return measure.rate(population, "hit", given="alive")


def _conditional_difference(pair: tuple[Synthetic, Synthetic], measure: Measure) -> Estimate:
    return _hits_of_survivors(pair[0], measure) - _hits_of_survivors(pair[1], measure)


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
                (partial(_hits_of_survivors, few), 0.25, 1.0),
                (lambda m: m.mean(fewer, "value", given="alive", bounds=(0, 1)), 0.5, 1.0),
                (lambda m: m.quantile(few, "value", 0.5, given="alive"), 0.5, 1.0),
            ),
        ),
        Kind(
            "difference of conditional rates",
            (
                (partial(_conditional_difference, _pair(40)), 0.0, 2.0),
                (partial(_conditional_difference, _selected(41)), 0.5 - 1 / 3, 2.0),
                (lambda m: _hits_of_survivors(few, m) - m.rate(v, "half"), -0.25, 2.0),
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
    return tuple(zip(claims, strict=True))


_COMBINED_SHARES = 2 + 2 + 1 + 1 + 1
"""Two thresholds of two rates, one of a third, and two differences."""


def _of(kind: Kind, suites: int, name: str = "", **options: object) -> Setting:
    setting = Setting(name or kind.name, kind.groups(), kind.all_shares, suites, exact=kind.exact)
    return replace(setting, **options)  # type: ignore[arg-type]


def plan(scale: float = 1.0) -> list[Setting]:
    """Every setting; `scale` is which part of the suites to simulate."""
    kinds = _kinds()
    rate, conditional = kinds["rate"], kinds["difference of conditional rates"]
    growing = [replace(_of(kind, 200), exact=()) for kind in kinds.values()]
    one_by_one = {"step": 1, "first_seeds": 1, "max_seeds": 48}
    everything: list[Group] = []
    shares = _COMBINED_SHARES
    for kind in kinds.values():
        everything += kind.groups()
        shares += kind.all_shares
    settings = [
        *growing,
        Setting("all of these and combinations", (*everything, *_combined()), shares, 40),
        _of(rate, 400, "rate, after every seed", **one_by_one),
        _of(rate, 400, "rate, after every seed", alpha=0.5, **one_by_one),
        _of(kinds["difference of rates: shared seeds, anticorrelated, independent"], 200,
            "difference of rates, after every seed", **one_by_one),
        _of(conditional, 100, "difference of conditional rates, after every seed", **one_by_one),
        _of(rate, 100, "rate, as a suite runs", alpha=0.001, max_seeds=1024),
        *(_of(kind, 60, "", alpha=0.5, **one_by_one) for kind in assumed_kinds()),
    ]  # fmt: skip
    numbered = []
    for number, setting in enumerate(settings):
        suites = max(1, round(setting.suites * scale))
        numbered.append(replace(setting, suites=suites, first_suite=10_000 * number))
    return numbered
