"""The measures of a claim, without pytest around them."""

import math
import sys
from operator import attrgetter
from types import SimpleNamespace

import numpy as np
import pytest
from populations import Broken, Coin

from lrn.claims import Estimate, Measure, MeasurementError
from lrn.claims._populations import Draw
from lrn.experiment import Experiment
from lrn.experiment.metrics import Metric
from lrn.intervals import mean_ends, quantile_sequence

LEVEL = 2 * 0.001 / 64  # both ends of one quantity of 64


def mean_interval(values, low, high, level):
    """The confidence sequence for a mean, without its checks."""
    return mean_ends(np.asarray(values, float), None, low, high, math.log(2 / level) + 1e-6)


def rate_interval(hits, n, level):
    return mean_interval([1.0] * hits + [0.0] * (n - hits), 0, 1, level)


def close(ends):
    return pytest.approx(ends, abs=1e-6)


quantile_interval = quantile_sequence
SEEDS = range(256)
COIN = Coin(0.4)
DATA = COIN.sample(SEEDS)


@pytest.fixture
def measure():
    return Measure(lambda population, seeds, trace: population.sample(seeds), first_seeds=256)


def ends(estimate):
    return estimate.low, estimate.high


def test_a_rate_is_the_confidence_sequence_of_its_hits(measure):
    hits = int(DATA["heads"].sum())
    estimate = measure.rate(COIN, "heads")
    assert (estimate.point, estimate.n) == (hits / 256, 256)
    assert ends(estimate) == close(rate_interval(hits, 256, LEVEL))


def test_a_conditional_rate_counts_only_the_seeds_that_meet_the_condition(measure):
    hits, n = int((DATA["heads"] & DATA["odd"]).sum()), int(DATA["odd"].sum())
    estimate = measure.rate(COIN, "heads", given="odd")
    assert (estimate.point, estimate.n) == (hits / n, n)
    assert ends(estimate) == close(rate_interval(hits, n, LEVEL))


def test_a_mean_is_the_confidence_sequence_of_its_values(measure):
    estimate = measure.mean(COIN, "u", bounds=(0, 1))
    assert ends(estimate) == close(mean_interval(DATA["u"], 0, 1, LEVEL))
    assert estimate.point == pytest.approx(DATA["u"].mean())


def test_a_mean_may_be_undefined_where_its_condition_does_not_hold(measure):
    conditional = DATA["late"][DATA["heads"]]
    estimate = measure.mean(COIN, "late", given="heads", bounds=(0, 1))
    assert estimate.n == len(conditional)
    assert ends(estimate) == close(mean_interval(conditional, 0, 1, LEVEL))
    with pytest.raises(ValueError, match=r"late must be numbers; .* values are NaN"):
        str(measure.mean(COIN, "late", bounds=(0, 1)))


def test_quantiles_are_order_statistics(measure):
    for q in (0.1, 0.5, 0.9):
        estimate = measure.quantile(COIN, "u", q)
        assert ends(estimate) == quantile_interval(DATA["u"], q, LEVEL)
        assert estimate.point == np.quantile(DATA["u"], q, method="inverted_cdf")


def test_the_median_is_the_half_quantile_and_one_quantity(measure):
    assert measure.median(COIN, "u").quantities == measure.quantile(COIN, "u", 0.5).quantities


def test_a_median_may_be_infinite(measure):
    assert measure.median(COIN, "first").point == math.inf
    assert bool(measure.median(Coin(0.1), "first") > 5)


def test_a_paired_rate_compares_the_same_seed_and_ties_do_not_count(measure):
    other = Coin(0.7, stream=1)
    larger = DATA["u"] > other.sample(SEEDS)["u"]
    assert measure.paired_rate(COIN, other, "u").point == larger.mean()
    assert measure.paired_rate(COIN, Coin(0.5), "u").point == 0
    assert (
        measure.paired_rate(Coin(0.9), COIN, "heads").point
        == (Coin(0.9).sample(SEEDS)["heads"] & ~DATA["heads"]).mean()
    )


def test_a_paired_rate_with_a_condition_needs_it_of_both(measure):
    other = Coin(0.7, stream=1)
    both = DATA["heads"] & other.sample(SEEDS)["heads"]
    estimate = measure.paired_rate(COIN, other, "u", given="heads")
    assert estimate.n == both.sum()
    assert estimate.point == (DATA["u"] > other.sample(SEEDS)["u"])[both].mean()


