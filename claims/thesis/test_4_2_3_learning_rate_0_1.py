"""§4.2.3: learning rate 0.1."""

from itertools import chain

import pytest

from claims.documents import THESIS
from claims.quantities import Among, none_converges
from claims.thesis.grid import DEPTHS, STYLES, at_least_once_in_ten, cell, column, pair
from lrn.claims import claim
from lrn.experiment import CONVERGED_RMSE
from lrn.experiment.metrics import Metric

style = pytest.mark.parametrize("style", STYLES)
depth = pytest.mark.parametrize("depth", DEPTHS)


@claim(
    "Adam, 0.1, iterative: no network converges",
    id="C14-literal",
    source="ours",
    reading="never at all: the rate is 0 in each of the 14 cells",
    refuted="a few in 1000 networks do converge, such as about 8 in 1000 late networks of depth 2",
)
def test_no_network_converges(measure):
    assert none_converges(measure, chain.from_iterable(column("adam", 0.1, "iterative")))


@claim(
    "Adam, 0.1, iterative: fewer than 5 % of networks converge",
    id="C14-practical",
    **THESIS("adam-iterative-fails"),
    reading="practical: the rate is below 5 %",
)
@depth
@pytest.mark.parametrize("connection", ["plain", "late"])
def test_networks_hardly_converge(measure, depth, connection):
    plain, late = pair(depth, "adam", 0.1, "iterative")
    assert measure.rate(late if connection == "late" else plain, "converged") < 0.05


@claim(
    "Adam, 0.1, batch: ten runs of late networks are likely to hold a convergence, at every depth",
    id="C15-converge",
    **THESIS("very-high-rate"),
    reading="the chance of at least one in ten exceeds 1/2",
)
@depth
def test_late_networks_converge_at_a_high_rate(measure, depth):
    _, late = pair(depth, "adam", 0.1, "batch")
    assert at_least_once_in_ten(measure.rate(late, "converged")) > 0.5


@claim(
    "Adam, 0.1, iterative: fewer than 5 % of late networks converge after 60,000 steps",
    id="C14-steps",
    **THESIS("too-much-flipping"),
    reading="as many samples as batch training sees in 3,000 steps, in which 41 to 51 % converge",
)
@pytest.mark.parametrize("depth", [2, 10])
def test_more_steps_do_not_help_at_a_high_rate(measure, depth):
    late = pair(depth, "adam", 0.1, "iterative")[1].replace(epochs=60_000)
    assert measure.rate(late, "converged") < 0.05


@claim(
    "Adam, 0.1, batch, depth 25: plain networks become constant functions",
    id="C15-constant",
    **THESIS("constant-at-0.1"),
    reading="most trained plain networks give one and the same output on all samples",
)
def test_plain_networks_become_constant(measure):
    plain, _ = pair(25, "adam", 0.1, "batch")
    assert measure.rate(plain, "constant") > 0.5


AFTER_50_TO_200 = Metric(
    "converged after 50 to 200 epochs", lambda runs: (runs.converged_at >= 50) & (runs.converged_at <= 200)
)


@claim(
    "Adam, 0.1, batch, depth 25: some late networks that converge do so after 50 to 200 epochs",
    id="C15-drawn",
    **THESIS("after-roughly-100"),
    reading='the network drawn: "roughly 100" within a factor of two, in more than 5 % of those that converge',
)
def test_some_late_networks_converge_after_roughly_100_epochs(measure):
    _, late = pair(25, "adam", 0.1, "batch")
    assert Among(measure, "converged").rate(late, AFTER_50_TO_200) > 0.05


@claim(
    "Adam, 0.1, batch, depth 25: most late networks that converge do so within 100 epochs",
    id="C15-quickly",
    **THESIS("after-roughly-100"),
    reading='"quickly"',
)
def test_most_late_networks_converge_within_100_epochs(measure):
    _, late = pair(25, "adam", 0.1, "batch")
    assert Among(measure, "converged").median(late, "converged_at") < 100


@claim(
    "Adam, 0.1, batch, depth 25: late networks that converge do so after roughly 100 epochs",
    id="C15-epochs",
    source="ours",
    reading="whether the network of Figure 4.17 is typical: the median is within a factor of two of 100",
    refuted="they are faster: the median is about 37 epochs",
)
def test_late_networks_converge_after_roughly_100_epochs(measure):
    _, late = pair(25, "adam", 0.1, "batch")
    epochs = Among(measure, "converged").median(late, "converged_at")
    assert (epochs > 50) & (epochs < 200)


