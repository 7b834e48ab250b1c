"""The measured error rate of suites: the committed counts, the page, parts done again, planted mistakes."""

from __future__ import annotations

import dataclasses
import itertools
import json
import xml.etree.ElementTree as ET
from operator import itemgetter
from unittest import mock

import numpy as np
import pytest
from scipy import stats

from benchmarks.calibration import document, figure, sequences
from benchmarks.calibration.exact import any_miss, ever_misses, holm
from benchmarks.calibration.simulate import decisions, recorded_suite, simulate
from benchmarks.calibration.suites import Setting, Stated, Synthetic, plan
from benchmarks.efficiency import document as efficiency
from benchmarks.efficiency.measured import seeds_of_decisions
from benchmarks.efficiency.peers import fisher
from benchmarks.efficiency.rows import ROWS, bound
from benchmarks.pages import filled
from lrn.claims import Measure, _expressions, _samples, _tracker
from lrn.claims._samples import Mean
from lrn.intervals import rate_sequence
from lrn.verdicts import Outcome

RESULTS = json.loads(document.RESULTS.read_text(encoding="utf-8"))
EFFICIENCY = json.loads(efficiency.RESULTS.read_text(encoding="utf-8"))
SETTINGS = plan()
PAIRS = list(zip(SETTINGS, RESULTS, strict=True))
NAMES = [f"{setting.name}-{setting.alpha}" for setting in SETTINGS]


def setting_of(name, alpha=0.2, suites=40):
    """Returns a part of a setting."""
    return dataclasses.replace(SETTINGS[NAMES.index(f"{name}-{alpha}")], suites=suites)


def is_wrong(setting, suite):
    """Whether any claim of the suite of that number is decided wrongly."""
    return any(value is not None and value != claim.truth for claim, value in decisions(setting, suite))


def count_wrong(setting, suites):
    """In how many of the first suites a claim is decided wrongly."""
    return sum(is_wrong(setting, suite) for suite in range(suites))


def test_the_page_and_the_figures_are_those_of_the_committed_counts():
    text = document.DOCUMENT.read_text(encoding="utf-8")
    assert text == filled(text, document.sections(RESULTS)), "run: python -m benchmarks.calibration --write"
    assert text == filled(text, efficiency.sections(EFFICIENCY)), "run: python -m benchmarks.efficiency --write"
    assert document.FIGURE.read_text(encoding="utf-8") == figure.draw(RESULTS)
    assert efficiency.FIGURE.read_text(encoding="utf-8") == efficiency.draw(EFFICIENCY)


def test_another_count_is_another_page_and_another_figure():
    changed = json.loads(json.dumps(RESULTS))
    changed[3]["wrong"] += 1
    assert document.tables(changed) != document.tables(RESULTS)
    assert figure.draw(changed) != figure.draw(RESULTS)


def test_a_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="must have the marks"):
        filled("text", {"suites": "table"})


def test_the_figures_are_sound():
    for text, points in ((figure.draw(RESULTS), len(SETTINGS)), (efficiency.draw(EFFICIENCY), 2 * len(ROWS))):
        assert len(list(ET.fromstring(text).iter("{http://www.w3.org/2000/svg}circle"))) > points


@pytest.mark.parametrize(("setting", "counts"), PAIRS, ids=NAMES)
def test_committed_counts_are_what_the_guarantee_allows(setting, counts):
    assert (counts["name"], counts["alpha"], counts["suites"]) == (setting.name, setting.alpha, setting.suites)
    assert counts["wrong"] == len(counts["wrong_suites"])
    assert counts["p_above"] == pytest.approx(stats.binom.sf(counts["wrong"] - 1, setting.suites, setting.alpha))
    if "exact" in counts:
        seeds = range(setting.first_seeds, setting.max_seeds + 1)
        assert counts["exact"] == pytest.approx(any_miss(setting.exact, setting.alpha / setting.shares, seeds))
        assert counts["exact"] < setting.alpha
        assert counts["p_exact"] == pytest.approx(
            stats.binomtest(counts["wrong"], setting.suites, counts["exact"]).pvalue
        )


