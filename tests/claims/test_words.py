"""Words that papers use: their decisions, their share of the budget, and their refusals."""

from __future__ import annotations

import math
import random
from operator import attrgetter

import numpy as np
import pytest
from scipy import stats

from lrn.claims import Measure, equal, judge, ranking, recorded, reproduces, table, trend, vanishes
from lrn.intervals import Estimate
from lrn.verdicts import Outcome

NORMAL = {"assume": "normal"}


class Runs:
    """Normal accuracies."""

    def __init__(self, label, mean, sd=0.4):
        self.label, self.mean, self.sd = label, mean, sd

    def sample(self, seeds):
        stream = sum(map(ord, self.label))
        draws = np.array([np.random.default_rng([seed, stream]).normal(self.mean, self.sd) for seed in seeds])
        return {"accuracy": draws.tolist(), "good": (draws > self.mean).tolist()}


BEST, SAME, MIDDLE, WORST = Runs("best", 93.2), Runs("same", 93.2), Runs("middle", 91.2), Runs("worst", 89.2)


@pytest.fixture
def measure():
    return Measure(
        lambda population, seeds, trace: population.sample(seeds),
        alpha=0.05, quantities=12, first_seeds=5, max_seeds=40, step=1,
    )  # fmt: skip


@pytest.fixture
def mean(measure):
    return lambda population: measure.mean(population, "accuracy", **NORMAL)


def ending(measure, decide):
    def body():
        assert decide()

    return judge(body, measure).verdict.value


def shares(measure):
    return list(map(attrgetter("shares"), measure.quantities))


def test_equal_is_decided_by_the_margin(measure, mean):
    assert ending(measure, lambda: equal(mean(BEST), mean(SAME), within=0.8)) == "SUPPORTED"
    assert ending(measure, lambda: equal(mean(BEST), mean(MIDDLE), within=0.8)) == "REFUTED"
    assert ending(measure, lambda: equal(93.2, mean(BEST), within=0.8)) == "SUPPORTED"
    assert shares(measure) == [2, 2, 2]


def test_a_ratio_can_be_equal_to_a_number(measure):
    ratio = measure.ratio(BEST, SAME, "accuracy", bounds=(80, 100))
    assert ending(measure, lambda: equal(ratio, 1, within=0.2)) == "SUPPORTED"
    assert ending(measure, lambda: equal(ratio, 2, within=0.2)) == "REFUTED"


def test_vanishing_is_being_zero_within_a_margin(measure, mean):
    assert ending(measure, lambda: vanishes(mean(BEST) - mean(SAME), within=0.8)) == "SUPPORTED"
    assert ending(measure, lambda: vanishes(mean(BEST) - mean(WORST), within=0.8)) == "REFUTED"


def test_a_ranking_asks_every_step(measure, mean):
    assert ending(measure, lambda: ranking([mean(BEST), mean(MIDDLE), mean(WORST)], margin=0.5)) == "SUPPORTED"
    assert ending(measure, lambda: ranking([mean(BEST), mean(WORST), mean(MIDDLE)])) == "REFUTED"
    assert ending(measure, lambda: ranking([mean(BEST), mean(SAME), mean(WORST)])) == "INCONCLUSIVE"


def test_a_trend_is_the_slope_of_least_squares_and_one_share(measure, mean):
    positions, populations = [2, 4, 10], [WORST, MIDDLE, BEST]
    slope = trend(list(map(mean, populations)), at=positions)
    means = [np.mean(population.sample(range(5))["accuracy"]) for population in populations]
    assert slope.point == pytest.approx(stats.linregress(positions, means).slope)
    assert ending(measure, lambda: trend(list(map(mean, populations)), at=positions) > 0.2) == "SUPPORTED"
    assert ending(measure, lambda: trend(list(map(mean, populations))) < 0) == "REFUTED"
    assert shares(measure) == [1, 1]


@pytest.mark.parametrize(
    "decide",
    [
        lambda mean: equal(mean(BEST), mean(MIDDLE), within=2.0),
        lambda mean: equal(mean(BEST) + 1, 94.2, within=0.01),
        lambda mean: reproduces(mean(BEST), "93.2 ± 0.4", seeds=5),
    ],
)
def test_an_open_margin_names_its_quantity_once(measure, mean, decide):
    decision = decide(mean)
    assert vars(decision)["value"] is None
    (measured,) = [q for q in measure.quantities if "published" not in q.name]
    assert decision.reason.count(measured.name) == 1
    assert decision.reason.count("[") == 1


def test_a_trend_is_named_by_words_wherever_it_is_shown(measure, mean):
    def body():
        assert trend([mean(WORST), mean(MIDDLE), mean(BEST)], at=[2, 4, 8]) > 0

    judgement = judge(body, measure)
    (measured,) = measure.quantities
    assert measured.name == "slope over 2, 4, 8 of mean of accuracy assumed normal in worst, middle, best"
    assert judgement.reason.startswith(f"{measured.name}: ")
    assert trend([mean(BEST) - mean(SAME), mean(BEST) - mean(WORST)]).name.startswith("slope over 0, 1 of mean of ")


