"""How a sample compares with a threshold, and the width and price of a sum of intervals."""

import math
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import pytest

from lrn.claims import Measure
from lrn.claims._samples import Conditional, Intervals, Mean, Quantile
from lrn.intervals import Side
from tests.plugin.populations import Coin, uniform

N, GOAL = 200, math.log(64 / 0.001)
VALUES = uniform(range(N))
COUNTS = uniform(range(N), stream=1) < 0.8


def mean():
    return Mean(VALUES, 0.0, 1.0, N, GOAL)


def conditional():
    return Conditional(Side(VALUES, COUNTS, 0.0, 1.0), Side(1 - VALUES, ~COUNTS, 0.0, 1.0), N, GOAL)


def median(stream):
    return Quantile(uniform(range(N), stream=stream), 0.5, N, GOAL)


@pytest.mark.parametrize("make", [mean, conditional])
def test_a_comparison_is_decided_where_the_interval_leaves_the_threshold_and_nowhere_else(make):
    sample = make()
    low, high = sample.ends
    assert sample.low < low < high < sample.high
    thresholds = low - 1e-3, low + 1e-3, high - 1e-3, high + 1e-3
    decided = list(map(attrgetter("above", "below"), map(sample.compare, thresholds)))
    assert decided == [(True, False), (False, False), (False, False), (False, True)]


def test_a_difference_of_intervals_spans_all_that_both_allow():
    one, other = median(2), median(3)
    (low, high), (other_low, other_high) = one.ends, other.ends
    difference = Intervals([one, other], [1.0, -2.0], N, GOAL)
    assert difference.ends == pytest.approx((low - 2 * other_high, high - 2 * other_low))
    assert difference.point == one.point - 2 * other.point


def test_each_interval_that_a_comparison_rests_on_takes_a_share():
    measure = Measure(lambda population, seeds, trace: population.sample(seeds), first_seeds=N)
    medians = [measure.median(Coin(0.5, f"coin {stream}", stream), "u") for stream in range(3)]
    assert medians[0] - medians[1] < 0.9
    assert medians[0] + medians[1] - medians[2] < 2
    assert list(map(attrgetter("shares"), measure.quantities)) == [2, 3]


def always(count):
    """The mean of so many rates, all of which are 1."""
    measure = Measure(lambda population, seeds, trace: population.sample(seeds), first_seeds=N)
    rates = [measure.rate(Coin(1.0, f"coin {stream}", stream), "heads") for stream in range(count)]
    return sum(rates) / count


@pytest.mark.parametrize("count", [3, 7, 10, 49])
def test_what_rounding_alone_tells_apart_from_a_bound_is_not_decided(count):
    share = always(count)
    assert (share < 1).value is None
    assert (share >= 1).value is None
    assert (share <= 1).value is not False
    assert (share > 1).value is not True
    assert (share * share < 1).value is None
    assert (share > 1 - 1e-9).value is None
    assert (share < 1 + 1e-9).value is True


def test_what_is_nearer_to_zero_than_rounding_is_decided_all_the_same():
    tiny = Mean(1e-20 * VALUES, 0.0, 1e-20, N, GOAL)
    assert tiny.compare(1e-21).above
    assert not tiny.compare(9e-21).above


@dataclass(frozen=True)
class Constant:
    """Every seed gives the same accuracy."""

    value: float

    @property
    def label(self):
        return f"always {self.value}"

    def sample(self, seeds):
        return {"accuracy": np.full(len(seeds), self.value)}


@pytest.fixture
def measure():
    return Measure(lambda population, seeds, trace: population.sample(seeds), first_seeds=N)


TENTHS = [(0.8, 0.7), (0.3, 0.2), (0.7, 0.6), (0.9, 0.8), (-0.1, -0.2), (1e-9, -0.1)]


@pytest.mark.parametrize(("a", "b"), TENTHS)
def test_what_only_rounding_tells_apart_is_a_tie(measure, a, b):
    larger = measure.paired_rate(Constant(a), Constant(b), "accuracy", margin=0.1)
    assert larger.point == (1.0 if a == 1e-9 else 0.0)


def test_infinite_values_exceed_finite_ones_by_any_margin(measure):
    finite, infinite = Constant(0.5), Constant(math.inf)
    assert measure.paired_rate(infinite, finite, "accuracy", margin=0.1) > 0.5
    assert measure.paired_rate(finite, Constant(-math.inf), "accuracy", margin=0.1) > 0.5
    assert measure.paired_rate(finite, infinite, "accuracy", margin=0.1) < 0.5
    assert measure.paired_rate(infinite, infinite, "accuracy", margin=0.1) < 0.5


@pytest.mark.parametrize(("a", "b"), TENTHS[:4])
def test_a_difference_that_is_a_threshold_but_for_rounding_is_on_neither_side(measure, a, b):
    difference = measure.median_difference(Constant(a), Constant(b), "accuracy")
    assert (difference > 0.1).value is not True
    assert (difference < 0.1).value is not True
    assert (difference > 0.0999).value is True
    assert (difference < 0.1001).value is True
