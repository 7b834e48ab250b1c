"""Suites of claims whose truth is known: true, false, false by little, and exactly at the margin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from benchmarks.calibration.populations import Synthetic
from lrn.claims import Decision, Estimate, Measure, every, some
from lrn.intervals import MAX_QUANTITIES, look_index

__all__ = ["KINDS", "Asked", "Kind", "Setting", "Stated", "plan"]

Asked = Callable[[Measure], Estimate]

LITTLE, MUCH = 0.03, 0.25
"""How far from the truth a claim's margin lies, as a share of the quantity's range."""


@dataclass(frozen=True)
class Stated:
    """A claim of known truth.

    Attributes:
        how: where its margin lies: "equal", "at the margin", "by little" or "clearly".
        decide: what it asserts.
        truth: whether that is so.
    """

    how: str
    decide: Callable[[Measure], Decision]
    truth: bool


@dataclass(frozen=True)
class Kind:
    """Quantities that are measured in one way.

    Attributes:
        name: which way.
        asked: each quantity, with its true value and the width of its range.
        misses: the probability of the binomial count that an interval of each quantity rests on; () where it rests on
            none, so that its error rate is not known but bounded.
        measured: how many quantities the budget has to pay for, more than are asked where one is a difference.
    """

    name: str
    asked: tuple[tuple[Asked, float, float], ...]
    misses: tuple[float, ...] = ()
    measured: int = 0

    @property
    def quantities(self) -> int:
        """How many quantities the budget has to pay for."""
        return self.measured or len(self.asked)

    def claims(self) -> list[Stated]:
        """Six claims about each quantity."""
        return [claim for asked, truth, span in self.asked for claim in _stated(asked, truth, span)]


@dataclass(frozen=True)
class Setting:
    """Suites to simulate.

    Attributes:
        name: what they hold.
        claims: the claims of one suite.
        quantities: how many distinct quantities they measure.
        alpha: error budget of a suite.
        suites: how many suites, on other seeds each.
        first_look: seeds at first.
        max_seeds: most seeds.
        misses: as for a `Kind`.
        shares: by how many quantities the budget is shared; None for lrn's own number.
        by_look: whether a wrong verdict's look is the look of the interval that missed.
        first_suite: number of the first suite, so that settings share no seeds.
    """

    name: str
    claims: tuple[Stated, ...]
    quantities: int
    alpha: float
    suites: int
    first_look: int = 64
    max_seeds: int = 1024
    misses: tuple[float, ...] = ()
    shares: int | None = None
    by_look: bool = True
    first_suite: int = 0

    @property
    def looks(self) -> range:
        """The looks that can be taken."""
        return range(look_index(self.first_look), look_index(self.max_seeds) + 1)

    @property
    def quantity_alpha(self) -> float:
        """The error budget of one quantity."""
        return self.alpha / (self.shares or MAX_QUANTITIES)

    def bound(self, look: int) -> float:
        """The probability that the guarantee allows a suite to be wrong at this look."""
        return self.quantities * self.quantity_alpha / (look * (look + 1))


def _stated(asked: Asked, truth: float, span: float) -> list[Stated]:
    """What can be said of a quantity: its value itself, and bounds at, near and far from it."""
    little, much = LITTLE * span, MUCH * span
    return [
        Stated("equal", lambda measure: asked(measure) == truth, True),
        Stated("at the margin", lambda measure: asked(measure) > truth, False),
        Stated("at the margin", lambda measure: asked(measure) >= truth, True),
        Stated("by little", lambda measure: asked(measure) > truth + little, False),
        Stated("by little", lambda measure: asked(measure) > truth - little, True),
        Stated("clearly", lambda measure: asked(measure) > truth + much, False),
    ]


def _hits(stream: int, rate: float) -> Synthetic:
    return Synthetic(f"hits at {rate:g} ({stream})", stream, {"hit": lambda u: u < rate})


def _values(stream: int) -> Synthetic:
    """Continuous values, counts within 0 and 15, epochs that may be infinite."""
    metrics = {
        "value": lambda u: u,
        "count": lambda u: np.floor(16 * u),
        "rare": lambda u: 15.0 * (u < 1 / 16),
        "narrow": lambda u: 7 + np.floor(2 * u),
        "epochs": lambda u: np.where(u < 0.625, -1000 * np.log1p(-u), np.inf),
        "turned": lambda u: 1 - u,
        "quarter": lambda u: np.floor(4 * u),
        "square": lambda u: np.floor(16 * u * u),
    }
    return Synthetic(f"values ({stream})", stream, metrics)


def _survivors(stream: int, rate: float) -> Synthetic:
    """Few survive; of those a quarter hits, and the rest is uniform among them."""
    metrics = {
        "alive": lambda u: u < rate,
        "hit": lambda u: u < rate / 4,
        "value": lambda u: u / rate,
        "count": lambda u: np.minimum(np.floor(16 * u / rate), 15),
    }
    return Synthetic(f"survivors at {rate:g} ({stream})", stream, metrics)


def _rate(population: Synthetic, measure: Measure) -> Estimate:
    return measure.rate(population, "hit")


def _rates(*rates: float) -> tuple[tuple[Asked, float, float], ...]:
    return tuple((partial(_rate, _hits(100 + i, rate)), rate, 1.0) for i, rate in enumerate(rates))


def _kinds() -> tuple[Kind, ...]:
    rates = (0.5, 0.25, 0.0625, 0.9375)
    v, w, few = _values(200), _values(201), _survivors(300, 1 / 16)
    half, quarter, apart = _hits(400, 0.5), _hits(400, 0.25), _hits(401, 0.25)
    square = sum(1 - (j / 16) ** 0.5 for j in range(1, 16))
    late, within = -1000 * np.log1p(-0.5), (0.0, 15.0)
    return (
        Kind("rate", _rates(*rates), rates),
        Kind(
            "median and quantile",
            (
                (lambda m: m.median(v, "value"), 0.5, 1.0),
                (lambda m: m.median(w, "epochs"), late, 1000.0),
                (lambda m: m.quantile(_SPARE, "value", 0.9), 0.9, 1.0),
            ),
            (0.5, 0.5, 0.9),
        ),
        Kind(
            "mean",
            (
                (lambda m: m.mean(v, "count", bounds=within), 7.5, 15.0),
                (lambda m: m.mean(w, "rare", bounds=within), 15 / 16, 15.0),
                (lambda m: m.mean(_SPARE, "narrow", bounds=within), 7.5, 15.0),
            ),
        ),
        Kind(
            "paired rate",
            (
                (lambda m: m.paired_rate(v, w, "quarter"), 0.375, 1.0),
                (lambda m: m.paired_rate(_SPARE, _TURNED, "value"), 0.5, 1.0),
            ),
            (0.375, 0.5),
        ),
        Kind(
            "mean difference", ((lambda m: m.mean_difference(v, _SQUARE, "count", bounds=within), 7.5 - square, 30.0),)
        ),
        Kind(
            "difference of two rates",
            (
                (lambda m: m.rate(half, "hit") - m.rate(quarter, "hit"), 0.25, 1.0),
                (lambda m: m.rate(half, "hit") - m.rate(apart, "hit"), 0.25, 1.0),
            ),
            measured=3,
        ),
        Kind(
            "of few survivors: rate, median, mean",
            (
                (lambda m: m.rate(few, "hit", given="alive"), 0.25, 1.0),
                (lambda m: m.median(few, "value", given="alive"), 0.5, 1.0),
                (lambda m: m.mean(few, "count", given="alive", bounds=within), 7.5, 15.0),
            ),
        ),
    )


_SPARE = _values(202)
_TURNED = Synthetic("turned (202)", 202, {"value": _SPARE.metrics["turned"]})
_SQUARE = Synthetic("square (200)", 200, {"count": _SPARE.metrics["square"]})

KINDS = _kinds()


def _combined() -> list[Stated]:
    """Claims over several quantities: one false member settles `every`, one true member `some`."""
    rates = [asked for asked, _, _ in KINDS[0].asked]
    low, high = (0.45, 0.2, 0.04, 0.9), (0.55, 0.3, 0.1, 0.97)
    return [
        Stated("combined", lambda m: every(r(m) > b for r, b in zip(rates, low, strict=True)), True),
        Stated("combined", lambda m: every(r(m) < b for r, b in zip(rates, (*high[:3], 0.92), strict=True)), False),
        Stated("combined", lambda m: some(r(m) > b for r, b in zip(rates, high, strict=True)), False),
        Stated("combined", lambda m: (rates[0](m) > rates[1](m)) & ~(rates[2](m) > rates[3](m)), True),
        Stated("combined", lambda m: rates[1](m) > 4 * rates[2](m), False),
        Stated("combined", lambda m: rates[0](m) / rates[1](m) >= 2, True),
    ]


def _of(
    kind: Kind, alpha: float, suites: int, name: str = "", *, first_look: int = 64, max_seeds: int = 1024
) -> Setting:
    """Suites of the six claims about each quantity of a kind, which share the budget among them."""
    claims, count = tuple(kind.claims()), kind.quantities
    return Setting(name or kind.name, claims, count, alpha, suites, first_look, max_seeds, kind.misses, shares=count)


def plan(scale: float = 1.0) -> list[Setting]:
    """Every setting; `scale` is which part of the suites to simulate."""
    rate, quantile, mean, paired, difference, rates, survivors = KINDS
    everything = tuple(claim for kind in KINDS for claim in kind.claims()) + tuple(_combined())
    together = sum(kind.quantities for kind in KINDS)
    coins = (0.5, 0.25) * 2048
    whole = tuple(
        Stated("equal", partial(_equal, partial(_rate, _hits(1000 + i, p)), p), True) for i, p in enumerate(coins)
    )
    settings = [
        _of(rate, 0.2, 2000, "rate, one look at 64", max_seeds=64),
        _of(rate, 0.9, 2000, "rate, one look at 1,024", first_look=1024),
        *(_of(rate, alpha, 2000) for alpha in (0.5, 0.2, 0.05)),
        _of(quantile, 0.2, 2000),
        _of(paired, 0.2, 2000),
        _of(rates, 0.2, 2000),
        _of(mean, 0.2, 500),
        _of(difference, 0.2, 1000),
        _of(survivors, 0.2, 500),
        Setting("all kinds and combinations", everything, together, 0.2, 100, shares=together, by_look=False),
        Setting("rate, the whole budget of 4,096", whole, len(whole), 0.5, 100, max_seeds=256, misses=coins),
        Setting("rate, as the suite runs", tuple(rate.claims()), rate.quantities, 0.001, 200, 256, 131072),
    ]
    return [
        replace(setting, suites=max(1, round(setting.suites * scale)), first_suite=10_000 * i)
        for i, setting in enumerate(settings)
    ]


def _equal(asked: Asked, truth: float, measure: Measure) -> Decision:
    return asked(measure) == truth
