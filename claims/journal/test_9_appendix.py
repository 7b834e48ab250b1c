"""§7 and §9: sizes of networks, by counting."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from lrn.claims import claim
from lrn.nets import BasicBlock, BottleneckBlock, ConvolutionalNet

FEWER = "the design of residual blocks often leads to models with fewer parameters than their plain counterparts at similar depths"


def parameters(net):
    return sum(p.numel() for p in net.parameters())


@claim(
    "A residual CNN has fewer parameters than the plain CNN of the same depth",
    id="F9-parameters",
    source="journal §9, appendix",
    quote=FEWER,
    reading="He et al.'s networks for 32x32 images, which differ in their skip connections alone",
    exact=True,
)
@pytest.mark.parametrize("depth", [20, 56, 110])
@pytest.mark.parametrize(
    "shortcut",
    [
        pytest.param(
            "identity", marks=pytest.mark.refuted("identity shortcuts have no parameters: the numbers are equal")
        ),
        pytest.param("projection", marks=pytest.mark.refuted("projections come on top: the residual network has more")),
    ],
)
def test_residual_networks_have_fewer_parameters(depth, shortcut):
    plain, residual = (parameters(ConvolutionalNet(depth, skip=skip, shortcut=shortcut)) for skip in (False, True))
    assert residual < plain, f"{residual} parameters with skip connections, {plain} without"


@claim(
    "He et al.'s residual network of 1,202 layers has 19.4 million parameters",
    id="F9-1202",
    source="journal §7",
    quote="the 1202-layer network, which comprises 19.4 million parameters",
    reading="exact, to the digits given",
    exact=True,
)
def test_the_network_of_1202_layers_has_19_4_million_parameters():
    assert round(parameters(ConvolutionalNet(1202)) / 1e6, 1) == 19.4


@claim(
    "A bottleneck block takes fewer multiplications than a basic block that has as many channels coming in and out",
    id="F10-bottleneck",
    source="journal §9, appendix",
    quote="reduces computation without sacrificing performance",
    reading="the first half, by counting: 256 channels, images of 14x14",
    exact=True,
)
def test_bottleneck_blocks_take_fewer_multiplications():
    counts = []
    for kind in (BasicBlock, BottleneckBlock):
        block = kind(256, 256 // kind.expansion).to("meta")
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            block(torch.zeros(1, 256, 14, 14, device="meta"))
        counts.append(counter.get_total_flops())
    assert 0 < counts[1] < counts[0]
