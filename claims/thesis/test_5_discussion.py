"""Chapter 5 and the sum of §4.2: the whole grid of 84 settings at once, and the hypothesis that neurons are kept alive.

Which columns to expect what of was seen on seeds from 5,000,000 on.
"""

from itertools import product

import pytest

from claims.cases import marked
from claims.documents import THESIS
from claims.quantities import sum_of_means, sum_of_rates
from claims.thesis.grid import DEPTHS, ELSEWHERE, LATE, OPTIMIZERS, PLAIN, RATES, STYLES, column, pair
from claims.thesis.neurons import CONTRIBUTING, KILLED, REVIVED
from lrn.claims import claim, every

refuted = pytest.mark.refuted
WIDE = (2, 5, 10, 15)
"""The depths of Figure 4.22."""


def columns(marks):
    """Every column as a parameter, those in `marks` with their mark."""
    return pytest.mark.parametrize(("optimizer", "lr", "style"), marked(product(OPTIMIZERS, RATES, STYLES), marks))


def difference(measure, pairs, metric):
    """The sum over settings of what late networks have on average more than plain ones of the same seeds."""
    return sum(measure.mean_difference(late, plain, metric) for plain, late in pairs)


@claim(
    "Over the whole grid, late networks converge more often than plain ones",
    id="D5-converge",
    **THESIS("gradient-flow", "improved-learning", "summary-improvement", "potential-reduced-dead"),
    reading="the sum of the rates over the 84 cells of each connection",
)
def test_late_networks_converge_more_often(measure):
    assert sum_of_rates(measure, LATE) > sum_of_rates(measure, PLAIN)


@claim(
    "Over the whole grid, late networks have a smaller share of dead neurons than plain ones",
    id="D5-dead",
    **THESIS("combats"),
    reading="the sum of the mean dead fractions over the 84 cells of each connection, converged or not",
    refuted="they have a larger share: about 5.5 more, added over 84 cells",
)
def test_late_networks_have_fewer_dead_neurons(measure):
    assert sum_of_means(measure, LATE, "dead_fraction") < sum_of_means(measure, PLAIN, "dead_fraction")


@claim(
    "Late networks have a smaller share of dead neurons than plain ones",
    id="D5-dead-column",
    **THESIS("potential-reduced-dead"),
    reading="all networks, converged or not; the mean of late less that of plain, added over the seven depths",
)
@pytest.mark.parametrize(
    ("optimizer", "lr", "style"),
    [
        ("adam", 0.001, "batch"),
        ("adam", 0.001, "iterative"),
        ("sgd", 0.01, "batch"),
        ("sgd", 0.01, "iterative"),
        pytest.param("adam", 0.01, "iterative", marks=refuted("larger, by about 0.69 added over seven depths")),
        pytest.param("adam", 0.1, "batch", marks=refuted("larger, by about 1.9 added over seven depths")),
        pytest.param("adam", 0.1, "iterative", marks=refuted("larger, by about 2.6 added over seven depths")),
        pytest.param("sgd", 0.1, "iterative", marks=refuted("larger, by about 0.71 added over seven depths")),
    ],
)
def test_late_networks_have_fewer_dead_neurons_in_a_column(measure, optimizer, lr, style):
    assert difference(measure, column(optimizer, lr, style), "dead_fraction") < 0


@claim(
    "But for learning rate 0.1 and Adam's iterative training at 0.01, late networks have a smaller share of dead neurons",
    id="D5-dead-elsewhere",
    **THESIS("potential-reduced-dead"),
    reading="all networks, converged or not; the mean of late less that of plain, added over the other 49 of the 84 settings",
)
def test_late_networks_have_fewer_dead_neurons_elsewhere(measure):
    assert difference(measure, ELSEWHERE, "dead_fraction") < 0


@claim(
    "Late networks have about as large a share of dead neurons as plain ones",
    id="D5-dead-alike",
    source="ours",
    reading="the columns that D5-dead-column leaves out: within two points of a hundred on average over the seven depths",
)
@pytest.mark.parametrize(
    ("optimizer", "lr", "style"),
    [("adam", 0.01, "batch"), ("sgd", 0.001, "batch"), ("sgd", 0.001, "iterative"), ("sgd", 0.1, "batch")],
)
def test_late_networks_have_about_as_many_dead_neurons(measure, optimizer, lr, style):
    assert abs(difference(measure, column(optimizer, lr, style), "dead_fraction")) < 0.02 * len(DEPTHS)


