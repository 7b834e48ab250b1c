"""The abstract: why late connections are said to help."""

import pytest

from claims.thesis.grid import DEPTHS, pair
from claims.thesis.start import Start
from lrn.claims import claim


@claim(
    "Before training, the first layer of a late network has a larger gradient than that of a plain one of the same seed",
    id="A1",
    source="thesis, abstract",
    quote="These residual connections improve convergence for neural networks by allowing more gradient flow to the "
    "hidden layers of a network",
    reading="norm of the gradient of the first layer's weights, hidden weights being equal; in more than half of the seeds",
)
@pytest.mark.parametrize("depth", DEPTHS)
def test_late_connections_let_more_gradient_through(measure, depth):
    plain, late = (Start(e) for e in pair(depth, "adam", 0.01, "batch"))
    assert measure.paired_rate(late, plain, "first_layer_gradient") > 0.5
