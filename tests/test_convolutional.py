"""Convolutional networks: their equations, their published sizes, and the one switch of their skip connections."""

from __future__ import annotations

import doctest
import warnings
from operator import attrgetter

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import lrn.nets._convolutional
from lrn import dead_units
from lrn.nets import BasicBlock, BottleneckBlock, ConvolutionalNet
from tests.networks import count_parameters, modules_of

SMALL = {"in_channels": 1, "classes": 3, "channels": (2, 4, 4)}
VARIANTS = [
    {},
    {"block": "bottleneck", "depth": 11},
    {"normalise": False},
    {"initialisation": "torch"},
    {"preactivation": True},
    {"late": True},
    {"shortcut": "projection"},
    {"shortcut": "projection", "normalise": False, "preactivation": True, "late": True},
]


def make(seed=0, **options):
    torch.manual_seed(seed)
    return ConvolutionalNet(**({"depth": 8} | SMALL | options))


def images(n=5, size=8, channels=1, dtype=torch.float32):
    return torch.randn(n, channels, size, size, generator=torch.Generator().manual_seed(1), dtype=dtype)


# ---- Sizes ----


@pytest.mark.parametrize(
    ("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7), (1202, 19.4)]
)
def test_sizes_are_those_of_he_et_al_table_6(depth, millions):
    digits = 1 if millions > 1 else 2
    with torch.device("meta"), warnings.catch_warnings():
        # Weights without memory cannot be drawn, which torch says of each.
        warnings.simplefilter("ignore")
        net = ConvolutionalNet(depth)
    assert round(count_parameters(net) / 1e6, digits) == millions


@pytest.mark.parametrize(("block", "depth", "each"), [("basic", 8, 2), ("basic", 20, 2), ("bottleneck", 20, 3)])
def test_depth_counts_the_layers_with_weights(block, depth, each):
    net = make(depth=depth, block=block)
    assert len(modules_of(net, nn.Conv2d | nn.Linear)) == depth
    assert len(net.blocks) * each + 2 == depth


def test_projections_are_not_counted_in_the_depth():
    net = make(depth=20, shortcut="projection")
    assert len(modules_of(net, nn.Conv2d | nn.Linear)) == 20 + 2  # one for each later stage


# ---- What they compute ----


def norm(x, layer):
    mean, variance = x.mean(dim=(0, 2, 3), keepdim=True), x.var(dim=(0, 2, 3), unbiased=False, keepdim=True)
    scaled = (x - mean) / (variance + layer.eps).sqrt()
    return scaled * layer.weight[:, None, None] + layer.bias[:, None, None]


def by_hand(net, x, skip, preactivation):
    """A network of basic blocks with identity shortcuts, written with convolutions, sums and clamps alone."""
    relu = lambda y: y.clamp(min=0)  # noqa: E731
    convs, norms = modules_of(net, nn.Conv2d), modules_of(net, nn.BatchNorm2d)
    if preactivation:
        x, before = F.conv2d(x, convs[0].weight, padding=1), 0
    else:
        x, before = relu(norm(F.conv2d(x, convs[0].weight, padding=1), norms[0])), 1
    for block in range(len(net.blocks)):
        first, second = convs[1 + 2 * block : 3 + 2 * block]
        norm1, norm2 = norms[before + 2 * block : before + 2 + 2 * block]
        stride = 2 if block in (len(net.blocks) // 3, 2 * len(net.blocks) // 3) else 1
        shortcut = torch.zeros_like(x).repeat(1, first.out_channels // first.in_channels, 1, 1)
        shortcut[:, : x.shape[1]] = x
        shortcut = shortcut[:, :, ::stride, ::stride] * skip
        if preactivation:
            inner = F.conv2d(relu(norm(x, norm1)), first.weight, stride=stride, padding=1)
            x = F.conv2d(relu(norm(inner, norm2)), second.weight, padding=1) + shortcut
        else:
            inner = relu(norm(F.conv2d(x, first.weight, stride=stride, padding=1), norm1))
            x = relu(norm(F.conv2d(inner, second.weight, padding=1), norm2) + shortcut)
    if preactivation:
        x = relu(norm(x, norms[-1]))
    return x.flatten(2).sum(dim=2) / x[0, 0].numel() @ net.output.weight.T + net.output.bias


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("preactivation", [False, True])
@pytest.mark.parametrize("depth", [8, 14])
def test_output_is_the_equation_of_the_docstring(depth, skip, preactivation):
    net = make(depth=depth, skip=skip, preactivation=preactivation).double()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight), nn.init.normal_(module.bias)
    x = images(dtype=torch.float64)
    # A dozen layers of a few dozen products each, in float64: roundings of 1e-16 a thousand times over.
    torch.testing.assert_close(net(x), by_hand(net, x, skip, preactivation), rtol=0, atol=1e-12)


def test_a_bottleneck_narrows_convolves_and_widens():
    block = BottleneckBlock(8, 2)
    narrow, convolve, widen = modules_of(block.body, nn.Conv2d)
    assert narrow.weight.shape == (2, 8, 1, 1)
    assert convolve.weight.shape == (2, 2, 3, 3)
    assert widen.weight.shape == (8, 2, 1, 1)


def test_a_projection_adds_its_convolution_of_the_input():
    torch.manual_seed(0)
    block = BasicBlock(2, 3, 2, shortcut="projection", normalise=False)
    for p in block.parameters():
        nn.init.normal_(p)
    x = images(channels=2)
    conv = block.shortcut[0]
    expected = (block.body(x) + F.conv2d(x, conv.weight, conv.bias, stride=2)).clamp(min=0)
    # A handful of products of numbers near 1.
    torch.testing.assert_close(block(x), expected, rtol=0, atol=1e-5)


def test_late_networks_classify_by_the_average_of_every_stage():
    net, x = make(late=True), images()
    read = torch.cat([stage.mean(dim=(2, 3)) for stage in net.stage_outputs(x)], dim=1)
    assert net.output.in_features == sum(SMALL["channels"])
    assert torch.equal(net(x), net.output(read))
    assert make().output.in_features == SMALL["channels"][-1]


@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("skip", [True, False])
def test_every_variant_trains(options, skip):
    net, x = make(skip=skip, **options), images()
    F.cross_entropy(net(x), torch.arange(5) % 3).backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


# ---- The switch ----


@pytest.mark.parametrize("options", VARIANTS)
def test_networks_of_one_seed_start_from_the_same_weights_with_and_without_skip_connections(options):
    on, off = make(skip=True, **options).state_dict(), make(skip=False, **options).state_dict()
    own = {name for name in on if ".shortcut." in name}
    assert set(on) - set(off) == own
    for name, weights in off.items():
        assert torch.equal(on[name], weights), name
    assert bool(own) == (options.get("shortcut") == "projection")


@pytest.mark.parametrize("options", VARIANTS)
def test_without_skip_connections_a_silent_block_silences_the_network(options):
    x, ends = images(), []
    for skip in (True, False):
        net = make(skip=skip, **options).eval()
        nn.init.zeros_(modules_of(net.blocks[1].body, nn.Conv2d)[-1].weight)
        reached = net.stage_outputs(x)[1]
        ends.append((reached - reached[:1]).abs().max().item())
    assert ends[0] > 0 == ends[1]


@pytest.mark.parametrize("preactivation", [False, True])
def test_without_skip_connections_nothing_is_added(preactivation):
    net = make(skip=False, preactivation=preactivation)
    assert set(map(attrgetter("shortcut"), net.blocks)) == {None}
    x = images(channels=2)
    assert torch.equal(net.blocks[0](x), net.blocks[0].activation(net.blocks[0].body(x)))


@pytest.mark.parametrize("kind", [BasicBlock, BottleneckBlock])
def test_the_identity_path_has_derivative_one(kind):
    """d(y - F(x))/dx is the identity matrix, whatever the weights."""
    torch.manual_seed(2)
    block = kind(4, 4 // kind.expansion, preactivation=True).double()
    x = images(2, 3, 4, torch.float64)
    whole = torch.autograd.functional.jacobian(block, x)
    inner = torch.autograd.functional.jacobian(block.body, x)
    difference = (whole - inner).reshape(x.numel(), x.numel())
    # The difference of two sums that are equal but for the 1, in float64.
    torch.testing.assert_close(difference, torch.eye(x.numel(), dtype=torch.float64), rtol=0, atol=1e-12)


# ---- How weights start ----


@pytest.mark.parametrize("kind", [BasicBlock, BottleneckBlock])
@pytest.mark.parametrize("normalise", [True, False])
def test_a_block_by_itself_starts_as_torch_starts_its_layers(kind, normalise):
    torch.manual_seed(0)
    block = kind(4, 8, 2, shortcut="projection", normalise=normalise)
    torch.manual_seed(0)
    for conv in modules_of(block, nn.Conv2d):
        expected = nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, bias=not normalise)
        assert torch.equal(conv.weight, expected.weight)


def test_making_a_network_draws_what_it_keeps_and_no_more():
    torch.manual_seed(0)
    net = ConvolutionalNet(**({"depth": 8} | SMALL))
    after = torch.rand(1)
    torch.manual_seed(0)
    net.reset_parameters()
    assert torch.equal(torch.rand(1), after)


def test_he_initialisation_has_variance_two_over_fan_in():
    torch.manual_seed(0)
    conv = ConvolutionalNet(8, channels=(32, 64, 64), normalise=False).blocks[-1].body[0]
    # 36,864 normal draws: their variance is within 4 standard errors of the truth.
    assert conv.weight.var().item() == pytest.approx(2 / (64 * 9), rel=4 * (2 / conv.weight.numel()) ** 0.5)
    assert not conv.bias.any()


def test_torch_initialisation_is_torchs():
    torch.manual_seed(0)
    conv = ConvolutionalNet(8, channels=(32, 64, 64), initialisation="torch").blocks[-1].body[0]
    bound = (64 * 9) ** -0.5
    assert conv.weight.abs().max() <= bound
    assert conv.weight.abs().max() > 0.99 * bound


# ---- With the rest of the library ----


def test_dead_units_sees_every_activation():
    net = make().eval()
    dead = dead_units(net, images())
    assert len(dead.layers) == 1 + 2 * len(net.blocks)


# ---- Bad input ----


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"depth": 9}, ValueError, r"depth must be 6n \+ 2 for 3 stages \(8, 14, ...\); got 9"),
        ({"depth": 2}, ValueError, r"depth must be 6n \+ 2"),
        ({"depth": 8, "block": "bottleneck"}, ValueError, r"depth must be 9n \+ 2"),
        ({"depth": 8.0}, TypeError, "depth must be a whole number"),
        ({"depth": True}, TypeError, "depth must be a whole number"),
        ({"channels": ()}, ValueError, "channels must name at least one stage; got none"),
        ({"channels": (4, 0)}, ValueError, r"channels\[1\] must be at least 1, not 0"),
        ({"channels": (4, 2, 2)}, ValueError, "from 4 channels to 2: channels must not shrink"),
        ({"classes": 1}, ValueError, "classes must be at least 2, not 1"),
        ({"in_channels": 0}, ValueError, "in_channels must be at least 1"),
        ({"block": "dense"}, ValueError, "block must be one of basic, bottleneck; got 'dense'"),
        ({"shortcut": "none"}, ValueError, "shortcut must be one of identity, projection; got 'none'"),
        ({"initialisation": "zero"}, ValueError, "initialisation must be one of he, torch; got 'zero'"),
    ],
)
def test_bad_options_are_refused_in_one_sentence(options, error, says):
    with pytest.raises(error, match=says):
        make(**options)


@pytest.mark.parametrize("shape", [(5, 3, 8, 8), (1, 8, 8), (5, 64)])
def test_images_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"images must have shape \(N, 1, H, W\); got"):
        make()(torch.zeros(shape))


def test_the_example_holds():
    assert doctest.testmod(lrn.nets._convolutional).failed == 0
