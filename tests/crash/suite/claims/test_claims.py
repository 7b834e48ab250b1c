"""Claims that look at several blocks of several populations, and end in all three ways."""

import pytest
from coins import Coin

from lrn.claims import Experiment, claim


@claim("Late networks end with a smaller error", id="K1")
@pytest.mark.parametrize("depth", [6, 8, 10])
def test_smaller_error(measure, depth):
    late = Experiment(depth=depth, epochs=500)
    assert measure.paired_rate(late.replace(connection="plain"), late, "loss") > 0.5


@claim("Networks lose no neuron", id="K2", refuted="they do")
@pytest.mark.parametrize("depth", [6, 10])
def test_no_dead_neuron(measure, depth):
    assert measure.mean(Experiment(depth=depth, epochs=500), "dead_neurons") < 0.1


@claim("Heads are as many as tails", id="K3", inconclusive="they are")
def test_heads(measure):
    assert measure.rate(Coin(), "heads") > 0.5
