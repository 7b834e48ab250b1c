"""Chapter 3: what the thesis expects of data, learning rates, optimizers and training styles."""

from itertools import pairwise

import pytest

from claims.thesis.grid import CONNECTIONS, STYLES, pair
from lrn.claims import claim, every
from lrn.metrics import Metric

refuted = pytest.mark.refuted

NOT_BY_3000 = Metric(
    "not converged for good by epoch 3000", lambda runs: (runs.converged_at < 0) | (runs.converged_at > 3000)
)


def cell(connection, depth, optimizer, lr, style):
    return dict(zip(CONNECTIONS, pair(depth, optimizer, lr, style), strict=True))[connection]


@claim(
    "Adam, 0.01, batch: the deeper a plain network, the likelier training ends in a constant function",
    id="A2",
    source="thesis §3.1, after Lu et al. (2020)",
    quote="the resulting network probabilistically approaches a constant function",
    reading="the rate of networks with one and the same output on all samples rises from depth 2 to 5 to 10, and "
    "exceeds 95 % at depth 30",
)
def test_plain_networks_approach_a_constant(measure):
    two, five, ten, thirty = (measure.rate(cell("plain", d, "adam", 0.01, "batch"), "constant") for d in (2, 5, 10, 30))
    assert (two < five) & (five < ten) & (thirty > 0.95)


@claim(
    "Depth 10: a learning rate of 0.1 leaves more neurons dead than 0.01",
    id="A3",
    source="thesis §3.4",
    quote="A high learning rate can kill a neuron",
    reading="of the seeds where the number differs, more have more dead neurons at 0.1",
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_a_high_rate_kills_neurons(measure, optimizer, style, connection):
    high, low = (cell(connection, 10, optimizer, lr, style) for lr in (0.1, 0.01))
    more = measure.paired_rate(high, low, "dead_neurons")
    assert more > measure.paired_rate(low, high, "dead_neurons")


@claim(
    "Most networks that have not converged by epoch 3,000 have not by epoch 30,000",
    id="A4",
    source="thesis §3.4",
    quote="regardless of the number of epochs, a network would likely not fully converge if, during training, the "
    "local optimum was encountered",
    reading="fewer than half of them, batch training at 0.01",
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize(("connection", "depth"), [("plain", 5), ("plain", 10), ("late", 10), ("late", 30)])
def test_more_epochs_do_not_help(measure, optimizer, connection, depth):
    long = cell(connection, depth, optimizer, 0.01, "batch").replace(epochs=30_000)
    assert measure.rate(long, "converged", given=NOT_BY_3000) < 0.5


@claim(
    "Late networks of depth 10 that converge do so in fewer epochs with Adam than with SGD",
    id="A5",
    source="thesis §3.5",
    quote="ability to converge faster than most optimizers",
    reading="median epochs to converge",
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
    adam, sgd = (cell("late", 10, optimizer, lr, style) for optimizer in ("adam", "sgd"))
    epochs = measure.median(adam, "converged_at", given="converged")
    assert epochs < measure.median(sgd, "converged_at", given="converged")


@claim(
    "0.01, depth 10: the trained-on loss spikes more in iterative than in batch training",
    id="A6-spikes",
    source="thesis §3.6",
    quote="the loss for a network utilizing iterative training could spike",
    reading="mean share of epochs whose trained-on loss rises by more than the convergence threshold, 0.07",
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_iterative_training_spikes(measure, optimizer, connection):
    iterative, batch = (cell(connection, 10, optimizer, 0.01, style) for style in STYLES)
    assert measure.mean(iterative, "spikes") > measure.mean(batch, "spikes")


@claim(
    "0.01, depth 10: batch training leaves fewer neurons dead than iterative training",
    id="A6-dead",
    source="thesis §3.6",
    quote="batch training causes a less drastic change to the weights, potentially lessening the number of dead neurons",
    reading="of the seeds where the number differs, more have fewer dead neurons after batch training",
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_batch_training_kills_fewer_neurons(measure, optimizer, connection):
    iterative, batch = (cell(connection, 10, optimizer, 0.01, style) for style in STYLES)
    fewer = measure.paired_rate(iterative, batch, "dead_neurons")
    assert fewer > measure.paired_rate(batch, iterative, "dead_neurons")


@claim(
    "Adam, 0.01, batch: the deeper a network, the larger the share of its neurons that is dead",
    id="A8-depth",
    source="thesis §2.2, after Arnekvist et al. (2020)",
    quote="the dead ReLU problem can be aggravated for deeper models",
    reading="mean dead fraction over all networks rises from depth 2 to 5 to 10 to 30",
)
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_depth_kills_neurons(measure, connection):
    dead = [measure.mean(cell(connection, d, "adam", 0.01, "batch"), "dead_fraction") for d in (2, 5, 10, 30)]
    assert every(shallow < deep for shallow, deep in pairwise(dead))