def test_all_tests_together_reject_nothing():
    assert holm(list(map(itemgetter("p_above"), RESULTS))) == 0
    exact = [counts["p_exact"] for counts in RESULTS if "p_exact" in counts]
    assert len(exact) == 2
    assert holm(exact) == 0


def test_holm_rejects_as_published():
    # Holm (1979), step by step: 0.01 <= 0.05 / 4, 0.015 <= 0.05 / 3, 0.03 > 0.05 / 2.
    assert holm([0.03, 0.01, 0.04, 0.015]) == 2
    assert holm([0.02, 0.04]) == 2
    assert holm([0.03, 0.04]) == 0


@pytest.mark.parametrize(("setting", "counts"), PAIRS, ids=NAMES)
def test_the_same_suites_are_wrong_again(setting, counts):
    wrong = set(counts["wrong_suites"])
    for suite in {0, *sorted(wrong)[:1]}:
        assert is_wrong(setting, suite) is (suite in wrong)


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "counts"), PAIRS, ids=NAMES)
def test_every_count_comes_out_again(setting, counts):
    assert simulate(setting) == counts


@pytest.mark.parametrize("setting", SETTINGS[:7], ids=NAMES[:7])
def test_judging_takes_the_shares_that_the_budget_has(setting):
    assert recorded_suite(setting, 1).shares == setting.shares


def test_judging_one_by_one_decides_the_same():
    setting = setting_of("rate")
    outcomes = {True: Outcome.SUPPORTED, False: Outcome.REFUTED, None: Outcome.INCONCLUSIVE}
    decided, judged = decisions(setting, 3), recorded_suite(setting, 3).claims
    # Claims of one quantity grow together, but for those at the margin growth is the same.
    for at_margin in (0, 1, 4, 5):
        _, value = decided[at_margin]
        assert outcomes[value] is judged[at_margin].verdict


def test_a_forgotten_share_is_found_out():
    def forgetful(tracked):
        return 1 if tracked.computed or tracked.thresholds else 0

    with (
        mock.patch.object(_tracker.Tracked, "shares", property(forgetful)),
        pytest.raises(RuntimeError, match="shares"),
    ):
        simulate(setting_of("product and quotient", suites=1))


def test_ends_that_are_not_paid_for_are_wrong_too_often():
    setting = setting_of("all of these and combinations")
    wrong = count_wrong(dataclasses.replace(setting, shares=1), 8)
    assert stats.binom.sf(wrong - 1, 8, setting.alpha) < 1e-3


def test_a_bet_that_looks_at_the_present_value_is_wrong_too_often():
    def peeking(values, mean, low, counts=None):
        bets = np.where(values > mean, 0.5, 0.25)
        growth = np.log1p(bets * (values - mean) / (mean - low))
        return float(growth.sum() if counts is None else counts @ growth)

    setting = setting_of("rate")
    with mock.patch.object(_samples, "log_capital", peeking):
        wrong = count_wrong(setting, 20)
    assert stats.binom.sf(wrong - 1, 20, setting.alpha) < 1e-3


def test_pairing_the_seeds_that_count_is_wrong_too_often():
    # Opposite values; since a few seeds do not count for b, its k-th is another seed than that of a: each seed is in
    # two pairs, which vary together.
    a = Synthetic("a", 900, {"hit": lambda u, v: u < 0.5, "alive": lambda u, v: v < 2})
    b = Synthetic("b", 900, {"hit": lambda u, v: u >= 0.5, "alive": lambda u, v: v < 0.95})

    def difference(measure):
        return measure.rate(a, "hit", given="alive") - measure.rate(b, "hit", given="alive")

    def pairs(a, b, seeds, goal):
        k = min(a.counts.sum(), b.counts.sum())
        paired = a.values[a.counts][:k] - b.values[b.counts][:k]
        return Mean(paired, a.low - b.high, a.high - b.low, seeds, goal)

    group = (Stated(lambda m: difference(m) > 0, False), Stated(lambda m: difference(m) < 0, False))
    setting = Setting("pairs", (group,), shares=2, suites=300, alpha=0.01, max_seeds=1024)
    honest = count_wrong(setting, 60)
    with mock.patch.object(_expressions, "Conditional", pairs):
        wrong = count_wrong(setting, setting.suites)
    assert stats.binom.sf(honest - 1, 60, setting.alpha) > 1e-2
    assert stats.binom.sf(wrong - 1, setting.suites, setting.alpha) < 1e-3


