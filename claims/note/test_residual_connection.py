"""The note "Residual Connection for Deep Learning" (2024-08-16): what it says of depth, gradients and regions."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from claims.note.flows import Flows
from claims.note.stacks import Regions, Shaken, Starts
from claims.note.trained import Lines
from lrn import Experiment
from lrn.claims import claim, every
from lrn.gradients import linear_regions
from lrn.nets import PlainNet

NOTE = "note, definition"
HELPS = "helps training *extremely deep network* ($>20$ layers)"
EXPLANATION = "note, explanation, after Bishop"
SHATTERED = "One explanation for this phenomenon is called **shattered gradients** (Balduzzi et al., 2017)."
REGIONS = (
    "With ReLU activation functions, there is an *exponential increase* in the **number of linear regions** that the "
    "network can represent."
)
SMALL_CHANGES = (
    "for deep networks, **extremely small changes** in the *weight parameters* in the **early layers** of the network "
    "can produce *significant changes* in the gradient"
)
DEEP = (10, 24, 50)

# ---- G1: training ----


def at_depth(depth: int, norm: str = "none") -> tuple[Experiment, Experiment]:
    """The thesis's task (width 2, Adam, 0.01, batch), plain and with a residual connection around every layer."""
    plain = Experiment(depth=depth, connection="plain", optimizer="adam", lr=0.01, style="batch", norm=norm)
    return plain, plain.replace(connection="residual")


@claim(
    "At least 5 % of deep networks with residual connections converge, where fewer plain ones do",
    id="G1-converging",
    source=NOTE,
    quote=HELPS,
    reading="the thesis's task (width 2, Adam, 0.01, batch), residual connections and nothing else; 5 % as the practical zero",
    first_look=64,
)
@pytest.mark.parametrize(
    "depth",
    [
        20,
        pytest.param(
            50, marks=pytest.mark.refuted("0.5 % of the residual networks converge: their activations grow with depth")
        ),
        pytest.param(
            100, marks=pytest.mark.refuted("no residual network of 512 converged: their activations grow with depth")
        ),
    ],
)
def test_residual_connections_help_deep_networks_converge(measure, depth):
    plain, residual = at_depth(depth)
    assert (measure.rate(residual, "converged") >= 0.05) & (measure.rate(plain, "converged") < 0.05)


@claim(
    "Deep networks end with a smaller loss with residual connections than a plain network of the same seed",
    id="G1-loss",
    source=NOTE,
    quote=HELPS,
    reading="the thesis's task (width 2, Adam, 0.01, batch), residual connections and nothing else; in more than half of the seeds",
    first_look=64,
)
@pytest.mark.parametrize(
    "depth",
    [
        20,
        pytest.param(
            50,
            marks=pytest.mark.refuted("in 0.24 of the seeds: most residual networks end above the constant function"),
        ),
        pytest.param(
            100,
            marks=pytest.mark.refuted(
                "in 0.03 of the seeds: most residual networks end far above the constant function"
            ),
        ),
    ],
)
def test_residual_connections_help_deep_networks_learn(measure, depth):
    plain, residual = at_depth(depth)
    assert measure.paired_rate(plain, residual, "loss") > 0.5


@claim(
    "With batch normalisation in both, deep networks converge more often with residual connections",
    id="G1-normalised",
    source=NOTE,
    quote=f"{HELPS} / even with batch normalization, it becomes increasingly difficult to train networks with a large number of layers",
    reading="practical: the thesis's task (width 2, Adam, 0.01, batch), batch normalisation before every activation",
    first_look=64,
)
@pytest.mark.parametrize("depth", [20, 50, 100])
def test_residual_connections_help_normalised_networks_converge(measure, depth):
    plain, residual = at_depth(depth, norm="batch")
    assert measure.rate(residual, "converged") > measure.rate(plain, "converged")


# ---- G2: shattered gradients ----


@claim(
    "The deeper a plain network, the less the slope at an input says about the slope at inputs near by",
    id="G2-depth",
    source=EXPLANATION,
    quote=SHATTERED,
    reading="mean autocorrelation, lags 1 to 15, of the output's derivative at 256 inputs from -2 to 2; depths 2, 10, 24 "
    "and 50, width 32, before training",
    first_look=512,
)
def test_plain_gradients_shatter_with_depth(measure):
    found = [measure.mean(Starts("plain", d), "autocorrelation", bounds=(-1, 1)) for d in (2, *DEEP)]
    assert every(a > b for a, b in pairwise(found))


@claim(
    "In a plain network of depth 50 the slopes at neighbouring inputs are as unrelated as white noise",
    id="G2-noise",
    source=EXPLANATION,
    quote=SHATTERED,
    reading='literal: Balduzzi et al. (2017) say that such gradients "resemble white noise", which has no correlation; '
    "here within 0.05 of none, 256 inputs from -2 to 2, width 32, before training",
    first_look=64,
    refuted="the correlation of neighbours is 0.68 on average: width 32 has too few kinks between two of 256 inputs",
)
def test_deep_plain_gradients_are_white_noise(measure):
    assert abs(measure.mean(Starts("plain", 50), "neighbours", bounds=(-1, 1))) < 0.05


