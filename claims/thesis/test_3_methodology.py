"""Chapter 3: the thesis's expectations of data, learning rates, optimizers and training styles."""

from itertools import product

import pytest

from claims.documents import THESIS
from claims.quantities import Among, rising
from claims.thesis.arranged import switches
from claims.thesis.ends import AT_REST, FAILED, OSCILLATING
from claims.thesis.grid import CONNECTIONS, DEPTHS, STYLES, cell
from claims.thesis.neurons import KILLS
from lrn.claims import claim
from lrn.experiment.metrics import Metric

refuted = pytest.mark.refuted

NOT_BY_3000 = Metric(
    "not converged for good by epoch 3000", lambda runs: (runs.converged_at < 0) | (runs.converged_at > 3000)
)


@claim(
    "Adam, 0.01, batch: the deeper a plain network, the likelier training ends in a constant function",
    id="A2",
    **THESIS("approaches-constant"),
    reading="the rate of networks with one and the same output on all samples rises from depth 2 to 5 to 10, and "
    "exceeds 95 % at depth 30",
)
def test_plain_networks_approach_a_constant(measure):
    constant = [measure.rate(cell("plain", d, "adam", 0.01, "batch"), "constant") for d in (2, 5, 10, 30)]
    two, five, ten, thirty = constant
    assert (two < five) & (five < ten) & (thirty > 0.95)


