"""Most dead neurons were dead before the first step, and who converges depends on it.

Thresholds are halves, or 0; which cells to look at was chosen on seeds from 5,000,000 on.
"""

import pytest

from claims.ours.starts import (
    BORN_ALIVE,
    BORN_DEAD,
    BORN_WITH_DEAD_LAYER,
    DEAD_FROM_THE_START,
    FEWER_DEAD_THAN_BORN,
    KILLED,
    MORE_DEAD_THAN_BORN,
)
from claims.quantities import Among
from claims.thesis.grid import CONNECTIONS, STYLES, cell, pair
from lrn.claims import claim

WIDTH_4 = ("adam", 0.001, "batch")  # §4.3 of the thesis


@claim(
    "Depth 10: most neurons that are dead after training were dead before it",
    id="O5",
    source="ours",
    reading="mean share of neurons dead before and after against the mean share killed in training, all networks",
)
@pytest.mark.parametrize("connection", CONNECTIONS)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("optimizer", "lr"), [("adam", 0.001), ("adam", 0.01), ("sgd", 0.001), ("sgd", 0.01), ("sgd", 0.1)]
)
def test_most_dead_neurons_were_born_dead(measure, connection, style, optimizer, lr):
    trained = cell(connection, 10, optimizer, lr, style)
    assert measure.mean(trained, DEAD_FROM_THE_START) > measure.mean(trained, KILLED)


@claim(
    "Depth 2: most neurons that are dead after training with Adam at 0.1, one sample at a time, were killed by it",
    id="O5-killed",
    source="ours",
    reading="mean share of neurons killed in training against the mean share dead before and after, all networks",
)
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_a_high_rate_kills_more_than_are_born_dead(measure, connection):
    trained = cell(connection, 2, "adam", 0.1, "iterative")
    assert measure.mean(trained, KILLED) > measure.mean(trained, DEAD_FROM_THE_START)


@claim(
    "Adam, 0.01, batch: plain networks born with a dead layer do not converge",
    id="O6-plain",
    source="ours",
    reading="fewer than 5 %",
)
@pytest.mark.parametrize("depth", [2, 5, 10, 30])
def test_plain_networks_born_with_a_dead_layer_do_not_converge(measure, depth):
    plain = cell("plain", depth, "adam", 0.01, "batch")
    assert Among(measure, BORN_WITH_DEAD_LAYER).rate(plain) < 0.05


@claim(
    "Late networks born with a dead layer converge more often than plain ones born without",
    id="O6-late",
    source="ours",
    reading="width 2 with Adam at 0.01, width 4 at 0.001, batch",
)
@pytest.mark.parametrize(("width", "lr", "depth"), [(2, 0.01, 5), (2, 0.01, 10), (4, 0.001, 10), (4, 0.001, 15)])
def test_late_networks_born_with_a_dead_layer_converge(measure, width, lr, depth):
    plain, late = pair(depth, "adam", lr, "batch", width=width)
    assert Among(measure, BORN_WITH_DEAD_LAYER).rate(late) > Among(measure, BORN_ALIVE).rate(plain)


@claim(
    "Width 4: plain networks that converge were born with fewer dead neurons than plain networks on the whole",
    id="O7-selection",
    source="ours",
    reading="mean number before training, so that Figure 4.22 compares unlike starts",
)
@pytest.mark.parametrize("depth", [5, 10, 15])
def test_plain_survivors_are_born_with_fewer_dead_neurons(measure, depth):
    plain = cell("plain", depth, *WIDTH_4, width=4)
    assert Among(measure, "converged").mean(plain, BORN_DEAD) < measure.mean(plain, BORN_DEAD)


@claim(
    "Width 4: late networks are not so selected: those that converge were born with as many dead neurons as the rest",
    id="O7-late",
    source="ours",
    reading="the means differ by less than one neuron",
)
@pytest.mark.parametrize("depth", [5, 10])
def test_late_survivors_are_born_like_all(measure, depth):
    late = cell("late", depth, *WIDTH_4, width=4)
    difference = Among(measure, "converged").mean(late, BORN_DEAD) - measure.mean(late, BORN_DEAD)
    assert abs(difference) < 1


@claim(
    "Width 4: training brings neurons of late networks to life more often than it kills them",
    id="O8-width-4",
    source="ours",
    reading="more networks have fewer dead neurons after training than before, than have more",
)
@pytest.mark.parametrize("depth", [5, 10, 15])
def test_training_brings_neurons_to_life(measure, depth):
    late = cell("late", depth, *WIDTH_4, width=4)
    assert measure.rate(late, FEWER_DEAD_THAN_BORN) > measure.rate(late, MORE_DEAD_THAN_BORN)


@claim(
    "Width 2, Adam, 0.01, batch: training kills neurons more often than it brings them to life",
    id="O8-width-2",
    source="ours",
    reading="more networks have more dead neurons after training than before, than have fewer",
)
@pytest.mark.parametrize("depth", [2, 10, 30])
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_training_kills_neurons(measure, connection, depth):
    trained = cell(connection, depth, "adam", 0.01, "batch")
    assert measure.rate(trained, MORE_DEAD_THAN_BORN) > measure.rate(trained, FEWER_DEAD_THAN_BORN)


@claim(
    "Depth 30: batch normalisation keeps almost all neurons alive and no plain network converges; with He's weights almost "
    "all neurons of late networks die and most converge",
    id="O10",
    source="ours",
    reading="Adam, 0.01, batch: mean dead fraction below 5 % and fewer than 5 % converged, against above 3/4 and more than "
    "half; so living neurons are neither enough nor needed",
)
def test_living_neurons_are_neither_enough_nor_needed(measure):
    plain, late = pair(30, "adam", 0.01, "batch")
    alive, dead = plain.replace(norm="batch"), late.replace(initial="he")
    no_use = (measure.mean(alive, "dead_fraction") < 0.05) & (measure.rate(alive, "converged") < 0.05)
    assert no_use & (measure.mean(dead, "dead_fraction") > 0.75) & (measure.rate(dead, "converged") > 0.5)