@claim(
    "With residual connections the slope at an input says more about the slopes near by than in a plain network of the "
    "same seed",
    id="G2-residual",
    source=EXPLANATION,
    quote=SHATTERED,
    reading="autocorrelation as in G2-depth; in more than half of the seeds",
    first_look=64,
)
@pytest.mark.parametrize("depth", DEEP)
def test_residual_gradients_resist_shattering(measure, depth):
    assert measure.paired_rate(Starts("residual", depth), Starts("plain", depth), "autocorrelation") > 0.5


@claim(
    "With late residual connections the slope at an input says more about the slopes near by than in a plain network of "
    "the same seed, but less than with residual connections around every layer",
    id="G2-late",
    source=EXPLANATION,
    quote=SHATTERED,
    reading="autocorrelation as in G2-depth, in more than half of the seeds; the note speaks of residual connections only",
    first_look=64,
)
@pytest.mark.parametrize("depth", DEEP)
def test_late_gradients_shatter_less_than_plain_ones(measure, depth):
    plain, residual, late = (Starts(c, depth) for c in ("plain", "residual", "late"))
    assert (measure.paired_rate(late, plain, "autocorrelation") > 0.5) & (
        measure.paired_rate(residual, late, "autocorrelation") > 0.5
    )


@claim(
    "With residual connections the slope at an input says more about those near by at depth 50 than at depth 2",
    id="G2-residual-depth",
    source=EXPLANATION,
    quote=SHATTERED,
    reading="autocorrelation as in G2-depth; in more than half of the seeds",
    first_look=64,
)
def test_residual_gradients_do_not_shatter_with_depth(measure):
    deep, shallow = (Starts("residual", depth) for depth in (50, 2))
    assert measure.paired_rate(deep, shallow, "autocorrelation") > 0.5


# ---- G3: linear regions ----


def sawtooth(depth: int) -> PlainNet:
    """Folds [0, 1] upon itself in every layer, with two neurons a layer (Montúfar et al., 2014)."""
    net = PlainNet(1, [2] * depth, 1).double()
    with torch.no_grad():
        for d, layer in enumerate(net.hidden):
            layer.weight.copy_(torch.ones(2, 1) if d == 0 else torch.tensor([[2.0, -4.0]] * 2))
            layer.bias.copy_(torch.tensor([0.0, -0.5]))
        net.output.weight.copy_(torch.tensor([[2.0, -4.0]]))
        net.output.bias.zero_()
    return net


@claim(
    "A network of width 2 and depth D can have 2^D linear regions on a line",
    id="G3-can",
    source=EXPLANATION,
    quote=REGIONS,
    reading='"can represent": weights set by hand so that every layer folds the line once, D from 1 to 14',
)
def test_a_deep_network_can_have_exponentially_many_regions():
    assert [linear_regions(sawtooth(d), 0.0, 1.0).pieces for d in range(1, 15)] == [2**d for d in range(1, 15)]


@claim(
    "Random networks have more linear regions the deeper they are, up to depth 10",
    id="G3-more",
    source=EXPLANATION,
    quote=REGIONS,
    reading="what networks have, not what they can have: median pieces on [-2, 2] at depths 2, 5 and 10; width 8, before training",
)
def test_random_networks_gain_regions_with_depth(measure):
    found = [measure.median(Regions("plain", d), "pieces") for d in (2, 5, 10)]
    assert (found[0] < found[1]) & (found[1] < found[2])


@claim(
    "The number of linear regions of random networks grows exponentially with depth",
    id="G3-does",
    source=EXPLANATION,
    quote=REGIONS,
    reading="what networks have, not what they can have: eight further layers multiply the median number of pieces on "
    "[-2, 2] by no less from depth 10 to 18 than from 2 to 10; width 8, before training",
    refuted="eight layers more take the median from about 12 to about 38 pieces, the next eight only to about 48, where 2^18 = 262,144 are possible",
)
def test_random_networks_have_exponentially_many_regions(measure):
    shallow, middle, deep = (measure.median(Regions("plain", d), "pieces") for d in (2, 10, 18))
    assert deep * shallow >= middle * middle


@claim(
    "Most random networks have fewer linear regions on a line than they have neurons",
    id="G3-neurons",
    source=EXPLANATION,
    quote=REGIONS,
    reading="what networks have, not what they can have, after Hanin and Rolnick (2019): on [-2, 2], depth 5, 10 or 20, width 8, "
    "before training",
)
@pytest.mark.parametrize("connection", ["plain", "residual", "late"])
@pytest.mark.parametrize("depth", [5, 10, 20])
def test_random_networks_have_fewer_regions_than_neurons(measure, depth, connection):
    assert measure.median(Regions(connection, depth), "pieces") < 8 * depth


