"""The measured error rate of suites: the committed counts, the document, and a part of the simulation done again."""

from __future__ import annotations

import dataclasses
import json
import math
import xml.etree.ElementTree as ET
from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
from scipy import stats

from benchmarks.calibration import document, figure, giving_up, sequences
from benchmarks.calibration.exact import any_miss, ever_misses, holm
from benchmarks.calibration.simulate import judged_suite, simulate
from benchmarks.calibration.suites import KINDS, plan
from lrn.claims import Measure, _measure
from lrn.claims._populations import Draw
from lrn.intervals import look_alpha, rate_interval
from lrn.verdicts import Outcome

RESULTS = json.loads(document.RESULTS.read_text(encoding="utf-8"))
SETTINGS = plan()
PLAIN = next(setting for setting in SETTINGS if setting.name == "rate" and setting.alpha == 0.5)
PAIRS = list(zip(SETTINGS, RESULTS["suites"], strict=True))
NAMES = [f"{setting.name}-{setting.alpha}" for setting in SETTINGS]
WHOLE = next(setting for setting in SETTINGS if setting.quantities == 4096)


def test_the_document_and_the_figure_are_those_of_the_committed_counts():
    text = document.DOCUMENT.read_text(encoding="utf-8")
    assert text == document.filled(text, RESULTS), "run: python -m benchmarks.calibration --write"
    assert document.FIGURE.read_text(encoding="utf-8") == figure.draw(RESULTS)


def test_another_count_is_another_document_and_another_figure():
    changed = json.loads(json.dumps(RESULTS))
    changed["suites"][3]["wrong"] += 1
    assert document.tables(changed) != document.tables(RESULTS)
    assert figure.draw(changed) != figure.draw(RESULTS)


def test_the_figure_is_sound():
    circles = list(ET.fromstring(figure.draw(RESULTS)).iter("{http://www.w3.org/2000/svg}circle"))
    assert len(circles) > len(SETTINGS) + 3 * len(sequences.PROBLEMS)