@claim(
    "Depth 10: training at a learning rate of 0.1 can kill neurons",
    id="A3-can",
    **THESIS("high-rate-kills", "spike-kills"),
    reading='"can": there are networks in which a neuron lives before training and is dead after it',
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_a_high_rate_can_kill_a_neuron(measure, optimizer, style, connection):
    assert measure.rate(cell(connection, 10, optimizer, 0.1, style), KILLS) > 0


@claim(
    "Depth 10: a learning rate of 0.1 leaves more neurons dead than 0.01",
    id="A3",
    **THESIS("high-rate-kills"),
    reading="of the seeds where the number differs, more have more dead neurons at 0.1",
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_a_high_rate_kills_neurons(measure, optimizer, style, connection):
    high, low = cell(connection, 10, optimizer, 0.1, style), cell(connection, 10, optimizer, 0.01, style)
    more = measure.paired_rate(high, low, "dead_neurons")
    assert more > measure.paired_rate(low, high, "dead_neurons")


@claim(
    "Most networks that have not converged by epoch 3,000 have not by epoch 30,000",
    id="A4",
    **THESIS("regardless-of-epochs"),
    reading="fewer than half of them, batch training at 0.01",
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize(("connection", "depth"), [("plain", 5), ("plain", 10), ("late", 10), ("late", 30)])
def test_more_epochs_do_not_help(measure, optimizer, connection, depth):
    long = cell(connection, depth, optimizer, 0.01, "batch").replace(epochs=30_000)
    assert Among(measure, NOT_BY_3000).rate(long) < 0.5


@claim(
    "Depth 10, batch: the loss of most networks that fail is at rest",
    id="A9-rest",
    **THESIS("may-have-optimum", "sgd-stuck", "low-late-convergence"),
    reading="a local optimum: over the last 300 epochs it changes by less than a tenth of the convergence threshold",
)
@pytest.mark.parametrize("lr", [0.01, 0.001, 0.1])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_most_networks_that_fail_are_at_rest(measure, connection, optimizer, lr):
    assert Among(measure, FAILED).rate(cell(connection, 10, optimizer, lr, "batch"), AT_REST) > 0.5


@claim(
    "Depth 10, batch: most networks that fail are constant functions",
    id="A9-constant",
    source="ours",
    reading="one and the same output on all samples; what kind of local optimum it is",
)
@pytest.mark.parametrize(
    "connection", ["plain", pytest.param("late", marks=refuted("about 9 % of late networks that fail are constant"))]
)
def test_networks_that_fail_are_constant(measure, connection):
    assert Among(measure, FAILED).rate(cell(connection, 10, "adam", 0.01, "batch"), "constant") > 0.5


@claim(
    "SGD, 0.1, batch, depth 2: some networks that fail oscillate to the end",
    id="A9-valley",
    **THESIS("may-oscillate"),
    reading='a valley: the loss rises by more than a tenth of the convergence threshold in one of the last 300 epochs; "may": '
    "in more than 1 % of the networks that fail",
)
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_some_networks_that_fail_oscillate(measure, connection):
    assert Among(measure, FAILED).rate(cell(connection, 2, "sgd", 0.1, "batch"), OSCILLATING) > 0.01


@claim(
    "SGD, 0.001, depth 10: some networks that fail oscillate to the end",
    id="A9-oscillates",
    **THESIS("sgd-oscillating"),
    reading="a valley: the trained-on loss rises by more than a tenth of the convergence threshold in one of the last 300 "
    "epochs, in more than 1 % of the networks that fail",
)
@pytest.mark.parametrize("connection", CONNECTIONS)
@pytest.mark.parametrize(
    "style", ["iterative", pytest.param("batch", marks=refuted("in none: the loss of batch training falls to the end"))]
)
def test_some_networks_that_fail_oscillate_at_a_low_rate(measure, connection, style):
    assert Among(measure, FAILED).rate(cell(connection, 10, "sgd", 0.001, style), OSCILLATING) > 0.01


@claim(
    "SGD, 0.001, batch: of the networks that fail fewer than half converge when given ten times the epochs",
    id="A9-sgd",
    **THESIS("optimum-is-the-cause"),
    reading="mean over the seven depths and both connections",
)
def test_more_epochs_rescue_fewer_than_half(measure):
    failed, rates = Among(measure, NOT_BY_3000), []
    for depth, connection in product(DEPTHS, CONNECTIONS):
        rates.append(failed.rate(cell(connection, depth, "sgd", 0.001, "batch").replace(epochs=30_000)))
    assert sum(rates) / len(rates) < 0.5


@claim(
    "SGD, 0.001, batch: of the late networks that fail more than a third converge when given ten times the epochs",
    id="A9-late-time",
    source="ours",
    reading="so that for many of them 3,000 epochs are too few, and no local optimum is the cause",
)
@pytest.mark.parametrize("depth", [2, 10, 30])
def test_more_epochs_rescue_many_late_networks(measure, depth):
    long = cell("late", depth, "sgd", 0.001, "batch").replace(epochs=30_000)
    assert Among(measure, NOT_BY_3000).rate(long) > 1 / 3


@claim(
    "Late networks of depth 10 that converge do so in fewer epochs with Adam than with SGD",
    id="A5",
    source="ours",
    reading="median epochs to converge; §3.5 cites Adam's speed of optimizers in general",
)
@pytest.mark.parametrize(
    ("lr", "style"),
    [
        (0.001, "batch"),
        (0.01, "batch"),
        (0.1, "batch"),
        pytest.param(0.01, "iterative", marks=refuted("slower: a median of about 2100 epochs against 850")),
    ],
)
def test_adam_converges_faster(measure, lr, style):
    adam, sgd = cell("late", 10, "adam", lr, style), cell("late", 10, "sgd", lr, style)
    converged = Among(measure, "converged")
    assert converged.median(adam, "converged_at") < converged.median(sgd, "converged_at")


@claim(
    "The inputs of Table 3.1, in their order, switch between negative and positive more than once each way",
    id="A6-switch",
    **THESIS("randomly-switch"),
    reading="exact, from one sample to the next, round and round",
    exact=True,
)
def test_inputs_switch_sign():
    assert switches("as drawn") > 2


@claim(
    "0.01, depth 10: the trained-on loss spikes more in iterative than in batch training",
    id="A6-spikes",
    **THESIS("could-spike"),
    reading="mean share of epochs whose trained-on loss rises by more than the convergence threshold, 0.07",
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_iterative_training_spikes(measure, optimizer, connection):
    iterative = cell(connection, 10, optimizer, 0.01, "iterative")
    batch = cell(connection, 10, optimizer, 0.01, "batch")
    assert measure.mean(iterative, "spikes") > measure.mean(batch, "spikes")


@claim(
    "0.01, depth 10: batch training leaves fewer neurons dead than iterative training",
    id="A6-dead",
    **THESIS("batch-kills-less"),
    reading="of the seeds where the number differs, more have fewer dead neurons after batch training",
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_batch_training_kills_fewer_neurons(measure, optimizer, connection):
    iterative = cell(connection, 10, optimizer, 0.01, "iterative")
    batch = cell(connection, 10, optimizer, 0.01, "batch")
    fewer = measure.paired_rate(iterative, batch, "dead_neurons")
    assert fewer > measure.paired_rate(batch, iterative, "dead_neurons")


@claim(
    "Adam, 0.01, batch: the deeper a network, the larger the share of its neurons that is dead",
    id="A8-depth",
    **THESIS("aggravated"),
    reading="mean dead fraction over all networks rises from depth 2 to 5 to 10 to 30",
)
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_depth_kills_neurons(measure, connection):
    dead = [measure.mean(cell(connection, d, "adam", 0.01, "batch"), "dead_fraction") for d in (2, 5, 10, 30)]
    assert rising(dead)
