"""The note "Residual Connection for Deep Learning" (2024-08-16): its statements about linear regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from claims.documents import NOTE
from claims.note.stacks import Regions
from claims.note.trained import Lines
from claims.quantities import Among
from lrn import Experiment
from lrn.claims import claim

if TYPE_CHECKING:
    from lrn.nets import PlainNet


def sawtooth(depth: int) -> PlainNet:
    """Folds [0, 1] upon itself in every layer, with two neurons per layer (Montúfar et al., 2014)."""
    import torch  # takes a second: a run where the verdict stands does without

    from lrn.nets import PlainNet

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
    **NOTE("linear-regions"),
    reading='"can represent": weights set by hand so that every layer folds the line once, D from 1 to 14',
    exact=True,
)
def test_a_deep_network_can_have_exponentially_many_regions():
    from lrn.gradients import linear_regions

    for depth in range(1, 15):
        assert linear_regions(sawtooth(depth), 0.0, 1.0).pieces == 2**depth


@claim(
    "Random networks have more linear regions the deeper they are, up to depth 10",
    id="G3-more",
    **NOTE("discontinuities"),
    reading="what networks have, not what they can have: median pieces on [-2, 2] at depths 2, 5 and 10; width 8, before training",
)
def test_random_networks_gain_regions_with_depth(measure):
    two, five, ten = [measure.median(Regions("plain", depth), "pieces") for depth in (2, 5, 10)]
    assert (two < five) & (five < ten)


@claim(
    "The number of linear regions of random networks grows exponentially with depth",
    id="G3-does",
    source="ours",
    reading="what networks have, not what they can have: eight further layers multiply the median number of pieces on "
    "[-2, 2] by no less from depth 10 to 18 than from 2 to 10; width 8, before training",
    refuted="eight layers more take the median from about 12 to about 38 pieces, the next eight only to about 48, where 2^18 = 262,144 are possible",
)
def test_random_networks_have_exponentially_many_regions(measure):
    shallow, middle, deep = [measure.median(Regions("plain", depth), "pieces") for depth in (2, 10, 18)]
    assert deep * shallow >= middle * middle


@claim(
    "Most random networks have fewer linear regions on a line than they have neurons",
    id="G3-neurons",
    source="ours",
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
    source="ours",
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
    assert Among(measure, "converged").median(Lines(late(depth)), "pieces") >= 2**depth


@claim(
    "Late networks that converged have fewer linear regions than neurons",
    id="G3-trained-neurons",
    source="ours",
    reading="what networks have, not what they can have: the median of pieces between the data's extremes, after training on the "
    "thesis's task (width 2, Adam, 0.01, batch)",
)
@pytest.mark.parametrize("depth", [5, 10, 20])
def test_trained_networks_have_fewer_regions_than_neurons(measure, depth):
    assert Among(measure, "converged").median(Lines(late(depth)), "pieces") < 2 * depth
