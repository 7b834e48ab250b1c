"""§5.2, future work: what late connections cost, wider layers, and how much of a network is needed."""

from itertools import product
from operator import itemgetter

import pytest

import lrn
from claims.counting import multiply_adds
from claims.documents import THESIS
from claims.quantities import Among
from claims.thesis.grid import cell, pair, published
from claims.thesis.neurons import NEEDED, needed
from lrn.claims import claim

# torch takes a second to load, and is imported by the tests that need it: a run where their verdicts stand does without.

WIDTHS = (2, 4, 8, 16, 32)


def cells():
    return [pair(depth, "adam", 0.01, "batch", width=width) for depth, width in product((2, 10, 30), WIDTHS)]


def weights(experiment):
    """Weights and biases of one network."""
    return sum(p.numel() for p in lrn.network(experiment, 0, trained=False).parameters())


def multiply_adds_a_sample(experiment, training):
    """Those of one epoch of batch training, or of one look at all samples, divided by the number of samples."""
    import torch

    net, x = lrn.network(experiment, 0, trained=False), torch.as_tensor(experiment.data.x_standardised).float()
    return multiply_adds(lambda: net(x).sum().backward() if training else net(x)) / len(x)


@claim(
    "Late connections add exactly W(D - 1) weights to D layers of W neurons, less than 1/W of what is there",
    id="D6-space",
    **THESIS("space-and-time"),
    reading="exact: one weight for each neuron of all but the last layer, counted at three depths and five widths",
    exact=True,
)
def test_late_connections_cost_a_weight_for_each_neuron():
    for plain, late in cells():
        fewer, more = weights(plain), weights(late)
        assert (fewer, more) == (plain.parameters, late.parameters)
        assert more - fewer == plain.width * (plain.depth - 1)
        assert (more - fewer) * plain.width < fewer


@claim(
    "Late connections add exactly W(D - 1) multiply-adds a sample to D layers of W neurons, three times that in training",
    id="D6-time",
    **THESIS("space-and-time"),
    reading="exact, as torch counts them: at width 2 it is up to half as much again, at width W up to 1/W more; "
    "times on a clock are for the benchmarks",
    exact=True,
)
def test_late_connections_cost_a_multiplication_for_each_neuron():
    for plain, late in cells():
        added = plain.width * (plain.depth - 1)
        forward = multiply_adds_a_sample(plain, training=False)
        assert multiply_adds_a_sample(late, training=False) - forward == added
        assert multiply_adds_a_sample(late, training=True) - multiply_adds_a_sample(plain, training=True) == 3 * added
        assert added * plain.width < forward


@claim(
    "Wherever the thesis gives both training times, late networks took longer",
    id="D6-published-time",
    **THESIS("space-and-time"),
    reading="exact, for every cell of the tables in which both connections converged",
    exact=True,
)
def test_late_networks_took_longer():
    cell = itemgetter("optimizer", "learning_rate", "training_style", "depth")
    seconds = {"plain": {}, "late": {}}
    for row in published():
        if row["mean_training_seconds"]:
            seconds[row["connection"]][cell(row)] = float(row["mean_training_seconds"])
    both = seconds["plain"].keys() & seconds["late"].keys()
    assert len(both) > 10, "too few cells have both times"
    assert all(seconds["late"][cell] > seconds["plain"][cell] for cell in both)


@claim(
    "Late networks converge more often at widths 8 to 32 too, where layers are many",
    id="D7-converge",
    **THESIS("wider-architectures"),
    reading="Adam, 0.01, batch",
)
@pytest.mark.parametrize(("width", "depth"), [(8, 10), (8, 30), (16, 30), (32, 30)])
def test_late_converges_more_often_in_wider_networks(measure, width, depth):
    plain, late = pair(depth, "adam", 0.01, "batch", width=width)
    assert measure.rate(late, "converged") > measure.rate(plain, "converged")


@claim(
    "Width 32: plain networks of up to 10 layers converge in most runs without late connections",
    id="D7-unneeded",
    source="ours",
    reading="Adam, 0.01, batch; more than half of the runs",
)
@pytest.mark.parametrize("depth", [5, 10])
def test_wide_plain_networks_converge_too(measure, depth):
    plain, _ = pair(depth, "adam", 0.01, "batch", width=32)
    assert measure.rate(plain, "converged") > 0.5


@claim(
    "Depth 10: late networks have fewer dead neurons than plain ones at widths 8 to 32",
    id="D7-dead",
    source="ours",
    reading="of the seeds where the number differs, more have fewer dead neurons late; all networks, converged or not; "
    "Adam, 0.01, batch",
    refuted="more, in about 75 % of the seeds at width 8, and in over 90 % at widths 16 and 32",
)
@pytest.mark.parametrize("width", [8, 16, 32])
def test_late_connections_keep_neurons_alive_in_wider_networks(measure, width):
    plain, late = pair(10, "adam", 0.01, "batch", width=width)
    fewer = measure.paired_rate(plain, late, "dead_neurons")
    assert fewer > measure.paired_rate(late, plain, "dead_neurons")


@claim(
    "Pruning a converged late network of depth 10 leaves its living neurons in front of the first dead layer, and its output",
    id="D7-prune",
    **THESIS("reduction-of-neurons"),
    reading="exact, for the converged ones of 24 trained networks",
    exact=True,
)
def test_pruning_leaves_the_needed_neurons_and_the_output():
    _, late = pair(10, "adam", 0.01, "batch")
    import torch

    late = late.replace(dtype="float64")
    runs, x = lrn.train(late, range(24)), torch.as_tensor(late.data.x_standardised)
    for seed, left in zip(runs.seeds[runs.converged], needed(runs)[runs.converged], strict=True):
        net = lrn.network(late, seed)
        small = lrn.prune(net, x)
        assert sum(small.widths) == left
        assert torch.allclose(small(x), net(x), rtol=0, atol=1e-12)


@claim(
    "A converged late network needs fewer than half of its neurons",
    id="D7-needed",
    **THESIS("reduction-of-neurons"),
    reading="mean of the neurons that pruning leaves, of converged networks; Adam, 0.01, batch, from depth 10",
)
@pytest.mark.parametrize("depth", [10, 15, 20, 25, 30])
def test_converged_networks_need_fewer_than_half_of_their_neurons(measure, depth):
    _, late = pair(depth, "adam", 0.01, "batch")
    assert Among(measure, "converged").mean(late, NEEDED) < late.neurons / 2


@claim(
    "A converged late network of depth 30 needs fewer than twice the neurons of one of depth 5",
    id="D7-needed-depth",
    **THESIS("reduction-of-neurons"),
    reading="mean of the neurons that pruning leaves, of converged networks; Adam, 0.01, batch; six times the neurons",
)
def test_needed_neurons_hardly_grow_with_depth(measure):
    converged = Among(measure, "converged")
    five = converged.mean(cell("late", 5, "adam", 0.01, "batch"), NEEDED)
    thirty = converged.mean(cell("late", 30, "adam", 0.01, "batch"), NEEDED)
    assert thirty < 2 * five