@claim(
    "Adam, batch, depth 25: late networks that converge do so sooner at 0.1 than at 0.01",
    id="C15-speed",
    **THESIS("speed-by-rate"),
    reading="median epochs to converge",
)
def test_a_higher_rate_is_faster(measure):
    high, low = cell("late", 25, "adam", 0.1, "batch"), cell("late", 25, "adam", 0.01, "batch")
    converged = Among(measure, "converged")
    assert converged.median(high, "converged_at") < converged.median(low, "converged_at")


@claim(
    "SGD, 0.1: ten runs of late networks are likely to hold a convergence, at every depth and style",
    id="C16",
    **THESIS("once-at-all-depths"),
    reading="the chance of at least one in ten exceeds 1/2",
)
@style
@depth
def test_late_networks_converge_at_least_once(measure, depth, style):
    _, late = pair(depth, "sgd", 0.1, style)
    assert at_least_once_in_ten(measure.rate(late, "converged")) > 0.5


@claim(
    "SGD, 0.1, batch, depth 25: most plain networks have a dead layer",
    id="C18-dead",
    **THESIS("side-effect-of-dead"),
    reading="converged or not; a plain network with a dead layer cannot learn (B4)",
)
def test_most_plain_networks_have_a_dead_layer(measure):
    plain, _ = pair(25, "sgd", 0.1, "batch")
    assert measure.rate(plain, "any_dead_layer") > 0.5


@claim(
    "SGD, batch, depth 25: late networks that converge do so sooner at 0.1 than at 0.01",
    id="C18-speed",
    **THESIS("quickly-due-to-rate"),
    reading="median epochs to converge",
)
def test_a_higher_rate_is_faster_with_sgd(measure):
    high, low = cell("late", 25, "sgd", 0.1, "batch"), cell("late", 25, "sgd", 0.01, "batch")
    converged = Among(measure, "converged")
    assert converged.median(high, "converged_at") < converged.median(low, "converged_at")


@claim(
    "Batch, depth 25: once converged, the loss of most late networks hardly changes any more",
    id="C17-settled",
    **THESIS("lack-of-oscillation"),
    reading="median over converged late networks of the mean absolute change from epoch to epoch: below a tenth of the "
    "convergence threshold",
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_loss_settles_once_converged(measure, optimizer):
    _, late = pair(25, optimizer, 0.1, "batch")
    assert Among(measure, "converged").median(late, "oscillation") < CONVERGED_RMSE / 10


@claim(
    "Batch, depth 25: once converged, the loss oscillates more at 0.1 than at 0.01",
    id="C17-susceptible",
    **THESIS("higher-rate-oscillates"),
    reading="median over converged late networks of the mean absolute change of the loss from epoch to epoch",
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_high_rate_oscillates_more(measure, optimizer):
    high, low = cell("late", 25, optimizer, 0.1, "batch"), cell("late", 25, optimizer, 0.01, "batch")
    converged = Among(measure, "converged")
    assert converged.median(high, "oscillation") > converged.median(low, "oscillation")


@claim(
    "Batch, depth 25: once converged, the loss oscillates no more at 0.1 than at 0.01",
    id="C17",
    source="ours",
    reading="median over converged late networks of the mean absolute change of the loss from epoch to epoch",
    refuted="it oscillates two to three times as much: about 8e-4 against 3e-4 with Adam, 7e-5 against 3e-5 with SGD",
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_high_rate_does_not_oscillate(measure, optimizer):
    high, low = cell("late", 25, optimizer, 0.1, "batch"), cell("late", 25, optimizer, 0.01, "batch")
    converged = Among(measure, "converged")
    assert converged.median(high, "oscillation") <= converged.median(low, "oscillation")


@claim(
    "SGD: late networks converge more often at 0.1 than at 0.001",
    id="C18",
    **THESIS("higher-rate-breaks-out"),
)
@style
@depth
def test_a_higher_rate_helps_sgd(measure, depth, style):
    high, low = cell("late", depth, "sgd", 0.1, style), cell("late", depth, "sgd", 0.001, style)
    assert measure.rate(high, "converged") > measure.rate(low, "converged")
