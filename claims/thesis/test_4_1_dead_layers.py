"""§4.1: dead layers as pruning; Adam, learning rate 0.1, batch (Figure 4.1)."""

import pytest

import lrn
from claims.cases import marked
from claims.documents import THESIS
from claims.quantities import Among, rising, sum_of_rates
from claims.thesis.grid import DEPTHS, LATE, pair
from claims.thesis.neurons import CONVERGED_OVER_HALF_DEAD
from lrn.claims import claim

# torch takes a second to load, and is imported by the tests that need it: a run where their verdicts stand does without.

MORE_THAN_OCCASIONALLY = {
    (5,): pytest.mark.refuted("not occasionally but in about 65 %"),
    **dict.fromkeys(zip(DEPTHS[2:]), pytest.mark.refuted("not occasionally but almost always, in over 99 %")),
}


def late(depth):
    return pair(depth, "adam", 0.1, "batch")[1]


@claim(
    "Over all settings together some converged late networks, and fewer than half, have more than half of their neurons dead",
    id="B1",
    **THESIS("occasionally-over-half"),
    reading="the sum of the rates over the 84 settings of the grid, against the sum of the rates of convergence",
)
def test_over_half_dead_occasionally(measure):
    over_half = sum_of_rates(measure, LATE, CONVERGED_OVER_HALF_DEAD)
    assert (over_half > 0) & (over_half < sum_of_rates(measure, LATE) / 2)


@claim(
    "Adam, 0.1, batch: fewer than half of the converged late networks have more than half of their neurons dead",
    id="B1-high-rate",
    source="ours",
    reading="how often it happens in the setting of Figure 4.1",
)
@pytest.mark.parametrize("depth", marked(zip(DEPTHS), MORE_THAN_OCCASIONALLY))
def test_over_half_dead_is_the_exception(measure, depth):
    assert Among(measure, "converged").rate(late(depth), "over_half_dead") < 0.5


@claim(
    "Adam, 0.1, batch: the deeper a converged late network, the more of its layers are dead",
    id="B2-layers",
    **THESIS("dead-layers-grow"),
    reading="mean dead layers of converged networks rise from each depth to the next",
)
def test_dead_layers_grow_with_depth(measure):
    converged = Among(measure, "converged")
    assert rising([converged.mean(late(depth), "dead_layers") for depth in DEPTHS])


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
    import torch

    experiment = experiment.replace(dtype="float64")
    return [lrn.network(experiment, seed) for seed in seeds], torch.as_tensor(experiment.data.x_standardised)


@claim(
    "A dead layer prunes a late network: without it and all that lies behind, the output on the data is the same",
    id="B3",
    **THESIS("pruned"),
    reading="exact, for 24 trained networks of depth 10",
    exact=True,
)
def test_a_dead_layer_prunes_the_network():
    import torch

    networks, x = trained(late(10))
    shortened = 0
    for net in networks:
        smaller = lrn.prune(net, x)
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
    plain, late = map(Among(measure, "any_dead_layer").rate, pair(depth, "adam", 0.1, "batch"))
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
    with_dead_layer = 0
    for net in networks:
        dead = [layer for layer, out in enumerate(net.layer_outputs(x)) if (out == 0).all()]
        if dead:
            output = net(x)
            ((output - x.abs()) ** 2).mean().backward()
            assert (output == output[0]).all()
            assert all((p.grad == 0).all() for p in net.hidden[: dead[-1] + 1].parameters())
            with_dead_layer += 1
    assert with_dead_layer > len(networks) / 2, "too few networks with a dead layer to show it"
