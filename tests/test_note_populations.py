"""The populations of the note's claims agree with the library's results for one network at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from claims.note.flows import Flows
from claims.note.stacks import Regions, Shaken, Starts, draw, loss_gradient, pieces, slopes
from claims.note.trained import Lines
from lrn import Experiment, network
from lrn.data import absolute_value
from lrn.gradients import input_gradient, linear_regions
from lrn.nets import LateResidualNet, PlainNet, ResidualNet

KINDS = {"plain": PlainNet, "residual": ResidualNet, "late": LateResidualNet}
SEEDS = range(3, 9)


def module(weights, connection, s):
    """Network s of a stack as an ordinary module; its output has no bias."""
    width = len(weights.hidden[0][1][s])
    net = KINDS[connection](1, [width] * len(weights.hidden), 1).double()
    with torch.no_grad():
        for layer, (a, b) in zip(net.hidden, weights.hidden, strict=True):
            layer.weight.copy_(torch.as_tensor(a[s]))
            layer.bias.copy_(torch.as_tensor(b[s]))
        net.output.weight.copy_(torch.as_tensor(weights.output[s])[None])
        net.output.bias.zero_()
    return net


@pytest.mark.parametrize("connection", KINDS)
@pytest.mark.parametrize(("depth", "width"), [(1, 4), (4, 3), (7, 6)])
def test_slopes_pieces_and_gradients_are_those_of_the_library(connection, depth, width):
    weights = draw(SEEDS, depth, width, connection)
    computed = slopes(weights, connection, np.linspace(-2, 2, 33)), pieces(weights, connection, -2.0, 2.0)
    gradients = loss_gradient(weights, connection)
    data = absolute_value()
    for s in range(len(SEEDS)):
        net = module(weights, connection, s)
        assert computed[0][s] == pytest.approx(input_gradient(net, -2.0, 2.0, 33).slopes, rel=1e-9, abs=1e-12)
        assert computed[1][s] == linear_regions(net, -2.0, 2.0).pieces
        loss = nn.functional.mse_loss(net(torch.as_tensor(data.x_standardised)), torch.as_tensor(data.t_standardised))
        parameters = dict(net.named_parameters())
        del parameters["output.bias"]
        expected = map(torch.flatten, torch.autograd.grad(loss, tuple(parameters.values())))
        assert gradients[s] == pytest.approx(torch.cat(tuple(expected)).numpy(), rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("connection", ["plain", "late"])
def test_lines_are_those_of_the_trained_network(connection, trained):
    experiment = Experiment(depth=3, connection=connection, epochs=40)
    lines = Lines(experiment, trained).sample(range(4))
    x = experiment.data.x_standardised
    for seed in range(4):
        net = network(experiment, seed, trained=trained).double()
        assert lines["pieces"][seed] == linear_regions(net, x.min(), x.max()).pieces


@pytest.mark.parametrize(
    "population",
    [Starts("plain", 3, 4), Starts("late", 3, 4), Regions("residual", 3, 4), Shaken("residual", 3, 1e-3, 4), Flows()],
    ids=lambda p: p.label,
)
def test_a_network_does_not_depend_on_its_neighbours(population):
    whole, part = population.sample(range(70)), population.sample(range(66, 70))
    for name, values in whole.items():
        assert values.shape == (70,)
        assert np.array_equal(values[66:], part[name]), name


def test_networks_of_one_seed_share_their_hidden_layers():
    plain, late = draw(SEEDS, 3, 4, "plain"), draw(SEEDS, 3, 4, "late")
    assert len(plain.hidden) == 3
    np.testing.assert_equal(late.hidden, plain.hidden)
