"""The note's quotations of Murphy and of Goodfellow et al.: signals and gradients through many layers and many time steps."""

from __future__ import annotations

import pytest

from claims.documents import NOTE
from claims.note.signals import Recurrent, Signals
from lrn.claims import claim

SMALL, LARGE = 0.7, 2.8  # half and twice what keeps the signal through ReLU


@claim(
    "Small weights: the signal of a stack of ReLU layers shrinks exponentially with depth",
    id="G6-squashed",
    **NOTE("squashed"),
    reading="half the weights that would keep it: ten layers more make it at least a hundred times smaller, median of random "
    "networks",
)
@pytest.mark.parametrize(("shallow", "deep"), [(10, 20), (20, 30)])
def test_small_weights_squash_the_signal(measure, shallow, deep):
    less = measure.median(Signals("relu", SMALL, shallow), "signal")
    more = measure.median(Signals("relu", SMALL, deep), "signal")
    assert more < less - 2


@claim(
    "Large weights: the signal of a stack of ReLU layers grows exponentially with depth",
    id="G6-blown-up",
    **NOTE("squashed"),
    reading="twice the weights that would keep it: ten layers more make it at least a hundred times larger, median of random "
    "networks",
)
@pytest.mark.parametrize(("shallow", "deep"), [(10, 20), (20, 30)])
def test_large_weights_blow_up_the_signal(measure, shallow, deep):
    less = measure.median(Signals("relu", LARGE, shallow), "signal")
    more = measure.median(Signals("relu", LARGE, deep), "signal")
    assert more > less + 2


@claim(
    "Large weights: the signal of a stack of tanh layers does not grow with depth",
    id="G6-tanh",
    **NOTE("squashed"),
    reading="it depends on the nonlinearity: as large at depth 40 as at depth 10 within a factor of two, median",
)
def test_tanh_does_not_blow_up(measure):
    shallow = measure.median(Signals("tanh", LARGE, 10), "signal")
    deep = measure.median(Signals("tanh", LARGE, 40), "signal")
    assert abs(deep - shallow) < 0.3


@claim(
    "Gradients of a stack of ReLU layers shrink with small weights and grow with large ones, exponentially with depth",
    id="G6-gradients",
    **NOTE("plagued-gradients"),
    reading="ten layers more: at least a hundred times, median of random networks",
)
@pytest.mark.parametrize(("shallow", "deep"), [(10, 20), (20, 30)])
def test_gradients_shrink_or_grow(measure, shallow, deep):
    def growth(gain):
        at_deep = measure.median(Signals("relu", gain, deep), "gradient")
        return at_deep - measure.median(Signals("relu", gain, shallow), "gradient")

    small, large = growth(SMALL), growth(LARGE)
    assert (small < -2) & (large > 2)


@claim(
    "Small weights: the gradient of a recurrent network shrinks exponentially with the number of time steps",
    id="G7-vanish",
    **NOTE("time-steps"),
    reading="linear networks of gain 1/2: ten steps more make it at least a hundred times smaller, median",
)
@pytest.mark.parametrize(("few", "many"), [(10, 20), (20, 30)])
def test_gradients_vanish_with_time(measure, few, many):
    less, more = measure.median(Recurrent(0.5, few), "gradient"), measure.median(Recurrent(0.5, many), "gradient")
    assert more < less - 2


@claim(
    "Large weights: the gradient of a recurrent network grows exponentially with the number of time steps",
    id="G7-explode",
    **NOTE("time-steps"),
    reading="linear networks of gain 2: ten steps more make it at least a hundred times larger, median",
)
@pytest.mark.parametrize(("few", "many"), [(10, 20), (20, 30)])
def test_gradients_explode_with_time(measure, few, many):
    less, more = measure.median(Recurrent(2.0, few), "gradient"), measure.median(Recurrent(2.0, many), "gradient")
    assert more > less + 2


@claim(
    "With a second connection that reaches ten steps back, more gradient reaches the distant past",
    id="G7-delay",
    **NOTE("coarse-time", "time-delay"),
    reading="linear networks of gain 1/2, 40 steps: over a hundred times the gradient, median",
)
def test_delayed_connections_reach_further_back(measure):
    without = measure.median(Recurrent(0.5, 40, 0), "gradient")
    delayed = measure.median(Recurrent(0.5, 40, 10), "gradient")
    assert delayed > without + 2
