"""§7 and §9: sizes of networks by counting, and the answers of a chatbot that the appendix reproduces."""

import pytest

from claims.counting import multiply_adds
from claims.documents import JOURNAL
from lrn.audit import conflicts
from lrn.claims import claim

# torch takes a second to load, and is imported by the tests that need it: a run where their verdicts stand does without.


def parameters(net):
    return sum(p.numel() for p in net.parameters())


@claim(
    "A residual CNN has fewer parameters than the plain CNN of the same depth",
    id="F9-parameters",
    **JOURNAL("fewer-parameters"),
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
    from lrn.nets import ConvolutionalNet

    plain = parameters(ConvolutionalNet(depth, skip=False, shortcut=shortcut))
    residual = parameters(ConvolutionalNet(depth, skip=True, shortcut=shortcut))
    assert residual < plain, f"{residual} parameters with skip connections, {plain} without"


@claim(
    "A bottleneck block has fewer parameters than a plain block that has as many channels coming in and out",
    id="F9-bottleneck",
    **JOURNAL("fewer-parameters"),
    reading="the design of deep ResNets beside a plain block of two 3x3 convolutions; 64 to 2,048 channels",
    exact=True,
)
@pytest.mark.parametrize("channels", [64, 256, 512, 1024, 2048])
def test_bottleneck_blocks_have_fewer_parameters(channels):
    from lrn.nets import BasicBlock, BottleneckBlock

    bottleneck = BottleneckBlock(channels, channels // BottleneckBlock.expansion)
    assert parameters(bottleneck) < parameters(BasicBlock(channels, channels))


@claim(
    "He et al.'s residual network of 1,202 layers has 19.4 million parameters",
    id="F9-1202",
    **JOURNAL("million-parameters"),
    reading="exact, to the digits given",
    exact=True,
)
def test_the_network_of_1202_layers_has_19_4_million_parameters():
    from lrn.nets import ConvolutionalNet

    assert round(parameters(ConvolutionalNet(1202)) / 1e6, 1) == 19.4


@claim(
    "A bottleneck block takes fewer multiplications than a basic block that has as many channels coming in and out",
    id="F10-bottleneck",
    **JOURNAL("bottleneck"),
    reading="the first half, by counting: 256 channels, images of 14x14",
    exact=True,
)
def test_bottleneck_blocks_take_fewer_multiplications():
    import torch

    from lrn.nets import BasicBlock, BottleneckBlock

    images = torch.zeros(1, 256, 14, 14)  # on torch's device without numbers, this would import its compiler
    counts = []
    for kind in (BasicBlock, BottleneckBlock):
        block = kind(256, 256 // kind.expansion)
        counts.append(multiply_adds(lambda: block(images)))  # noqa: B023 - it is called at once
    assert 0 < counts[1] < counts[0]


def demonstration():
    """The outputs of the two layers of the appendix's networks for an image of CIFAR-10's size, as it describes them.

    The first keeps the image at 64 channels; the second halves it and doubles them.
    """
    import torch

    first = torch.nn.Conv2d(3, 64, 3, padding=1, device="meta")(torch.zeros(1, 3, 32, 32, device="meta"))
    return first, torch.nn.Conv2d(64, 128, 3, stride=2, padding=1, device="meta")(first)


@claim(
    "In the appendix's residual network the first layer's output can be added to the second's",
    id="F11-addition",
    **JOURNAL("demonstration"),
    reading="exact, by their shapes",
    refuted="64 channels of 32x32 pixels cannot be added to 128 channels of 16x16",
    exact=True,
)
def test_the_demonstrated_outputs_can_be_added():
    first, second = demonstration()
    assert first.shape == second.shape


@claim(
    "In the appendix's networks the classifier takes what the second layer puts out",
    id="F11-classifier",
    **JOURNAL("demonstration"),
    reading="exact: it takes 128 features, and nothing averages over the image before it",
    refuted="the second layer puts out 128 channels of 16x16 pixels, 32,768 features",
    exact=True,
)
def test_the_demonstrated_classifier_fits():
    _, second = demonstration()
    assert second.flatten(1).shape[1] == 128


@claim(
    "The journal says alike what Plant Village shows",
    id="F12-dataset",
    **JOURNAL("plant-digits", "plant-images"),
    refuted="§1 calls it a plant digit dataset, §4.2 describes images of plants and their diseases",
    exact=True,
)
def test_plant_village_is_described_alike():
    assert conflicts(JOURNAL.fields("plant-digits", "plant-images")) == {}