@pytest.mark.parametrize("rate", [0.0625, 0.5])
def test_the_exact_error_rate_is_that_of_the_sequences(rate):
    rng, level, seeds = np.random.default_rng(3), 0.1, range(1, 41)
    misses = np.zeros((41, 41), bool)  # whether the interval after n seeds, k of them hits, lacks the rate
    for n in seeds:
        for k in range(n + 1):
            low, high = rate_sequence(k, n, 2 * level)
            misses[n, k] = not low <= rate <= high
    hits = (rng.random((2000, 40)) < rate).cumsum(axis=1)
    missed = misses[seeds, hits].any(axis=1).sum()
    assert stats.binomtest(missed, 2000, ever_misses(rate, level, seeds)).pvalue > 1e-3


@pytest.mark.parametrize("setting", SETTINGS[:7], ids=NAMES[:7])
def test_the_truths_are_true(setting):
    # Far more seeds than a setting uses: were a stated value off, one of the claims at it would be decided wrongly.
    for group in setting.groups:
        measure = Measure(
            lambda population, seeds, trace: population.sample(seeds), alpha=1e-6, first_seeds=20_000, max_seeds=20_000
        )
        for claim in group:
            assert claim.decide(measure).value in (claim.truth, None), claim


def test_every_comparison_takes_no_more_seeds_than_was_to_be_reached():
    assert len(EFFICIENCY) == 2 * len(ROWS)
    for row in EFFICIENCY:
        assert row["repeats"] == 200
        assert row["bound"] <= row["lrn"] <= row["reach"]


@pytest.mark.slow
def test_a_few_seeds_are_measured_again():
    seeds_taken = seeds_of_decisions(0.05, repeats=2)
    assert set(map(len, seeds_taken.values())) == {2}
    assert 6 < min(seeds_taken["0.95 > 0.1"]) < max(seeds_taken["0.95 > 0.1"]) + 1 < 60
    assert min(seeds_taken["0.55 > 0.5"]) > 500


@pytest.mark.parametrize(("alpha", "seeds"), [(0.001, [102, 471, 3746, 11, 30]), (0.05, [59, 275, 2186, 6, 18])])
def test_bounds_are_those_of_the_design(alpha, seeds):
    assert [round(bound(row, alpha)) for row in ROWS] == seeds


def test_fisher_has_its_power_at_that_many_seeds():
    row, alpha = ROWS[3], 0.05
    n = fisher(row, alpha)
    rng = np.random.default_rng(4)
    rejected = 0
    for x, y in zip(rng.binomial(n, row.first, 400), rng.binomial(n, row.second, 400), strict=True):
        table = [[x, n - x], [y, n - y]]
        rejected += stats.fisher_exact(table, "greater").pvalue <= alpha / 32
    assert stats.binom.cdf(rejected, 400, 0.9) > 1e-3


def test_assumed_sequences_miss_no_more_often_than_they_may_unless_the_assumption_is_broken():
    rows = json.loads(sequences.RESULTS.read_text(encoding="utf-8"))
    assert list(map(itemgetter("alpha"), rows)) == np.repeat(sequences.ALPHAS, len(sequences.ROWS)).tolist()
    p_values = []
    for row in rows:
        if "skewed" in row["drawn"]:
            assert row["p"] < 1e-6
        else:
            assert row["missed"] > 0
            p_values.append(row["p"])
    assert holm(p_values) == 0


def test_a_part_of_the_assumed_sequences_comes_out_again():
    for row in sequences.count(0.2, repeats=150):
        broken = "skewed" in row["drawn"]
        assert bool(stats.binom.sf(row["missed"] - 1, 150, 0.2) < 1e-3) is broken


@pytest.mark.slow
def test_every_assumed_sequence_comes_out_again():
    rows = itertools.chain.from_iterable(map(sequences.count, sequences.ALPHAS))
    assert list(rows) == json.loads(sequences.RESULTS.read_text(encoding="utf-8"))
