"""Two metrics of one name would be one quantity of the record and be paid for once: they are refused."""

import pytest

from lrn.claims import Measure, MeasurementError
from lrn.claims._populations import Draw, RecentSamples
from lrn.experiment import Experiment
from lrn.experiment.metrics import METRICS, Metric
from lrn.verdicts import Outcome
from tests.plugin.populations import Coin

pytest_plugins = ["pytester"]

REFUSED = "a metric's name must name one function with one pair of bounds; got two unequal metrics called 'u'"


def u(high, factor=1):
    return Metric("u", lambda sample: factor * sample["u"], lambda _: (0, high))


def measuring(sampler):
    return Measure(sampler, first_seeds=64)


@pytest.mark.parametrize("other", [u(2), u(1, factor=0.5), "u"], ids=["bounds", "function", "column"])
@pytest.mark.parametrize("same_claim", [True, False])
def test_another_metric_of_one_name_is_refused(same_claim, other):
    sampler, coin = RecentSamples(Draw(None)), Coin(0.5)
    first = measuring(sampler)
    assert first.median(coin, u(1)) > -1
    later = first if same_claim else measuring(sampler)
    with pytest.raises(MeasurementError, match=REFUSED):
        later.median(coin, other)


def test_equal_metrics_and_those_of_other_quantities_are_fine():
    sampler, coin = RecentSamples(Draw(None)), Coin(0.5)
    for population, metric in ((coin, u(1)), (coin, u(1)), (Coin(0.4), u(2))):
        assert measuring(sampler).mean(population, metric) > -1


def test_a_name_and_the_metric_that_it_names_are_one():
    measure = measuring(lambda experiment, seeds, trace: pytest.fail("nothing is sampled"))
    experiment = Experiment(depth=2)
    by_name, by_metric = measure.rate(experiment, "converged"), measure.rate(experiment, METRICS["converged"])
    assert by_name.quantities == by_metric.quantities


def test_a_claim_that_gives_a_name_other_bounds_is_an_error(suite):
    _, verdicts = suite.judge("""
        from lrn.experiment.metrics import Metric

        coin = Coin(0.5)

        @claim("Is above")
        @pytest.mark.parametrize("high", [1, 2])
        def test_it(measure, high):
            u = Metric("u", lambda sample: sample["u"], lambda population: (0, high))
            assert measure.mean(coin, u) > 0.1
    """)
    assert verdicts["test_it[1]"].verdict is Outcome.SUPPORTED
    assert verdicts["test_it[2]"].verdict is Outcome.ERROR
    assert REFUSED in verdicts["test_it[2]"].reason
