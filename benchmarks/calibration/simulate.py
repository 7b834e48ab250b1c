"""Judges simulated suites by lrn's own code and counts what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest import mock

from benchmarks.calibration.exact import any_miss, p_at_least, p_two_sided
from benchmarks.calibration.suites import Setting, Stated
from lrn.claims import Judgement, Measure, judge
from lrn.claims._populations import Draw, RecentSamples
from lrn.intervals import _looks, look_index
from lrn.verdicts import Outcome

__all__ = ["SUITE_SEEDS", "ask", "shared_by", "simulate"]

SUITE_SEEDS = 1 << 20
"""Seeds that belong to one suite; suite s begins at s times as many."""


def ask(claim: Stated, measure: Measure) -> Judgement:
    """How a claim ends."""

    def body() -> None:
        assert claim.decide(measure)

    judged = judge(body, measure)
    if judged.verdict not in (Outcome.SUPPORTED, Outcome.REFUTED, Outcome.INCONCLUSIVE):
        raise RuntimeError(f"a simulated claim ended {judged.verdict}: {judged.reason}")
    return judged


@contextmanager
def shared_by(quantities: int | None) -> Iterator[None]:
    """Shares a suite's budget among so many quantities; None for lrn's own number."""
    with mock.patch.object(_looks, "MAX_QUANTITIES", quantities) if quantities else nullcontext():
        yield


def simulate(setting: Setting) -> dict[str, Any]:
    """The counts of a setting, and what they say of its error rate."""
    verdicts: Counter[tuple[str, str]] = Counter()
    wrong_suites, by_look = 0, Counter[int]()
    with shared_by(setting.shares):
        for suite in range(setting.suites):
            mistakes = set()
            for how, verdict, look in _suite(setting, suite):
                verdicts[how, verdict] += 1
                if verdict == "wrong":
                    mistakes.add(look)
            wrong_suites += bool(mistakes)
            by_look.update(mistakes)
    looks = range(look_index(setting.first_look), look_index(setting.max_seeds) + 1)
    return {
        "name": setting.name,
        "alpha": setting.alpha,
        "quantities": setting.quantities,
        "claims": len(setting.claims),
        "first_look": setting.first_look,
        "max_seeds": setting.max_seeds,
        "suites": setting.suites,
        "wrong": wrong_suites,
        "p_above": p_at_least(wrong_suites, setting.suites, setting.alpha),
        **_theory(setting, wrong_suites),
        "looks": _looks_table(setting, looks, by_look) if setting.by_look else [],
        "verdicts": _tally(verdicts),
    }


def _suite(setting: Setting, suite: int) -> Iterator[tuple[str, str, int]]:
    """For each claim where its margin lies, its verdict, and the look at which it fell."""
    sampler, seen = RecentSamples(Draw(ledger=None), 4 * setting.max_seeds), set()
    for claim in setting.claims:
        measure = Measure(
            sampler,
            alpha=setting.alpha,
            first_look=setting.first_look,
            max_seeds=setting.max_seeds,
            seed_offset=suite * SUITE_SEEDS,
        )
        verdict = ask(claim, measure).verdict
        wrong = verdict is (Outcome.REFUTED if claim.truth else Outcome.SUPPORTED)
        seen.update(quantity.key for quantity in measure.quantities)
        seeds = max(quantity.seeds for quantity in measure.quantities)
        yield claim.how, "wrong" if wrong else verdict.name.lower(), look_index(seeds)
    if len(seen) != setting.quantities:
        raise RuntimeError(f"{setting.name}: {len(seen)} quantities were measured, but it says {setting.quantities}")


def _theory(setting: Setting, wrong: int) -> dict[str, float]:
    """What the exact probability of a wrong suite is, where it is known, and how the count agrees with it."""
    if not setting.misses:
        return {}
    exact = any_miss(setting)
    return {"exact": exact, "p_exact": p_two_sided(wrong, setting.suites, exact)}


def _looks_table(setting: Setting, looks: range, wrong: Counter[int]) -> list[dict[str, float]]:
    """Suites with a wrong verdict at each look, and which share of the budget that look has."""
    shares = setting.shares or _looks.MAX_QUANTITIES
    rows = []
    for look in looks:
        bound = setting.alpha * setting.quantities / shares / (look * (look + 1))
        rows.append(
            {"look": look, "wrong": wrong[look], "bound": bound, "p": p_at_least(wrong[look], setting.suites, bound)}
        )
    return rows


def _tally(verdicts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    kinds = dict.fromkeys(how for how, _ in verdicts)
    outcomes = ("supported", "refuted", "inconclusive", "wrong")
    return {how: {outcome: verdicts[how, outcome] for outcome in outcomes} for how in kinds}