@claim(
    "In late networks a larger share of the neurons is alive and can reach the output than in plain ones",
    id="D8-contribute",
    **THESIS("more-neurons-contribute", "possibility-alive", "neurons-do-not-die"),
    reading="neurons that live and have no dead layer in front of them; in plain networks also none behind them, for that "
    "would keep them from the output; mean over all networks, at every depth",
)
@columns({})
def test_more_neurons_of_late_networks_contribute(measure, optimizer, lr, style):
    pairs = column(optimizer, lr, style)
    assert every(measure.mean_difference(late, plain, CONTRIBUTING) > 0 for plain, late in pairs)


@claim(
    "Width 4: in late networks a larger share of the neurons is alive and can reach the output than in plain ones",
    id="D8-contribute-width-4",
    **THESIS("short-circuit-dead-layers"),
    reading="as D8-contribute; the settings of Figure 4.22",
)
@pytest.mark.parametrize("depth", WIDE)
def test_more_neurons_of_wide_late_networks_contribute(measure, depth):
    plain, late = pair(depth, "adam", 0.001, "batch", width=4)
    assert measure.mean_difference(late, plain, CONTRIBUTING) > 0


@claim(
    "Learning rate 0.1, depth 2: late networks have fewer dead neurons than plain ones with SGD",
    id="D8-alive-0.1",
    **THESIS("possibility-alive"),
    reading='"possibility": mean share of dead neurons over all networks',
)
@pytest.mark.parametrize("style", STYLES)
def test_late_networks_can_have_fewer_dead_neurons_at_a_high_rate(measure, style):
    plain, late = pair(2, "sgd", 0.1, style)
    assert measure.mean_difference(late, plain, "dead_fraction") < 0


@claim(
    "Width 4: training kills a smaller share of the neurons of late networks than of plain ones",
    id="D8-killed-width-4",
    **THESIS("hypothesis"),
    reading="neurons that live before training and are dead after it; mean over all networks, the settings of Figure 4.22",
)
@pytest.mark.parametrize("depth", WIDE)
def test_training_kills_fewer_neurons_of_wide_late_networks(measure, depth):
    plain, late = pair(depth, "adam", 0.001, "batch", width=4)
    assert measure.mean_difference(late, plain, KILLED) < 0


@claim(
    "Over the whole grid, training kills a smaller share of the neurons of late networks than of plain ones",
    id="D8-killed-grid",
    source="ours",
    reading="neurons that live before training and are dead after it; the sum of the means over 84 settings",
    refuted="a larger share: about 9.9 against 3.3, each added over 84 settings",
)
def test_training_kills_fewer_neurons_of_late_networks(measure):
    assert sum_of_means(measure, LATE, KILLED) < sum_of_means(measure, PLAIN, KILLED)


@claim(
    "Adam, 0.01: training kills a smaller share of the neurons of late networks than of plain ones",
    id="D8-killed",
    **THESIS("neurons-do-not-die"),
    reading="neurons that live before training and are dead after it; the mean of late less that of plain, over seven depths",
    refuted="a larger share, by about 0.17 in batch and 0.78 in iterative training, each added over seven depths",
)
@pytest.mark.parametrize(("optimizer", "lr", "style"), list(product(["adam"], [0.01], STYLES)))
def test_training_kills_fewer_neurons_of_late_networks_in_a_column(measure, optimizer, lr, style):
    assert difference(measure, column(optimizer, lr, style), KILLED) < 0


@claim(
    "Training brings a larger share of the neurons of late networks to life than of plain ones",
    id="D8-revived",
    **THESIS("neurons-do-not-die"),
    reading="neurons that are dead before training and live after it; the mean of late less that of plain, over seven depths",
)
@columns({("adam", 0.1, "iterative"): refuted("a smaller share, by about 0.02 added over seven depths")})
def test_training_brings_more_neurons_of_late_networks_to_life(measure, optimizer, lr, style):
    assert difference(measure, column(optimizer, lr, style), REVIVED) > 0


@claim(
    "Width 4: training brings a larger share of the neurons of late networks to life than of plain ones",
    id="D8-revived-width-4",
    **THESIS("hypothesis"),
    reading="neurons that are dead before training and live after it; mean over all networks, the settings of Figure 4.22",
)
@pytest.mark.parametrize("depth", WIDE)
def test_training_brings_more_neurons_of_wide_late_networks_to_life(measure, depth):
    plain, late = pair(depth, "adam", 0.001, "batch", width=4)
    assert measure.mean_difference(late, plain, REVIVED) > 0