def test_a_trend_of_medians_and_of_numbers(measure):
    medians = [measure.median(population, "accuracy") for population in (WORST, MIDDLE, BEST)]
    assert ending(measure, lambda: trend(medians) > 0) == "SUPPORTED"
    assert trend([Estimate(1, 0.9, 1.1), Estimate(3, 2.9, 3.1)], at=[0, 4]).point == pytest.approx(0.5)


def test_a_difference_of_differences_is_one_expression(measure, mean):
    def decide():
        return (mean(BEST) - mean(WORST)) - (mean(BEST) - mean(MIDDLE)) > 0

    assert ending(measure, decide) == "SUPPORTED"
    (quantity,) = measure.quantities
    assert quantity.shares == 1
    assert quantity.coefficients == (-1.0, 1.0)  # what is on both sides has gone


def test_a_published_mean_has_an_interval_of_its_own(measure):
    theirs = measure.published("93.1 ± 0.4", seeds=5)
    width = stats.t.isf(0.05 / 12, 4) * 0.45 / math.sqrt(5) + 0.05  # at most, before it was rounded
    assert (theirs.low, theirs.high) == pytest.approx((93.1 - width, 93.1 + width), rel=1e-5)
    for text, options, expected in (
        ("93.10 +- 0.40", {}, stats.t.isf(0.05 / 12, 4) * 0.405 / math.sqrt(5) + 0.005),
        ("93.1 +/- 0.4", {"plus_minus": "se"}, stats.t.isf(0.05 / 12, 4) * 0.45 + 0.05),
        ("93.1 ± 0.4", {"plus_minus": "ci95"}, stats.t.isf(0.05 / 12, 4) * 0.45 / stats.t.isf(0.025, 4) + 0.05),
        ("9310 ± 45 %", {}, (stats.t.isf(0.05 / 12, 4) * 45.5 / math.sqrt(5) + 0.5) / 100),
    ):
        assert measure.published(text, seeds=5, **options).high - 93.1 == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("options", [NORMAL, {"bounds": (0, 1)}])
def test_percent_against_a_share_is_refused_and_the_remedy_is_named(measure, options):
    shares = measure.mean(Runs("share", 0.93, sd=0.004), "accuracy", **options)
    with pytest.raises(ValueError, match=r'published must be in the units of the metric.*such as "93.1 ± 0.4 %"'):
        reproduces(shares, "93.1 ± 0.4", seeds=5)
    reproduces(shares, "93.1 ± 0.4 %", seeds=5)
    reproduces(measure.mean(Runs("loss", 0.93), "accuracy", **NORMAL), "3.1 ± 0.4", seeds=5)


def test_a_mean_reproduces_what_published_runs_allow(measure, mean):
    assert ending(measure, lambda: reproduces(mean(BEST), "93.1 ± 0.4", seeds=5)) == "SUPPORTED"
    assert ending(measure, lambda: reproduces(mean(WORST), "93.1 ± 0.4", seeds=5)) == "REFUTED"
    published, *_ = measure.quantities
    assert (published.shares, published.assumption, published.n, published.seeds) == (2, "normal", 5, 5)


def test_what_was_published_is_never_sampled_and_does_not_grow(measure, mean):
    ended = ending(measure, lambda: equal(mean(BEST), measure.published("93.1 ± 0.4", seeds=5), within=0.5))
    assert ended == "INCONCLUSIVE"  # five runs leave more open than half a point
    (quantity,) = measure.quantities
    assert quantity.shares == 4
    assert set(map(attrgetter("quantity.statistic", "seeds"), quantity.terms)) == {("mean", 40), ("published mean", 5)}


