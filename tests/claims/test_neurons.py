"""What becomes of neurons, told one network and one neuron at a time."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from claims.thesis.ends import AT_REST, FAILED, OSCILLATING
from claims.thesis.grid import pair
from claims.thesis.neurons import CONTRIBUTING, CONVERGED_OVER_HALF_DEAD, KILLED, KILLS, NEEDED, REVIVED, contributing
from lrn import network, train

SEEDS = range(24)


def outputs(net, x, scaled=None):
    """The outputs of a plain or late network, with one hidden neuron's signal scaled a little."""
    h, layers = x, []
    for d, layer in enumerate(net.hidden):
        h = torch.relu(layer(h))
        if scaled is not None and scaled[0] == d:
            h = h * torch.where(torch.arange(h.shape[1]) == scaled[1], 1 + 1e-6, 1.0)
        layers.append(h)
    late = net.output.in_features > h.shape[1]
    return net.output(torch.cat(layers, dim=1) if late else h)[:, 0]


def reaches(net, x, neuron):
    """Whether scaling a neuron changes how the output differs between samples."""
    with torch.no_grad():
        before, after = outputs(net, x), outputs(net, x, neuron)
    return bool(((after - after[0]) - (before - before[0])).abs().max() > 1e-12)


@pytest.mark.parametrize("connection", [0, 1])
@pytest.mark.parametrize(("width", "depth"), [(2, 4), (4, 3)])
def test_neurons_that_contribute_are_those_that_the_output_depends_on(connection, width, depth):
    experiment = pair(depth, "adam", 0.01, "batch", width=width)[connection].replace(dtype="float64", epochs=300)
    x = torch.as_tensor(experiment.data.x_standardised)
    expected = []
    for seed in SEEDS:
        net = network(experiment, seed)
        expected.append(sum(reaches(net, x, neuron) for neuron in product(range(depth), range(width))))
    runs = train(experiment, SEEDS)
    counted = contributing(runs)
    if experiment.connection == "late":
        assert counted.tolist() == expected
    else:  # a neuron may be cut off where the next layer listens, which is not counted in plain networks' disfavour
        assert (counted >= expected).all()
        assert (counted == expected).mean() > 0.75
        assert ((counted == 0) == (np.array(expected) == 0)).all()
    assert CONTRIBUTING.function(runs) == pytest.approx(counted / experiment.neurons)
    assert len(set(expected)) > 2, "too much alike to show it"


def test_killed_and_revived_add_up_to_the_change():
    experiment = pair(5, "adam", 0.1, "batch")[1]
    runs = train(experiment, range(64))
    x = torch.as_tensor(experiment.data.x_standardised).float()
    born = np.zeros((64, 5, 2), bool)
    for seed in range(64):
        layer_outputs = torch.stack(tuple(network(experiment, seed, trained=False).layer_outputs(x)))  # (D, N, W)
        born[seed] = (layer_outputs == 0).all(dim=1)
    killed, revived = ((runs.dead & ~born).mean(axis=(1, 2)), (~runs.dead & born).mean(axis=(1, 2)))
    assert KILLED.function(runs) == pytest.approx(killed)
    assert REVIVED.function(runs) == pytest.approx(revived)
    assert (KILLS.function(runs) == (killed > 0)).all()
    assert 0 < KILLS.function(runs).sum() < 64


def test_counts_of_converged_networks():
    runs = train(pair(5, "adam", 0.1, "batch")[1], range(64))
    both = runs.converged & (runs.dead_neurons > 5)
    assert CONVERGED_OVER_HALF_DEAD.function(runs).tolist() == both.tolist()
    assert 0 < both.sum() < runs.converged.sum()
    assert NEEDED.bounds is not None
    assert NEEDED.bounds(runs.experiment) == (0.0, 10.0)


def ended(*tail):
    """Runs whose losses end as told, after a long rest at 1."""
    runs = train(pair(2, "sgd", 0.01, "batch")[0], range(1), trace=True)
    trace = np.ones((len(tail), 3000))
    for row, values in zip(trace, tail, strict=True):
        row[-len(values) :] = values
    runs = runs.select(np.zeros(len(tail), int))
    object.__setattr__(runs, "trace", trace)
    return runs


def test_ends_are_told_apart():
    slow = np.linspace(1, 0.9, 300)
    wave = 1 + 0.01 * np.sin(np.arange(300))
    runs = ended([1.0], slow, wave, [1.0, 1.006], [1.0, 1.008], [1.0, np.inf], [1.0, np.nan])
    assert AT_REST.function(runs).tolist() == [True, False, False, True, False, False, False]
    assert OSCILLATING.function(runs).tolist() == [False, False, True, False, True, True, True]
    assert FAILED.function(runs).all() == (~runs.converged).all()