def late(depth: int) -> Experiment:
    return Experiment(depth=depth, connection="late", optimizer="adam", lr=0.01, style="batch")


@claim(
    "Late networks that converged have as many linear regions as their depth allows by folding",
    id="G3-trained",
    source=EXPLANATION,
    quote=REGIONS,
    reading="what networks have, not what they can have: a median of at least 2^D pieces between the data's extremes, after training "
    "on the thesis's task (width 2, Adam, 0.01, batch)",
)
@pytest.mark.parametrize(
    "depth",
    [
        pytest.param(5, marks=pytest.mark.refuted("a median of about 5 pieces, of 32 that are possible")),
        pytest.param(10, marks=pytest.mark.refuted("a median of about 5 pieces, of 1,024 that are possible")),
        pytest.param(20, marks=pytest.mark.refuted("a median of about 6 pieces, of 1,048,576 that are possible")),
    ],
)
def test_trained_networks_have_the_regions_they_can_have(measure, depth):
    assert measure.median(Lines(late(depth)), "pieces", given="converged") >= 2**depth


@claim(
    "Late networks that converged have fewer linear regions than neurons",
    id="G3-trained-neurons",
    source=EXPLANATION,
    quote=REGIONS,
    reading="what networks have, not what they can have: the median of pieces between the data's extremes, after training on the "
    "thesis's task (width 2, Adam, 0.01, batch)",
)
@pytest.mark.parametrize("depth", [5, 10, 20])
def test_trained_networks_have_fewer_regions_than_neurons(measure, depth):
    assert measure.median(Lines(late(depth)), "pieces", given="converged") < 2 * depth


# ---- G4: small changes of the weights ----


@claim(
    "A change of the first layer's weights by a thousandth turns the gradient of a plain network by more than 60 degrees",
    id="G4-literal",
    source=EXPLANATION,
    quote=SMALL_CHANGES,
    reading='literal: "significant" as a cosine below 1/2, in more than 5 % of networks of depth 50; width 32, before training',
    first_look=512,
    refuted="19 in 20 networks keep a cosine above 0.99",
)
def test_tiny_changes_turn_the_gradient_away(measure):
    assert measure.quantile(Shaken("plain", 50, 1e-3), "cosine", 0.05) < 0.5


@claim(
    "In deep plain networks a change of the first layer's weights by a thousandth changes the gradient by more than that",
    id="G4-amplified",
    source=EXPLANATION,
    quote=SMALL_CHANGES,
    reading='practical: "significant" as out of proportion: relative change of the gradient over that of the weights above '
    "1 in more than half of the networks, width 32, before training",
    first_look=64,
)
@pytest.mark.parametrize("depth", DEEP)
def test_deep_plain_networks_amplify_small_changes(measure, depth):
    assert measure.median(Shaken("plain", depth, 1e-3), "amplification") > 1


@claim(
    "Without skip connections small changes of the early weights change the gradient more than with them",
    id="G4-residual",
    source=EXPLANATION,
    quote=SMALL_CHANGES,
    reading="first layer changed by a thousandth; relative change of the gradient, plain above residual of the same seed in "
    "more than half of the seeds, width 32, before training",
    first_look=64,
)
@pytest.mark.parametrize("depth", DEEP)
def test_residual_gradients_turn_less(measure, depth):
    plain, residual = (Shaken(c, depth, 1e-3) for c in ("plain", "residual"))
    assert measure.paired_rate(plain, residual, "amplification") > 0.5


@claim(
    "Plain networks amplify small changes of the early weights more at depth 24 than at depth 2",
    id="G4-depth",
    source=EXPLANATION,
    quote=SMALL_CHANGES,
    reading="first layer changed by a thousandth; median relative change of the gradient, width 32, before training",
    first_look=64,
)
def test_deeper_networks_turn_more(measure):
    deep, shallow = (measure.median(Shaken("plain", d, 1e-3), "amplification") for d in (24, 2))
    assert deep > shallow


# ---- G5: Euler steps ----


@claim(
    "A residual network with steps of 1/L approaches the flow of its differential equation with an error of order 1/L",
    id="G5",
    source="note, Neural ODE",
    quote="z = f(x; W) + x",
    reading="layers share a smooth f(h) = tanh(A h + b); order fitted on 16 to 256 layers, nearer to 1 than to 0 or 2 in at "
    "least 95 % of random f",
    first_look=1024,
)
def test_euler_steps_have_order_one(measure):
    low, high = (measure.quantile(Flows(), "order", q) for q in (0.025, 0.975))
    assert (low > 0.5) & (high < 1.5)
