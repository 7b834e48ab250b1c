"""The note "Residual Connection for Deep Learning" (2024-08-16): shattered gradients, and small changes of the weights."""

from __future__ import annotations

import pytest

from claims.documents import NOTE
from claims.note.stacks import Shaken, Starts
from lrn.claims import claim, ranking

DEEP = (10, 24, 50)


@claim(
    "The deeper a plain network, the less the slope at an input says about the slope at inputs near by",
    id="G2-depth",
    **NOTE("shattered"),
    reading="mean autocorrelation, lags 1 to 15, of the output's derivative at 256 inputs from -2 to 2; depths 2, 10, 24 "
    "and 50, width 32, before training",
)
def test_plain_gradients_shatter_with_depth(measure):
    means = [measure.mean(Starts("plain", d), "autocorrelation", bounds=(-1, 1)) for d in (2, *DEEP)]
    assert ranking(means)


@claim(
    "In a plain network of depth 50 the slopes at neighbouring inputs are as unrelated as white noise",
    id="G2-noise",
    source="ours",
    reading='literal: Balduzzi et al. (2017) say that such gradients "resemble white noise", which has no correlation; '
    "here within 0.05 of none, 256 inputs from -2 to 2, width 32, before training",
    refuted="the correlation of neighbours is 0.68 on average: width 32 has too few kinks between two of 256 inputs",
)
def test_deep_plain_gradients_are_white_noise(measure):
    assert abs(measure.mean(Starts("plain", 50), "neighbours", bounds=(-1, 1))) < 0.05


@claim(
    "With residual connections the slope at an input says more about the slopes near by than in a plain network of the "
    "same seed",
    id="G2-residual",
    **NOTE("shattered"),
    reading="autocorrelation as in G2-depth; in more than half of the seeds",
)
@pytest.mark.parametrize("depth", DEEP)
def test_residual_gradients_resist_shattering(measure, depth):
    assert measure.paired_rate(Starts("residual", depth), Starts("plain", depth), "autocorrelation") > 0.5


@claim(
    "With late residual connections the slope at an input says more about the slopes near by than in a plain network of "
    "the same seed, but less than with residual connections around every layer",
    id="G2-late",
    source="ours",
    reading="autocorrelation as in G2-depth, in more than half of the seeds; the note speaks of residual connections only",
)
@pytest.mark.parametrize("depth", DEEP)
def test_late_gradients_shatter_less_than_plain_ones(measure, depth):
    plain, residual, late = Starts("plain", depth), Starts("residual", depth), Starts("late", depth)
    assert (measure.paired_rate(late, plain, "autocorrelation") > 0.5) & (
        measure.paired_rate(residual, late, "autocorrelation") > 0.5
    )


@claim(
    "With residual connections the slope at an input says more about those near by at depth 50 than at depth 2",
    id="G2-residual-depth",
    **NOTE("shattered"),
    reading="autocorrelation as in G2-depth; in more than half of the seeds",
)
def test_residual_gradients_do_not_shatter_with_depth(measure):
    deep, shallow = Starts("residual", 50), Starts("residual", 2)
    assert measure.paired_rate(deep, shallow, "autocorrelation") > 0.5


@claim(
    "A change of the first layer's weights by a thousandth turns the gradient of a plain network by more than 60 degrees",
    id="G4-literal",
    source="ours",
    reading='literal: "significant" as a cosine below 1/2, in more than 5 % of networks of depth 50; width 32, before training',
    refuted="19 in 20 networks keep a cosine above 0.99",
)
def test_tiny_changes_turn_the_gradient_away(measure):
    assert measure.quantile(Shaken("plain", 50, 1e-3), "cosine", 0.05) < 0.5


@claim(
    "In deep plain networks a change of the first layer's weights by a thousandth changes the gradient by more than that",
    id="G4-amplified",
    **NOTE("small-changes"),
    reading='practical: "significant" as out of proportion: relative change of the gradient over that of the weights above '
    "1 in more than half of the networks, width 32, before training",
)
@pytest.mark.parametrize("depth", DEEP)
def test_deep_plain_networks_amplify_small_changes(measure, depth):
    assert measure.median(Shaken("plain", depth, 1e-3), "amplification") > 1


@claim(
    "Without skip connections small changes of the early weights change the gradient more than with them",
    id="G4-residual",
    **NOTE("small-changes"),
    reading="first layer changed by a thousandth; relative change of the gradient, plain above residual of the same seed in "
    "more than half of the seeds, width 32, before training",
)
@pytest.mark.parametrize("depth", DEEP)
def test_residual_gradients_turn_less(measure, depth):
    plain, residual = Shaken("plain", depth, 1e-3), Shaken("residual", depth, 1e-3)
    assert measure.paired_rate(plain, residual, "amplification") > 0.5


@claim(
    "Plain networks amplify small changes of the early weights more at depth 24 than at depth 2",
    id="G4-depth",
    **NOTE("small-changes"),
    reading="first layer changed by a thousandth; median relative change of the gradient, width 32, before training",
)
def test_deeper_networks_turn_more(measure):
    deep, shallow = Shaken("plain", 24, 1e-3), Shaken("plain", 2, 1e-3)
    assert measure.median(deep, "amplification") > measure.median(shallow, "amplification")
