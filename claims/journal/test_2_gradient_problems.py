"""§2: vanishing and exploding gradients in plain networks."""

from itertools import pairwise

import pytest

from claims.documents import JOURNAL
from claims.journal.networks import AS_TORCH_STARTS, DEEP, DEEPER, SHALLOW, UNNORMALISED
from claims.quantities import falling, rising
from lrn.claims import claim, every

SIX_MORE = (8, 14, 20)
LARGE = UNNORMALISED | {"scale": 2.0}


def first_gradients(measure, cnns, depths, **options):
    """The median gradient of the first layer of plain networks before training, by depth."""
    return [measure.median(cnns.start(depth, **options)[0], "first_gradient") for depth in depths]


@claim(
    "Layers as torch starts them: before training, the first layer's gradient of a plain CNN shrinks exponentially with depth",
    id="F1-start",
    **JOURNAL("below-one"),
    reading="median norm; six layers more at least halve it, from depth 8 to 14 and from 14 to 20; no normalisation",
)
def test_gradients_vanish_with_depth(measure, cnns):
    norms = first_gradients(measure, cnns, SIX_MORE, **AS_TORCH_STARTS)
    assert every(deep < shallow / 2 for shallow, deep in pairwise(norms))


@claim(
    "Batch normalisation: before training, the first layer's gradient of a plain CNN shrinks with depth",
    id="F1-normalised",
    source="ours",
    reading="median norm at depths 8, 20 and 56; the journal's own blocks have batch normalisation",
    refuted="it grows instead, from about 0.18 at depth 8 to about 220 at depth 56: normalised plain networks start with exploding gradients",
)
def test_gradients_vanish_with_depth_in_normalised_networks(measure, cnns):
    norms = first_gradients(measure, cnns, (SHALLOW, DEEP, DEEPER))
    assert falling(norms)


@claim(
    "Before training, the first layer of a plain CNN of depth 20 has a smaller gradient than the last",
    id="F1-layers",
    **JOURNAL("negligible-updates"),
    reading="in more than half of the seeds: with batch normalisation; with He's initialisation alone; with layers as torch starts them",
)
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(
            {},
            id="normalised",
            marks=pytest.mark.refuted("with batch normalisation the first layer's is larger, about four times"),
        ),
        pytest.param(UNNORMALISED, id="he"),
        pytest.param(AS_TORCH_STARTS, id="torch"),
    ],
)
def test_the_first_layer_has_the_smaller_gradient(measure, cnns, options):
    assert measure.rate(cnns.start(DEEP, **options)[0], "fades") > 0.5


@claim(
    "During training, the first layer's gradient of a normalised plain CNN is smaller at depth 56 than at depth 20",
    id="F1-training",
    **JOURNAL("negligible-updates"),
    reading="median over the steps of 12 epochs, median over seeds",
)
def test_gradients_vanish_during_training(measure, cnns):
    deep, deeper = cnns.pair(DEEP)[0], cnns.pair(DEEPER)[0]
    assert measure.median(deeper, "training_gradient") < measure.median(deep, "training_gradient")


@claim(
    "He's initial weights doubled: before training, the first layer's gradient of a plain CNN grows exponentially with depth",
    id="F2-depth",
    **JOURNAL("grow-exponentially", "susceptible"),
    reading="median norm; six layers more at least double it, from depth 8 to 14 and from 14 to 20; no normalisation",
)
def test_gradients_explode_with_depth(measure, cnns):
    norms = first_gradients(measure, cnns, SIX_MORE, **LARGE)
    assert every(deep > 2 * shallow for shallow, deep in pairwise(norms))


@claim(
    "The larger the initial weights, the larger the first layer's gradient",
    id="F2-scale",
    **JOURNAL("can-explode"),
    reading="depth 20, median norm before training; He's weights times 1, 2 and 4",
)
@pytest.mark.parametrize(
    "normalise",
    [
        False,
        pytest.param(
            True,
            marks=pytest.mark.refuted(
                "behind a normalisation a factor on the weights divides their gradient: 0.9 at scale 1, a quarter of it at scale 4"
            ),
        ),
    ],
)
def test_larger_weights_have_larger_gradients(measure, cnns, normalise):
    norms = []
    for scale in (1.0, 2.0, 4.0):
        plain, _ = cnns.start(DEEP, normalise=normalise, scale=scale)
        norms.append(measure.median(plain, "first_gradient"))
    assert rising(norms)


def trained_a_little(cnns, scale, skip, normalise):
    return cnns.pair(DEEP, normalise=normalise, scale=scale, train=64, test=64, epochs=3)[skip]


@claim(
    "Plain CNNs of depth 20 without normalisation diverge when their initial weights are doubled, and more often than when not",
    id="F2-diverges",
    **JOURNAL("diverge", "nan"),
    reading="a loss that is NaN or infinite within 6 steps: in most seeds at twice He's weights, more often than at He's",
)
def test_large_weights_diverge(measure, cnns):
    he = measure.rate(trained_a_little(cnns, 1.0, False, False), "diverged")
    doubled = measure.rate(trained_a_little(cnns, 2.0, False, False), "diverged")
    assert (doubled > 0.5) & (doubled > he)


@claim(
    "Residual CNNs of depth 20 with doubled weights diverge less often with batch normalisation than without",
    id="F2-normalised",
    **JOURNAL("less-prevalent"),
    reading="a loss that is NaN or infinite within 6 steps",
)
def test_normalisation_prevents_divergence(measure, cnns):
    bare, normalised = trained_a_little(cnns, 2.0, True, False), trained_a_little(cnns, 2.0, True, True)
    assert measure.rate(normalised, "diverged") < measure.rate(bare, "diverged")