def test_a_true_reproduction_is_hardly_ever_refuted():
    wrong = 0
    for suite in range(40):
        rng = np.random.default_rng(suite)
        theirs = rng.normal(93.2, 0.4, 5)
        measure = Measure(
            lambda p, seeds, trace: p.sample(seeds), alpha=0.2, quantities=4, first_seeds=8, max_seeds=32,
            seed_offset=1000 * suite,
        )  # fmt: skip
        text = f"{theirs.mean():.2f} ± {theirs.std(ddof=1):.2f}"
        ours = measure.mean(BEST, "accuracy", **NORMAL)
        wrong += ending(measure, lambda o=ours, t=text: reproduces(o, t, seeds=5)) == "REFUTED"
    assert wrong <= stats.binom.isf(1e-3, 40, 0.2)


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda m: equal(m, 1.0, within=0), ValueError, "within must be a positive number"),
        (lambda m: equal(m, 1.0, within=math.inf), ValueError, "within must be a positive number"),
        (lambda m: equal(m, 1.0, within="1"), TypeError, "within must be a number; got '1'"),
        (lambda m: equal(1.0, 1.0, within=1), TypeError, "equal compares a measured quantity"),
        (lambda m: equal(m, "1", within=1), TypeError, "the other side must be a number"),
        (lambda m: ranking([m]), ValueError, "ranking takes at least two quantities; got 1"),
        (lambda m: ranking(m), TypeError, "ranking takes a list of measured quantities"),
        (lambda m: ranking([m, 3.0]), TypeError, r"such as measure\.mean\(\.\.\.\); got 3\.0"),
        (lambda m: ranking([m, m], margin=-1), ValueError, "margin must be a finite number, at least 0; got -1"),
        (lambda m: trend([m, m], at=[1]), ValueError, "at must have one place for each quantity; got 1 for 2"),
        (lambda m: trend([m, m], at=[1, 1]), ValueError, "at least two different finite places"),
        (lambda m: trend([m, m], at=[1, "2"]), TypeError, "a place must be a number"),
        (lambda m: reproduces(m, "about 93", seeds=5), ValueError, "must look like \"93.1 ± 0.4\"; got 'about 93'"),
        (lambda m: reproduces(m, 93.1, seeds=5), TypeError, "a published mean must be text"),
        (lambda m: reproduces(m, "93.1 ± 0.4", seeds=1), ValueError, "seeds must be at least 2"),
        (lambda m: reproduces(m, "93.1 ± 0.4", seeds=5.0), TypeError, "seeds must be a whole number"),
        (lambda m: reproduces(m, "93.1 ± -0.4", seeds=5), ValueError, "must be positive"),
        (lambda m: reproduces(m, "93.1 ± 0.4", seeds=5, plus_minus="sem"), ValueError, "must be one of sd, se, ci95"),
        (lambda m: reproduces(93.0, "93.1 ± 0.4", seeds=5), TypeError, "reproduces compares what was measured"),
        (lambda m: reproduces(Estimate(1, 0, 2), "1.0 ± 0.4", seeds=5), TypeError, "compares what was measured"),
    ],
)
def test_nonsense_is_one_sentence(mean, ask, error, message):
    with pytest.raises(error, match=message):
        ask(mean(BEST))


def test_the_truth_of_a_trend_is_not_defined(mean):
    with pytest.raises(TypeError, match="compare it with a number"):
        bool(trend([mean(BEST), mean(WORST)]))


ACCURACIES = [random.Random(row).gauss(0.92, 0.01) for row in range(24)]
RUNS = recorded(
    {
        "seed": np.repeat(np.arange(12), 2).tolist(),
        "lr": [0.1, 0.2] * 12,
        "accuracy": ACCURACIES,
        "ok": [False, True, True] * 8,
    },
    by=["lr"],
)


def test_a_table_has_means_spreads_intervals_and_seeds():
    lines = table({"slow": RUNS(lr=0.1), "fast": RUNS(lr=0.2)}, ["accuracy", "ok"]).splitlines()
    values = np.array(ACCURACIES[::2])
    assert lines[0] == "| | accuracy | ok | seeds |"
    assert lines[2].startswith(f"| slow | {values.mean():.4g} ± {values.std(ddof=1):.2g} [0.9")
    assert lines[2].endswith(" | 12 |")
    assert "0.6667 [" in lines[2]
    assert lines[-1].endswith("[interval with 95 % at any number of seeds, if normal].")


def test_a_table_for_latex():
    text = table([RUNS(lr=0.1)], ["accuracy"], style="latex", seeds=3, assume="symmetric")
    assert text.count("\\\\") == 2
    assert "$0.9" in text
    assert "\\pm" in text
    assert "[-\\infty, \\infty]$ & 3 \\\\" in text
    assert text.splitlines()[-1].endswith("if symmetric]")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"style": "html"}, "style must be one of markdown, latex; got 'html'"),
        ({"assume": "lucky"}, "assume must be one of"),
        ({"train": True}, "seeds must say how many are trained"),
        ({"seeds": 0}, "seeds must be a whole number, at least 1; got 0"),
    ],
)
def test_a_table_refuses_nonsense(options, message):
    with pytest.raises(ValueError, match=message):
        table([RUNS(lr=0.1)], ["accuracy"], **options)


def test_a_table_of_nothing_is_refused():
    with pytest.raises(ValueError, match="needs a list of populations and a list of metrics"):
        table([], ["accuracy"])
    with pytest.raises(ValueError, match="needs a list of populations and a list of metrics"):
        table([RUNS(lr=0.1)], "accuracy")
    with pytest.raises(ValueError, match="seeds must say how many seeds of best"):
        table([BEST], ["accuracy"], ledger=None)


def test_an_open_word_asks_for_more_of_what_it_is_about(measure, mean):
    decision = equal(mean(BEST), mean(SAME), within=0.1)
    assert decision.value is None
    assert len(decision.undecided) == 1
    assert Outcome(ending(measure, lambda: equal(mean(BEST), mean(SAME), within=0.01))) is Outcome.INCONCLUSIVE
