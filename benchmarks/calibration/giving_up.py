"""Claims near their margin, judged with the rule that gives a claim up and without it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.calibration.populations import Synthetic
from benchmarks.calibration.simulate import SUITE_SEEDS, ask
from benchmarks.calibration.suites import Stated
from lrn.claims import Decision, Measure, _measure
from lrn.claims._populations import Draw, RecentSamples
from lrn.verdicts import Outcome

__all__ = ["NearMargin", "give_up", "near_margins"]

ALPHA, MAX_SEEDS = 0.001, 131072
"""lrn's own."""


@dataclass(frozen=True)
class NearMargin:
    """A claim whose truth lies near its margin.

    Attributes:
        name: what it compares.
        decide: what it asserts.
        truth: whether that is so.
        runs: how often to judge it, on other seeds each.
    """

    name: str
    decide: Callable[[Measure], Decision]
    truth: bool
    runs: int


def near_margins(scale: float = 1.0) -> list[NearMargin]:
    """Rates at growing distances from 1/2, and the likes of the suite's two closest claims."""

    def runs(wanted: int) -> int:
        return max(1, round(wanted * scale))

    rates = [_rate(gap, runs(300)) for gap in (0.0, 0.002, 0.004, 0.006, 0.008, 0.01, 0.012, 0.016)]
    layers = Synthetic("layers", 501, {"alive": lambda u: u < 0.947, "dead": lambda u: u < 0.0473 * 0.947})
    return [
        *rates,
        NearMargin(
            "0.0473 of survivors < 0.05 (dead layers)",
            lambda m: m.rate(layers, "dead", given="alive") < 0.05,
            True,
            runs(300),
        ),
        *(_share(mean, runs(40)) for mean in (0.4998, 0.5)),
    ]


def _rate(gap: float, runs: int) -> NearMargin:
    coin = Synthetic("coin", 500, {"hit": lambda u: u < 0.5 + gap})
    return NearMargin(f"rate {0.5 + gap:g} > 0.5", lambda m: m.rate(coin, "hit") > 0.5, gap > 0, runs)


def _share(mean: float, runs: int) -> NearMargin:
    """The share of dead neurons of 40 in the networks that converged, 11 values around its mean."""
    metrics = {
        "converged": lambda u: u < 0.587,
        "share": lambda u: mean + (np.minimum(np.floor(11 * u / 0.587), 10) - 5) / 40,
    }
    population = Synthetic("share of dead neurons", 502, metrics)
    return NearMargin(
        f"{mean:g} of survivors > 0.5 (dead neurons)",
        lambda m: m.mean(population, "share", given="converged", bounds=(0.0, 1.0)) > 0.5,
        False,
        runs,
    )


def give_up(claim: NearMargin) -> dict[str, Any]:
    """How the claim ends with the rule and without it, on the same seeds."""
    counts = dict.fromkeys(("decided", "decided_without", "given_up", "changed", "wrong", "wrong_without"), 0)
    seeds: list[int] = []
    seeds_without: list[int] = []
    mistake = Outcome.REFUTED if claim.truth else Outcome.SUPPORTED
    for run in range(claim.runs):
        sampler = RecentSamples(Draw(ledger=None))
        verdict, used = _judged(claim, sampler, run)
        with mock.patch.object(_measure, "_FUTILE_FACTOR", math.inf):
            without, used_without = _judged(claim, sampler, run)
        open_still = verdict is Outcome.INCONCLUSIVE
        counts["decided"] += not open_still
        counts["decided_without"] += without is not Outcome.INCONCLUSIVE
        counts["given_up"] += open_still and used < MAX_SEEDS
        counts["changed"] += not open_still and (verdict, used) != (without, used_without)
        counts["wrong"] += verdict is mistake
        counts["wrong_without"] += without is mistake
        seeds.append(used)
        seeds_without.append(used_without)
    return {
        "name": claim.name,
        "runs": claim.runs,
        **counts,
        "seeds": sum(seeds) / claim.runs,
        "seeds_without": sum(seeds_without) / claim.runs,
        "first_runs": seeds[:5],
    }


def _judged(claim: NearMargin, sampler: RecentSamples, run: int) -> tuple[Outcome, int]:
    """The verdict, and the seeds it took."""
    measure = Measure(sampler, alpha=ALPHA, max_seeds=MAX_SEEDS, seed_offset=run * SUITE_SEEDS)
    judged = ask(Stated("by little", claim.decide, claim.truth), measure)
    return judged.verdict, max(quantity.seeds for quantity in measure.quantities)
