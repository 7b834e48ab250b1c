"""§1, §3: networks that are constant before training. The theorems are about symmetric starts, of which He's is one."""

from itertools import pairwise

import pytest
from networks import BORN_DEAD, lower_bound, untrained, upper_bound

from lrn.claims import claim, every

SIZES = [(2, 5), (2, 9), (3, 9), (4, 9), (5, 9), (4, 20)]


@claim("Deeper networks are born dead more often", id="D1-grows", source="abstract, §3", reading="at width 2")
@pytest.mark.parametrize("initial", ["he", "torch"])
def test_more_are_dead_with_depth(measure, initial):
    rates = [measure.rate(untrained(depth=depth, initial=initial), BORN_DEAD) for depth in (2, 5, 10, 20)]
    assert every(deeper > shallower for shallower, deeper in pairwise(rates))


@claim("Very deep ones are nearly all born dead", id="D1-all", source="abstract, §3", reading="99 %")
@pytest.mark.parametrize(("width", "depth"), [(2, 40), (4, 200)])
def test_nearly_all_very_deep_ones_are_dead(measure, width, depth):
    assert measure.rate(untrained(width=width, depth=depth), BORN_DEAD) > 0.99


@claim("No more are born dead than the upper bound says", id="D2-upper", source="§3")
@pytest.mark.parametrize(("width", "depth"), SIZES)
def test_no_more_than_the_upper_bound(measure, width, depth):
    assert measure.rate(untrained(width=width, depth=depth), BORN_DEAD) < upper_bound(width, depth)


@claim("Nor with biases that are symmetric about zero", id="D2-biases", source="§3", reading="torch's start")
@pytest.mark.parametrize(("width", "depth"), SIZES)
def test_no_more_than_the_upper_bound_with_biases(measure, width, depth):
    network = untrained(width=width, depth=depth, initial="torch")
    assert measure.rate(network, BORN_DEAD) < upper_bound(width, depth)


@claim("No fewer are born dead than the lower bound says", id="D2-lower", source="§3")
@pytest.mark.parametrize(("width", "depth"), SIZES)
def test_no_fewer_than_the_lower_bound(measure, width, depth):
    assert measure.rate(untrained(width=width, depth=depth), BORN_DEAD) > lower_bound(width, depth)


@claim("Ten layers of width 10: fewer than 1 % are dead", id="D3-ten", source="§3, figure on the safe region")
def test_width_ten_is_safe(measure):
    assert measure.rate(untrained(width=10, depth=10), BORN_DEAD) < 0.01


@claim("Ten layers of width 5: more than 10 % are dead", id="D3-five", source="§3, figure on the safe region")
def test_width_five_is_not(measure):
    assert measure.rate(untrained(width=5, depth=10), BORN_DEAD) > 0.1


@claim(
    "Ten layers of width 3: about 60 % are dead",
    id="D3-three",
    source="§3, figure on the safe region",
    reading="55 to 65 %, whether the output layer is one of the ten or not",
    max_seeds=20_000,
)
@pytest.mark.parametrize("depth", [9, 10])
def test_width_three(measure, depth):
    rate = measure.rate(untrained(width=3, depth=depth), BORN_DEAD)
    assert rate > 0.55
    assert rate < 0.65
