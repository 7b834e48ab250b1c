"""The abstract: why late connections are said to help."""

import pytest

from claims.thesis.grid import DEPTHS, pair
from claims.thesis.start import LARGER_GRADIENT_CONVERGED, ONE_OF_TWO_CONVERGED, Start
from lrn.claims import claim

GRADIENT_FLOW = (
    "These residual connections improve convergence for neural networks by allowing more gradient flow to the hidden "
    "layers of a network"
)


@claim(
    "Before training, the first layer of a late network has a larger gradient than that of a plain one of the same seed",
    id="A1",
    source="thesis, abstract",
    quote=GRADIENT_FLOW,
    reading="norm of the gradient of the first layer's weights, hidden weights being equal; in more than half of the seeds",
)
@pytest.mark.parametrize("depth", DEPTHS)
def test_late_connections_let_more_gradient_through(measure, depth):
    plain, late = (Start(e) for e in pair(depth, "adam", 0.01, "batch"))
    assert measure.paired_rate(late, plain, "first_layer_gradient") > 0.5


@claim(
    "Adam, 0.01, batch: of two networks, one of which converges, it is the one with more gradient in its first layer at "
    "the start",
    id="A1-converge",
    source="thesis, abstract",
    quote=GRADIENT_FLOW,
    reading="norm of the gradient of the first layer's weights before training; in more than half of all such pairs, "
    "where the connection converges at all",
)
@pytest.mark.parametrize(
    ("connection", "depth"), [*[("late", d) for d in (2, 5, 10, 30)], *[("plain", d) for d in (2, 5, 10)]]
)
def test_more_gradient_goes_with_converging(measure, connection, depth):
    plain, late = pair(depth, "adam", 0.01, "batch")
    cell = late if connection == "late" else plain
    assert measure.rate(cell, LARGER_GRADIENT_CONVERGED, given=ONE_OF_TWO_CONVERGED) > 0.5
