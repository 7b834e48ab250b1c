"""§4.1: dead layers as pruning; Adam, learning rate 0.1, batch (Figure 4.1)."""

from itertools import pairwise

import pytest
import torch

from claims.documents import THESIS
from claims.thesis.grid import DEPTHS, PAIRS, pair
from claims.thesis.neurons import CONVERGED_OVER_HALF_DEAD
from lrn import network, prune
from lrn.claims import claim, every


def late(depth):
    return pair(depth, "adam", 0.1, "batch")[1]


@claim(
    "Over all settings together some converged late networks, and fewer than half, have more than half of their neurons dead",
    id="B1",
    **THESIS("occasionally-over-half"),
    reading="the sum of the rates over the 84 settings of the grid, against the sum of the rates of convergence",
)
def test_over_half_dead_occasionally(measure):
    cells = [late for _, late in PAIRS]
    over_half = sum(measure.rate(e, CONVERGED_OVER_HALF_DEAD) for e in cells)
    assert (over_half > 0) & (over_half < sum(measure.rate(e, "converged") for e in cells) / 2)


@claim(
    "Adam, 0.1, batch: fewer than half of the converged late networks have more than half of their neurons dead",
    id="B1-high-rate",
    source="ours",
    reading="how often it happens in the setting of Figure 4.1",
)
@pytest.mark.parametrize(
    "depth",
    [
        2,
        *[
            pytest.param(depth, marks=pytest.mark.refuted(f"not occasionally but {how}"))
            for depth, how in [(5, "in about 65 %"), *[(d, "almost always, in over 99 %") for d in DEPTHS[2:]]]
        ],
    ],
)
def test_over_half_dead_is_the_exception(measure, depth):
    assert measure.rate(late(depth), "over_half_dead", given="converged") < 0.5


@claim(
    "Adam, 0.1, batch: the deeper a converged late network, the more of its layers are dead",
    id="B2-layers",
    **THESIS("dead-layers-grow"),
    reading="mean dead layers of converged networks rise from each depth to the next",
)
def test_dead_layers_grow_with_depth(measure):
    layers = [measure.mean(late(depth), "dead_layers", given="converged") for depth in DEPTHS]
    assert every(shallow < deep for shallow, deep in pairwise(layers))


@claim(
    "Adam, 0.1, batch: late networks of depth 30 converge no less often than those of depth 2",
    id="B2-converge",
    source="ours",
    reading="the rate does not fall; the thesis says that they still converge, not how often",
    refuted="it falls a little, from about 0.49 to about 0.41",
)
def test_convergence_does_not_fall_with_depth(measure):
    assert measure.rate(late(30), "converged") >= measure.rate(late(2), "converged")


def trained(experiment, seeds=range(24)):
    """Trained networks and the data that they saw, in float64 so that only rounding of 1e-16 is left."""
    experiment = experiment.replace(dtype="float64")
    return [network(experiment, seed) for seed in seeds], torch.as_tensor(experiment.data.x_standardised)


@claim(
    "A dead layer prunes a late network: without it and all that lies behind, the output on the data is the same",
    id="B3",
    **THESIS("pruned"),
    reading="exact, for 24 trained networks of depth 10",
    exact=True,
)
def test_a_dead_layer_prunes_the_network():
    networks, x = trained(late(10))
    shortened = 0
    for net in networks:
        smaller = prune(net, x)
        assert torch.allclose(smaller(x), net(x), rtol=0, atol=1e-12)
        shortened += len(smaller.hidden) < len(net.hidden)
    assert shortened > len(networks) / 2, "too few networks with a dead layer to show it"


@claim(
    "Adam, 0.1, batch: late networks with a dead layer converge, plain ones with a dead layer do not",
    id="B3-converge",
    **THESIS("dead-layers-present"),
    reading="more than 5 % of the late ones, fewer than 5 % of the plain ones",
)
@pytest.mark.parametrize("depth", [5, 10, 30])
def test_networks_with_dead_layers_converge_only_late(measure, depth):
    plain, late = (measure.rate(e, "converged", given="any_dead_layer") for e in pair(depth, "adam", 0.1, "batch"))
    assert (late > 0.05) & (plain < 0.05)


@claim(
    "A plain network with a dead layer is constant, and no hidden layer up to the dead one receives any gradient",
    id="B4",
    **THESIS("dead-layer-cannot-learn"),
    reading="exact, for those of 24 trained networks of depth 10 that have a dead layer",
    exact=True,
)
def test_a_plain_network_with_a_dead_layer_cannot_learn():
    plain, _ = pair(10, "adam", 0.1, "batch")
    networks, x = trained(plain)
    seen = 0
    for net in networks:
        dead = [bool((out == 0).all()) for out in net.layer_outputs(x)]
        if any(dead):
            last = max(i for i, is_dead in enumerate(dead) if is_dead)
            output = net(x)
            ((output - x.abs()) ** 2).mean().backward()
            assert (output == output[0]).all()
            assert all((p.grad == 0).all() for layer in net.hidden[: last + 1] for p in layer.parameters())
            seen += 1
    assert seen > len(networks) / 2, "too few networks with a dead layer to show it"
