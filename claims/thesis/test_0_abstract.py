"""The abstract: why late connections are said to help."""

from itertools import product

import pytest

from claims.documents import README, THESIS
from claims.quantities import Among
from claims.thesis.grid import DEPTHS, cell, pair
from claims.thesis.start import LARGER_GRADIENT_CONVERGED, ONE_OF_TWO_CONVERGED, Start
from lrn.claims import claim


@claim(
    "Before training, the first layer of a late network has a larger gradient than that of a plain one of the same seed",
    id="A1",
    **THESIS("gradient-flow"),
    reading="norm of the gradient of the first layer's weights, hidden weights being equal; in more than half of the seeds",
)
@pytest.mark.parametrize("depth", DEPTHS)
def test_late_connections_let_more_gradient_through(measure, depth):
    plain, late = map(Start, pair(depth, "adam", 0.01, "batch"))
    assert measure.paired_rate(late, plain, "first_layer_gradient") > 0.5


@claim(
    "Before training, some gradient reaches a larger share of the neurons of a late network than of a plain one",
    id="A1-reached",
    **THESIS("gradient-flow", "more-flow-to-a-neuron"),
    reading="hidden neurons whose weights have a gradient other than zero, hidden weights being equal; of the seeds where "
    "the share differs, more have a larger one late",
)
@pytest.mark.parametrize("depth", DEPTHS)
def test_more_neurons_are_reached_by_a_gradient(measure, depth):
    plain, late = map(Start, pair(depth, "adam", 0.01, "batch"))
    assert measure.paired_rate(late, plain, "reached") > measure.paired_rate(plain, late, "reached")


@claim(
    "Depth 10, before training: each layer of a late network has a larger gradient than that of a plain one",
    id="A1-layers",
    **README("each-neuron"),
    reading="norm of the gradient of the layer's weights, hidden weights being equal; of the seeds where it differs, more "
    "have a larger one late; in the ninth layer they hardly differ",
)
@pytest.mark.parametrize(
    "layer",
    [
        *range(1, 9),
        pytest.param(10, marks=pytest.mark.refuted("larger in about 8 % of seeds, smaller in about 48 %")),
    ],
)
def test_each_layer_has_more_gradient(measure, layer):
    plain, late = map(Start, pair(10, "adam", 0.01, "batch"))
    gradient = f"gradient of layer {layer}"
    assert measure.paired_rate(late, plain, gradient) > measure.paired_rate(plain, late, gradient)


@claim(
    "Adam, 0.01, batch: of two networks, one of which converges, it is the one with more gradient in its first layer at "
    "the start",
    id="A1-converge",
    **THESIS("gradient-flow"),
    reading="norm of the gradient of the first layer's weights before training; in more than half of all such pairs, "
    "where the connection converges at all",
)
@pytest.mark.parametrize(("connection", "depth"), [*product(["late"], (2, 5, 10, 30)), *product(["plain"], (2, 5, 10))])
def test_more_gradient_goes_with_converging(measure, connection, depth):
    networks = cell(connection, depth, "adam", 0.01, "batch")
    assert Among(measure, ONE_OF_TWO_CONVERGED).rate(networks, LARGER_GRADIENT_CONVERGED) > 0.5