def test_a_mean_difference_is_the_betting_interval_of_the_differences_seed_by_seed(measure):
    other = Coin(0.7, stream=1)
    differences = DATA["u"] - other.sample(SEEDS)["u"]
    estimate = measure.mean_difference(COIN, other, "u", bounds=(0, 1))
    assert ends(estimate) == close(mean_interval(differences, -1, 1, LEVEL))
    assert estimate.point == pytest.approx(differences.mean())
    own = Metric("v", lambda sample: sample["u"], lambda population: (0, 1) if population is COIN else (-1, 3))
    assert ends(measure.mean_difference(COIN, other, own)) == close(mean_interval(differences, -3, 2, LEVEL))


def test_a_mean_difference_with_a_condition_needs_it_of_both(measure):
    other = Coin(0.7, stream=1)
    both = DATA["heads"] & other.sample(SEEDS)["heads"]
    estimate = measure.mean_difference(COIN, other, "u", given="heads", bounds=(0, 1))
    assert estimate.n == both.sum()
    assert estimate.point == pytest.approx((DATA["u"] - other.sample(SEEDS)["u"])[both].mean())


def test_a_mean_difference_refuses_a_value_that_leaves_the_bounds_on_either_side(measure):
    with pytest.raises(ValueError, match=r"values must lie in \[0\.0, 0\.5\]; got "):
        str(measure.mean_difference(COIN, Coin(0.5), "u", bounds=(0, 0.5)))
    with pytest.raises(ValueError, match=r"the mean of u needs bounds=\(low, high\)"):
        measure.mean_difference(COIN, Coin(0.5), "u")


@pytest.mark.parametrize("method", ["rate", "mean", "median", "paired_rate"])
def test_without_any_observation_nothing_is_known(measure, method):
    never = Coin(0)
    measured = {
        "rate": lambda: measure.rate(never, "odd", given="heads"),
        "mean": lambda: measure.mean(never, "u", given="heads", bounds=(0, 1)),
        "median": lambda: measure.median(never, "u", given="heads"),
        "paired_rate": lambda: measure.paired_rate(never, COIN, "u", given="heads"),
    }[method]()
    assert measured.n == 0
    assert math.isnan(measured.point)
    assert ends(measured) == ((-math.inf, math.inf) if method == "median" else (0, 1))


def test_each_quantity_has_a_key_of_its_own(measure):
    other = Coin(0.9)
    estimates = [
        measure.rate(COIN, "heads"),
        measure.rate(COIN, "odd"),
        measure.rate(COIN, "odd", given="heads"),
        measure.rate(other, "heads"),
        measure.mean(COIN, "heads", bounds=(0, 1)),
        measure.mean(COIN, "heads", bounds=(0, 2)),
        measure.median(COIN, "u"),
        measure.quantile(COIN, "u", 0.25),
        measure.quantile(COIN, "u", 0.2500001),
        measure.paired_rate(COIN, other, "u"),
        measure.paired_rate(other, COIN, "u"),
        measure.paired_rate(COIN, other, "u", given="heads"),
        measure.mean_difference(COIN, other, "u", bounds=(0, 1)),
        measure.mean_difference(other, COIN, "u", bounds=(0, 1)),
        measure.mean_difference(COIN, other, "u", bounds=(0, 2)),
        measure.mean_difference(COIN, other, "u", given="heads", bounds=(0, 1)),
    ]
    assert len(set(map(attrgetter("quantities"), estimates))) == len(estimates)
    for estimate in estimates:
        assert estimate > -1
    assert len(set(map(attrgetter("key"), measure.quantities))) == len(estimates)


def test_each_quantity_is_named_by_what_it_is(measure):
    other = Coin(0.9)
    estimates = [
        measure.rate(COIN, "odd", given="heads"),
        measure.mean(COIN, "u", bounds=(0, 2)),
        measure.median(COIN, "u", given="odd"),
        measure.quantile(COIN, "u", 0.25),
        measure.paired_rate(COIN, other, "u"),
        measure.mean_difference(COIN, other, "u", bounds=(0, 2)),
        measure.mean_difference(COIN, other, "u", given="heads", bounds=(0, 2)),
    ]
    assert [estimate.name for estimate in estimates] == [
        "rate of odd given heads in coin 0.4",
        "mean of u within 0.0 and 2.0 in coin 0.4",
        "median of u given odd in coin 0.4",
        "0.25-quantile of u in coin 0.4",
        "rate of larger u in coin 0.4 than in coin 0.9",
        "mean of u within 0.0 and 2.0 in coin 0.4 less in coin 0.9",
        "mean difference of u within 0.0 and 2.0 given heads in coin 0.4 less coin 0.9",
    ]


