"""The metrics of untrained networks agree with the networks as torch modules."""

import numpy as np
import pytest
import torch

from claims.ours.starts import (
    BORN_DEAD,
    DEAD_FROM_THE_START,
    KILLED,
    Do,
    born_dead,
    both_sides,
    hidden_layers,
    layer_outputs,
    one_side,
    with_dead_layer,
)
from claims.thesis.start import LARGER_GRADIENT_CONVERGED, ONE_OF_TWO_CONVERGED, first_layer_gradients
from lrn import Experiment, network, train
from lrn.experiment import initial_parameters

SEEDS = np.arange(40, dtype=np.uint64)
CELLS = [
    Experiment(depth=1, width=1, connection="late", epochs=20, dtype="float64"),
    Experiment(depth=3, width=2, connection="plain", epochs=20, dtype="float64"),
    Experiment(depth=4, width=3, connection="late", epochs=20, dtype="float64"),
]
cells = pytest.mark.parametrize("e", CELLS, ids=lambda e: e.label)


def changed(do):
    parameters = initial_parameters(do.experiment, SEEDS)
    do.change(do.experiment, parameters)
    return parameters


@cells
def test_layer_outputs_are_those_of_the_module(e):
    outputs = layer_outputs(e, initial_parameters(e, SEEDS))
    for seed in SEEDS[:5]:
        expected = network(e, seed, trained=False).layer_outputs(torch.as_tensor(e.data.x_standardised))
        assert np.allclose(outputs[seed], torch.stack(expected).detach(), rtol=0, atol=1e-14)


@cells
def test_born_dead_is_dead_in_the_untrained_module(e):
    dead = born_dead(train(e, SEEDS))
    assert dead.shape == (len(SEEDS), e.depth, e.width)
    for seed in SEEDS:
        outputs = network(e, seed, trained=False).layer_outputs(torch.as_tensor(e.data.x_standardised))
        assert (dead[seed] == (torch.stack(outputs) == 0).all(dim=1).numpy()).all()


def test_dead_neurons_were_born_dead_or_killed():
    runs = train(Experiment(depth=5, lr=0.1, style="iterative"), SEEDS)
    from_the_start, killed = DEAD_FROM_THE_START.function(runs), KILLED.function(runs)
    assert np.allclose(from_the_start + killed, runs.dead.mean(axis=(1, 2)))
    assert from_the_start.any()
    assert killed.any()
    assert (BORN_DEAD.function(runs) >= 10 * from_the_start - 1e-9).all()


def test_a_layer_is_dead_where_it_was_killed_and_nowhere_else_changed():
    e = CELLS[2]
    before, after = initial_parameters(e, SEEDS), changed(with_dead_layer(e, 2))
    outputs = layer_outputs(e, after)
    assert (outputs[:, 1] == 0).all()
    assert (outputs[:, 0] == layer_outputs(e, before)[:, 0]).all()
    assert ((before != after).sum(axis=1) == e.width).all()


@pytest.mark.parametrize("width", [2, 3])
def test_a_first_layer_to_both_sides_speaks_on_every_sample_and_to_one_side_does_not(width):
    e = Experiment(depth=3, width=width)
    both = layer_outputs(e, changed(both_sides(e)))[:, 0]
    one = layer_outputs(e, changed(one_side(e)))[:, 0]
    assert both.any(axis=2).all()
    assert not one.any(axis=2).all(axis=1).any()
    drawn, _ = hidden_layers(e, initial_parameters(e, SEEDS))[0]
    turned, _ = hidden_layers(e, changed(both_sides(e)))[0]
    assert (np.abs(drawn) == np.abs(turned)).all()


@cells
def test_an_intervention_that_changes_nothing_trains_the_same_networks(e):
    observed = Do(e, lambda e, parameters: None, "as drawn").sample(range(len(SEEDS)))
    assert (observed["rmse"] == train(e, SEEDS).rmse).all()


def test_each_pair_of_networks_counts_once_and_the_larger_gradient_wins():
    runs = train(Experiment(depth=2, epochs=1500), SEEDS)
    gradients = first_layer_gradients(runs.experiment, runs.seeds).reshape(-1, 2)
    converged = runs.converged.reshape(-1, 2)
    one_of_two = converged[:, 0] != converged[:, 1]
    gradients, converged = gradients[one_of_two], converged[one_of_two]
    expected = gradients[converged] > gradients[~converged]
    counted = ONE_OF_TWO_CONVERGED.function(runs)
    assert 0 < expected.sum() < len(expected)
    assert LARGER_GRADIENT_CONVERGED.function(runs)[counted].tolist() == expected.tolist()
