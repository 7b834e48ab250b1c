"""The first layer decides whether a late network converges, every layer whether a plain one does.

The setting is the thesis's own: Adam, 0.01, batch, width 2 unless said otherwise. Thresholds of 4/5, 1/5, 1/4, 1/2 and 5
points were set after looking at seeds from 5,000,000 on.
"""

import pytest

from claims.ours.starts import Trained, both_sides, one_side, with_dead_layer
from claims.quantities import Among
from claims.thesis.grid import pair
from lrn.claims import claim


def plain_and_late(depth, width=2):
    return pair(depth, "adam", 0.01, "batch", width=width)


@claim(
    "A late network converges where its trained first layer speaks on all samples but one at most, and else hardly ever",
    id="O1-speaks",
    source="ours",
    reading="in more than 4/5 of the former and fewer than 1/5 of the latter",
)
@pytest.mark.parametrize("depth", [5, 10, 30])
def test_converged_networks_have_a_first_layer_that_speaks(measure, depth):
    trained = Trained(plain_and_late(depth)[1])
    speaking, silent = Among(measure, "speaks").rate(trained), Among(measure, "silent").rate(trained)
    assert (speaking > 0.8) & (silent < 0.2)


@claim(
    "Late networks converge more often if the first layer starts with slopes to both sides, less if to one side",
    id="O2-cause",
    source="ours",
    reading="the same seeds with other signs and no biases in the first layer, against those as they are drawn",
)
@pytest.mark.parametrize("depth", [2, 5, 10, 30])
def test_the_first_layer_decides(measure, depth):
    _, late = plain_and_late(depth)
    drawn = measure.rate(late, "converged")
    assert (measure.rate(both_sides(late), "converged") > drawn) & (drawn > measure.rate(one_side(late), "converged"))


@claim(
    "The signs of the first layer alone change the rate at which late networks converge by more than half",
    id="O2-size",
    source="ours",
    reading="slopes to both sides against slopes to one side",
)
@pytest.mark.parametrize("depth", [10, 30])
def test_the_first_layer_decides_by_half(measure, depth):
    _, late = plain_and_late(depth)
    assert measure.rate(both_sides(late), "converged") > measure.rate(one_side(late), "converged") + 0.5


@claim(
    "Given a first layer with slopes to both sides, deeper late networks converge more often",
    id="O2-depth",
    source="ours",
    reading="depth 30 against depth 2",
)
def test_depth_helps_once_the_first_layer_speaks(measure):
    two, thirty = both_sides(plain_and_late(2)[1]), both_sides(plain_and_late(30)[1])
    assert measure.rate(thirty, "converged") > measure.rate(two, "converged")


@claim(
    "A first layer with slopes to both sides does not help deep plain networks",
    id="O2-plain",
    source="ours",
    reading="fewer than 5 % converge with it",
)
@pytest.mark.parametrize("depth", [10, 30])
def test_the_first_layer_does_not_rescue_plain_networks(measure, depth):
    plain, _ = plain_and_late(depth)
    assert measure.rate(both_sides(plain), "converged") < 0.05


@claim(
    "Late networks of width 4 with first slopes to one side converge less often than those of width 2 with both",
    id="O2-width",
    source="ours",
    reading="so that wider networks converge more often because all slopes are seldom to one side",
)
@pytest.mark.parametrize("depth", [2, 10, 30])
def test_width_helps_through_the_first_layer(measure, depth):
    two, four = plain_and_late(depth)[1], plain_and_late(depth, width=4)[1]
    assert measure.rate(one_side(four), "converged") < measure.rate(both_sides(two), "converged")


@claim(
    "A late network of 30 layers converges no more and no less often if its sixth layer is dead from the start",
    id="O3-cut",
    source="ours",
    reading="of the seeds, fewer than 1/20 converge only with it dead, and fewer than 1/20 only with it as drawn",
)
def test_a_late_network_acts_as_its_first_layers(measure):
    _, late = plain_and_late(30)
    cut = with_dead_layer(late, 6)
    assert (measure.paired_rate(cut, late, "converged") < 0.05) & (measure.paired_rate(late, cut, "converged") < 0.05)


@claim(
    "With its third layer dead from the start no plain network of 5 layers converges, and late ones do more often than "
    "plain ones with all their layers",
    id="O3-cut-both",
    source="ours",
    reading="none: fewer than 1 %",
)
def test_a_dead_layer_stops_plain_networks_only(measure):
    whole, whole_late = plain_and_late(5)
    plain = measure.rate(with_dead_layer(whole, 3), "converged")
    late = measure.rate(with_dead_layer(whole_late, 3), "converged")
    assert (plain < 0.01) & (late > measure.rate(whole, "converged"))


@claim(
    "Late networks of 30 and of 5 layers that start alike end alike",
    id="O3-alike",
    source="ours",
    reading="both converge or both do not in more than 3/4 of the seeds, which share their first 5 layers' weights",
)
def test_deep_and_shallow_late_networks_agree(measure):
    five, thirty = plain_and_late(5)[1], plain_and_late(30)[1]
    differ = measure.paired_rate(five, thirty, "converged") + measure.paired_rate(thirty, five, "converged")
    assert differ < 0.25


@claim(
    "Each further layer costs a plain network between a quarter and a half of its chances to converge",
    id="O4",
    source="ours",
    reading="from one depth to the next the rate changes by a factor between 1/2 and 3/4 per layer",
)
@pytest.mark.parametrize(("shallow", "deep"), [(2, 5), (5, 10)])
def test_plain_networks_need_every_layer(measure, shallow, deep):
    few = measure.rate(plain_and_late(shallow)[0], "converged")
    many = measure.rate(plain_and_late(deep)[0], "converged")
    factor = (many / few).apply(lambda r: max(r, 0.0) ** (1 / (deep - shallow)), monotone="increasing")
    assert (factor > 0.5) & (factor < 0.75)