def test_experiments_are_distinct_by_their_key(monkeypatch):
    monkeypatch.setattr(Experiment, "label", "an experiment")
    measure = Measure(lambda population, seeds, trace: SimpleNamespace(converged=np.ones(len(seeds), bool)))
    for depth in (2, 3, 2):
        measure.rate(Experiment(depth=depth), "converged") > 0.1  # noqa: B015 - it is compared
    assert len(measure.quantities) == 2


def test_an_experiments_metric_brings_its_bounds_and_its_need_of_a_trace():
    traces = []

    def sampler(population, seeds, trace):
        traces.append(trace)
        return SimpleNamespace(half=np.full(len(seeds), 0.5), converged=np.ones(len(seeds), bool))

    half = Metric("half", lambda runs: runs.half, lambda experiment: (0.0, float(experiment.depth)), trace=True)
    estimate = Measure(sampler, first_seeds=256).mean(Experiment(depth=3), half, given="converged")
    assert ends(estimate) == close(mean_interval(np.full(256, 0.5), 0, 3, LEVEL))
    assert traces == [True]


def test_what_is_observed_may_be_an_object_with_attributes():
    population = SimpleNamespace(label="p", sample=lambda seeds: SimpleNamespace(odd=[s % 2 == 1 for s in seeds]))
    assert Measure(Draw(None)).rate(population, "odd").point == 0.5


@pytest.mark.parametrize(
    ("ask", "error", "sentence"),
    [
        (lambda m: m.rate(3, "heads"), TypeError, "a population is an Experiment, or has a text `label` .*; got 3"),
        (lambda m: m.rate(SimpleNamespace(label="x"), "heads"), TypeError, "a population is an Experiment"),
        (lambda m: m.rate(COIN, 3), TypeError, "a metric is a name or a Metric; got 3"),
        (lambda m: m.rate(COIN, "tails"), ValueError, "metric must be one of .*heads.*; got 'tails'"),
        (lambda m: m.rate(COIN, "u"), TypeError, "u must be boolean here; its values are float64"),
        (lambda m: m.rate(COIN, "heads", given="u"), TypeError, "u must be boolean here"),
        (lambda m: m.mean(COIN, "u"), ValueError, r"the mean of u needs bounds=\(low, high\)"),
        (lambda m: m.mean(COIN, "u", bounds=(0, 0.5)), ValueError, r"values must lie in \[0.0, 0.5\]"),
        (lambda m: m.quantile(COIN, "u", 1.0), ValueError, "q must be strictly between 0 and 1; got 1.0"),
        (lambda m: m.paired_rate(COIN, 3, "u"), TypeError, "a population is an Experiment"),
        (lambda m: m.rate(Broken(), "x"), MeasurementError, "sampling broken failed: AssertionError"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(measure, ask, error, sentence):
    with pytest.raises(error, match=sentence):
        str(ask(measure))


@pytest.mark.parametrize("values", [[True], [[True]] * 256, True])
def test_values_of_another_shape_are_refused(measure, values):
    population = SimpleNamespace(label="p", sample=lambda seeds: {"x": values})
    with pytest.raises(ValueError, match=r"x of p must have shape \(256,\), one value per seed; got"):
        str(measure.rate(population, "x"))


def test_text_is_not_a_number(measure):
    population = SimpleNamespace(label="p", sample=lambda seeds: {"x": ["a"] * len(seeds)})
    with pytest.raises(TypeError, match="x must be numbers; its values are <U1"):
        str(measure.median(population, "x"))


@pytest.mark.parametrize("name", ["first_seeds", "max_seeds", "step"])
@pytest.mark.parametrize("n", [0, -1, 1.5, True, "x"])
def test_a_number_of_seeds_is_a_positive_whole_number(name, n):
    with pytest.raises(ValueError, match="must be whole numbers, 1 <= first_seeds <= max_seeds; got"):
        Measure(Draw(None), **{name: n})


def test_a_measured_estimate_is_one_quantity(measure):
    estimate = measure.rate(COIN, "heads")
    assert isinstance(estimate, Estimate)
    assert len(estimate.quantities) == 1
    assert str(estimate.quantities[0]) == "rate of heads in coin 0.4"


def test_a_coin_is_measured_without_loading_experiments(monkeypatch, measure):
    monkeypatch.delitem(sys.modules, "lrn.experiment")
    assert measure.rate(COIN, "heads").n == 256
    assert "lrn.experiment" not in sys.modules