@pytest.mark.parametrize(("setting", "found"), PAIRS, ids=NAMES)
def test_committed_counts_are_what_the_guarantee_allows(setting, found):
    assert (found["name"], found["suites"], found["wrong"]) == (
        setting.name,
        setting.suites,
        len(found["wrong_suites"]),
    )
    first, last = (int(math.log2(n // 64)) + 1 for n in (setting.first_look, setting.max_seeds))
    share = Fraction(setting.alpha) * setting.quantities / (setting.shares or 4096)
    allowed = {look: float(share / (look * (look + 1))) for look in range(first, last + 1)}
    assert found["bound"] == pytest.approx(sum(allowed.values()))
    assert found["bound"] <= setting.alpha
    assert found["p_above"] == pytest.approx(stats.binom.sf(found["wrong"] - 1, setting.suites, found["bound"]))
    for look in found["looks"]:
        p = stats.binom.sf(look["wrong"] - 1, setting.suites, allowed[look["look"]])
        assert look["p_above"] == pytest.approx(p)
    if setting.misses:
        assert found["exact"] == pytest.approx(any_miss(setting))
        assert found["exact"] < found["bound"]
        assert found["p_exact"] == pytest.approx(stats.binomtest(found["wrong"], setting.suites, found["exact"]).pvalue)


def test_all_tests_together_reject_nothing():
    above = [s["p_above"] for s in RESULTS["suites"]]
    above += [look["p_above"] for s in RESULTS["suites"] for look in s["looks"]]
    assert holm(above) == 0
    assert holm([s["p_exact"] for s in RESULTS["suites"] if "p_exact" in s]) == 0


def test_holm_rejects_as_published():
    # Holm (1979), step by step: 0.01 <= 0.05 / 4, 0.015 <= 0.05 / 3, 0.03 > 0.05 / 2.
    assert holm([0.03, 0.01, 0.04, 0.015]) == 2
    assert holm([0.02, 0.04]) == 2
    assert holm([0.03, 0.04]) == 0


@pytest.mark.parametrize(
    ("setting", "found"),
    [pytest.param(*pair, marks=pytest.mark.slow if pair[0] is WHOLE else ()) for pair in PAIRS],
    ids=NAMES,
)
def test_the_same_suites_are_wrong_again(setting, found):
    wrong = set(found["wrong_suites"])
    for suite in {0, *sorted(wrong)[:1]}:
        verdicts = [verdict for _, verdict, _ in judged_suite(setting, suite)]
        assert len(verdicts) == found["claims"]
        assert ("wrong" in verdicts) is (suite in wrong)


def test_looks_that_are_not_paid_for_are_found_out():
    with mock.patch.object(_measure, "look_alpha", lambda alpha, n: alpha):
        assert simulate(dataclasses.replace(PLAIN, suites=40))["p_above"] < 1e-3


def test_intervals_that_are_too_wide_are_found_out():
    with mock.patch.object(_measure, "look_alpha", lambda alpha, n: look_alpha(alpha, n) / 100):
        assert simulate(dataclasses.replace(PLAIN, suites=40))["p_exact"] < 1e-3


@pytest.mark.parametrize("rate", [0.0625, 0.5])
def test_the_exact_error_rate_is_that_of_the_intervals(rate):
    n, level = 256, 0.03
    missed = [not low <= rate <= high for low, high in (rate_interval(k, n, level) for k in range(n + 1))]
    assert ever_misses(rate, level * 12, range(3, 4)) == pytest.approx(
        stats.binom.pmf(np.arange(n + 1), n, rate)[missed].sum()
    )


def test_the_exact_error_rate_adds_up_over_looks():
    rng, alpha = np.random.default_rng(3), 0.5
    hits = rng.binomial([64, 64, 128], 0.25, size=(4000, 3)).cumsum(axis=1)
    missed = np.zeros(4000, bool)
    for k, n in enumerate((64, 128, 256)):
        ends = np.array([rate_interval(int(h), n, look_alpha(alpha, n)) for h in range(n + 1)])[hits[:, k]]
        missed |= (ends[:, 0] > 0.25) | (ends[:, 1] < 0.25)
    assert stats.binomtest(int(missed.sum()), 4000, ever_misses(0.25, alpha, range(1, 4))).pvalue > 1e-3


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_truths_are_true(kind):
    # Far more seeds than a setting uses, at a level that no quantity misses by chance.
    for asked, truth, span in kind.asked:
        measured = asked(Measure(Draw(None), alpha=1e-6, first_look=65536, seed_offset=1 << 40))
        assert measured.low <= truth <= measured.high
        assert measured.high - measured.low < span / 4


def test_giving_up_changed_no_verdict():
    for row in RESULTS["giving_up"]:
        assert row["changed"] == row["wrong"] == row["wrong_without"] == 0
        assert row["decided"] <= row["decided_without"]
        assert row["decided"] + row["given_up"] <= row["runs"]
    assert sum(row["decided"] for row in RESULTS["giving_up"]) > 300
    tied = [row for row in RESULTS["giving_up"] if "dead neurons" in row["name"]]
    assert len(tied) == 2
    assert all(row["given_up"] > 0.75 * row["runs"] for row in tied)


def test_claims_near_their_margin_are_given_up_again():
    for claim, found in zip(giving_up.near_margins(), RESULTS["giving_up"], strict=True):
        if "dead neurons" not in claim.name:
            again = giving_up.give_up(dataclasses.replace(claim, runs=2))
            assert again["first_runs"] == found["first_runs"][:2]
            assert again["changed"] == 0


def test_a_rule_that_answers_instead_of_giving_up_is_found_out():
    def answering(claim, measure):
        judged = judge(claim, measure)
        leaning = judged.undecided and judged.undecided.decision.leaning
        return dataclasses.replace(judged, verdict=Outcome.SUPPORTED) if leaning else judged

    judge = giving_up.ask
    with mock.patch.object(giving_up, "ask", answering):
        found = giving_up.give_up(dataclasses.replace(giving_up.near_margins()[0], runs=8))
    assert found["changed"] > 0
    assert found["wrong"] > 0


def test_the_same_seeds_decide_again():
    for problem, found in zip(sequences.PROBLEMS, RESULTS["seeds"], strict=True):
        if problem.binary:
            assert sequences.compare(problem, scale=0.001)["seeds"] == found["first_run"]


@pytest.mark.parametrize("name", sequences.METHODS)
def test_a_confidence_sequence_ever_excludes_the_truth_as_rarely_as_it_says(name):
    level, runs = 0.2, 300
    x = np.random.default_rng(8).random((runs, 1000)) < 0.4
    excluded = [bool((sequences.METHODS[name](row.astype(float), 0.4, level) >= 0).any()) for row in x]
    assert sum(excluded) <= stats.binom.isf(1e-3, runs, level)
    assert all((sequences.METHODS[name](row.astype(float), 0.2, level) >= 0).any() for row in x[:20])


def test_what_the_document_says_of_confidence_sequences():
    ratios = [{name: seeds / row["seeds"]["lrn"] for name, seeds in row["seeds"].items()} for row in RESULTS["seeds"]]
    assert all(ratio > 0.97 for row in ratios for name, ratio in row.items() if name.endswith("at looks"))
    dense = [row["lrn, four looks a doubling"] for row in ratios]
    mixture = [row.get("beta-binomial mixture, every 64") for row in ratios]
    rates = [(a, b) for a, b in zip(dense, mixture, strict=True) if b]
    assert 0.7 < sum(b for _, b in rates) / len(rates) < 0.8
    assert 0.5 < sum(1 - a for a, _ in rates) / sum(1 - b for _, b in rates) < 1
    for name in ("hedged betting, every 64", "stitched empirical Bernstein, every 64"):
        means = [(a, row[name]) for a, row, rate in zip(dense, ratios, mixture, strict=True) if not rate]
        assert sum(a for a, _ in means) < sum(b for _, b in means)
