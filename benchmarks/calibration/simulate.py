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

__all__ = ["SUITE_SEEDS", "ask", "judged_suite", "simulate"]

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
    by_look: Counter[int] = Counter()
    wrong_suites = []
    for suite in range(setting.suites):
        judged = judged_suite(setting, suite)
        verdicts.update((how, verdict) for how, verdict, _ in judged)
        mistakes = {look for _, verdict, look in judged if verdict == "wrong"}
        wrong_suites += [suite] if mistakes else []
        by_look.update(mistakes)
    wrong = len(wrong_suites)
    bound = sum(setting.bound(look) for look in setting.looks)
    return {
        "name": setting.name,
        "alpha": setting.alpha,
        "quantities": setting.quantities,
        "claims": len(setting.claims),
        "first_look": setting.first_look,
        "max_seeds": setting.max_seeds,
        "suites": setting.suites,
        "wrong": wrong,
        "bound": bound,
        "p_above": p_at_least(wrong, setting.suites, bound),
        **_theory(setting, wrong),
        "looks": [_look(setting, look, by_look[look]) for look in setting.looks] if setting.by_look else [],
        "verdicts": _tally(verdicts),
        "wrong_suites": wrong_suites,
    }


def judged_suite(setting: Setting, suite: int) -> list[tuple[str, str, int]]:
    """For each claim of the setting's suite of that number: where its margin lies, its verdict, and at which look."""
    with shared_by(setting.shares):
        return list(_judged(setting, suite))


def _judged(setting: Setting, suite: int) -> Iterator[tuple[str, str, int]]:
    sampler = RecentSamples(Draw(ledger=None), 4 * setting.max_seeds)
    seen: set[str] = set()
    for claim in setting.claims:
        measure = Measure(
            sampler,
            alpha=setting.alpha,
            first_look=setting.first_look,
            max_seeds=setting.max_seeds,
            seed_offset=(setting.first_suite + suite) * SUITE_SEEDS,
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


def _look(setting: Setting, look: int, wrong: int) -> dict[str, float]:
    """Suites with a wrong verdict at a look, and what the guarantee allows."""
    bound = setting.bound(look)
    return {"look": look, "wrong": wrong, "bound": bound, "p_above": p_at_least(wrong, setting.suites, bound)}


def _tally(verdicts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    kinds = dict.fromkeys(how for how, _ in verdicts)
    outcomes = ("supported", "refuted", "inconclusive", "wrong")
    return {how: {outcome: verdicts[how, outcome] for outcome in outcomes} for how in kinds}
