"""Simulated suites: judged by lrn's own measuring and deciding, and the wrong decisions counted."""

from __future__ import annotations

from collections import Counter
from itertools import chain, starmap
from typing import Any

from benchmarks.calibration.exact import any_miss, p_at_least, p_two_sided
from benchmarks.calibration.suites import Group, Setting, Stated, Synthetic
from lrn.claims import Measure, judge
from lrn.claims._claim import Claim, Expectation
from lrn.intervals import Undecided
from lrn.verdicts import Outcome, SuiteVerdicts, Verdict

__all__ = ["SUITE_SEEDS", "decisions", "recorded_suite", "simulate"]

SUITE_SEEDS = 1 << 13
"""Seeds that belong to one suite; suite s begins at s times as many."""


def simulate(setting: Setting) -> dict[str, Any]:
    """The counts of a setting, and its error rate.

    Raises:
        RuntimeError: the claims take another number of shares than the budget is divided by.
    """
    shares = recorded_suite(setting, 0).shares
    if shares != setting.shares:
        raise RuntimeError(f"{setting.name}: {shares} shares were taken, but the budget has {setting.shares}")
    outcomes: Counter[str] = Counter()
    wrong_suites = []
    for suite in range(setting.suites):
        endings = list(starmap(_outcome, decisions(setting, suite)))
        outcomes.update(endings)
        if "wrong" in endings:
            wrong_suites.append(suite)
    count = len(wrong_suites)
    return {
        "name": setting.name,
        "alpha": setting.alpha,
        "shares": setting.shares,
        "claims": sum(map(len, setting.groups)),
        "seeds": [setting.first_seeds, setting.max_seeds],
        "step": setting.step,
        "suites": setting.suites,
        "wrong": count,
        "p_above": p_at_least(count, setting.suites, setting.alpha),
        **_theory(setting, count),
        "outcomes": dict(sorted(outcomes.items())),
        "wrong_suites": wrong_suites,
    }


def decisions(setting: Setting, suite: int) -> list[tuple[Stated, bool | None]]:
    """Each claim of the setting's suite of that number, and its decision."""
    pairs = []
    for group in setting.groups:
        pairs += _decided(setting, group, suite)
    return pairs


def _decided(setting: Setting, group: Group, suite: int) -> list[tuple[Stated, bool | None]]:
    """Tests claims that share their seeds, with more of them while one is open."""
    measure = _measure(setting, suite)
    values: dict[Stated, Any] = dict.fromkeys(group)
    while None in values.values():
        undecided = []
        for claim in group:
            if values[claim] is None:
                decision = claim.decide(measure)
                values[claim] = decision.value
                if decision.value is None:
                    undecided.append(decision)
        if not undecided or not measure.widen(Undecided(undecided[0])):
            break
    return list(values.items())


def _measure(setting: Setting, suite: int) -> Measure:
    return Measure(
        _sampled,
        alpha=setting.alpha,
        quantities=setting.shares,
        first_seeds=setting.first_seeds,
        max_seeds=setting.max_seeds,
        step=setting.step,
        seed_offset=(setting.first_suite + suite) * SUITE_SEEDS,
    )


def _sampled(population: Any, seeds: range, trace: bool) -> dict[str, Any]:
    assert isinstance(population, Synthetic)
    return population.sample(seeds)


def _outcome(claim: Stated, value: bool | None) -> str:
    if value is None:
        return "inconclusive"
    return "wrong" if value != claim.truth else "supported" if value else "refuted"


def recorded_suite(setting: Setting, suite: int) -> SuiteVerdicts:
    """The same claims judged and recorded one by one, as the plugin does: for their share of the budget."""
    verdicts = []
    for number, claim in enumerate(chain.from_iterable(setting.groups)):
        verdicts.append(_recorded(setting, claim, number, suite))
    settings = {"alpha": setting.alpha, "quantities": setting.shares, "seed_offset": 0, "complete": True}
    return SuiteVerdicts.of(
        verdicts,
        **settings,
        first_seeds=setting.first_seeds,
        max_seeds=setting.max_seeds,
    )


def _recorded(setting: Setting, claim: Stated, number: int, suite: int) -> Verdict:
    measure = _measure(setting, suite)

    def body() -> None:
        assert claim.decide(measure)

    judged = judge(body, measure)
    if judged.verdict not in (Outcome.SUPPORTED, Outcome.REFUTED, Outcome.INCONCLUSIVE):
        raise RuntimeError(f"a simulated claim ended {judged.verdict}: {judged.reason}")
    return judged.record(Claim("simulated"), f"{number:04}", Expectation(Outcome.SUPPORTED, None), measure)


def _theory(setting: Setting, wrong: int) -> dict[str, float]:
    """The exact probability of a wrong suite, where it is known, and how the count agrees with it."""
    if not setting.exact or setting.step != 1:
        return {}
    seeds = range(setting.first_seeds, setting.max_seeds + 1)
    exact = any_miss(setting.exact, setting.alpha / setting.shares, seeds)
    return {"exact": exact, "p_exact": p_two_sided(wrong, setting.suites, exact)}
