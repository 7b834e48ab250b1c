"""`prune` beyond plain stacks: output and names stay, and a network that it does not understand is refused."""

from __future__ import annotations

from operator import attrgetter

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations
from torch.nn.utils import prune as masks

from lrn.dead import dead_units, prune
from lrn.nets import BasicBlock, BottleneckBlock, ConvolutionalNet
from tests.networks import count_parameters, modules_of

VECTORS, IMAGES = torch.randn(20, 6), torch.randn(6, 3, 8, 8)


def silent(net):
    """Every layer that has a bias and is not the last loses two units, where an activation follows."""
    layers = modules_of(net, nn.Linear | nn.Conv1d | nn.Conv2d | nn.BatchNorm2d | nn.BatchNorm1d)
    with torch.no_grad():
        for layer in layers[:-1]:
            if layer.bias is not None:
                layer.bias[[0, 2]] = -1e3
    return net.eval()


def conv(*between, image=36):
    return nn.Sequential(nn.Conv2d(3, 8, 3), *between, nn.Flatten(), nn.Linear(8 * image, 2))


NETS = {
    "dropout": (nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 2)), VECTORS),
    "identity": (nn.Sequential(nn.Identity(), nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2)), VECTORS),
    "flatten first": (nn.Sequential(nn.Flatten(), nn.Linear(192, 8), nn.ReLU(), nn.Linear(8, 2)), IMAGES),
    "nested": (nn.Sequential(nn.Sequential(nn.Linear(6, 8), nn.ReLU()), nn.Sequential(nn.Linear(8, 2))), VECTORS),
    "norm before": (nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2)), VECTORS),
    "norm behind": (nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 2)), VECTORS),
    "softmax": (nn.Sequential(nn.Linear(6, 8), nn.ReLU6(), nn.Linear(8, 2), nn.Softmax(1)), VECTORS),
    "prelu": (nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.PReLU(8), nn.Linear(8, 2)), VECTORS),
    "convolution": (conv(nn.ReLU()), IMAGES),
    "max pool": (conv(nn.ReLU(), nn.MaxPool2d(2), image=9), IMAGES),
    "pool first": (conv(nn.MaxPool2d(2), nn.ReLU(), image=9), IMAGES),
    "average": (conv(nn.ReLU(), nn.AdaptiveAvgPool2d(1), image=1), IMAGES),
    "flatten before relu": (
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.ReLU(), nn.Linear(288, 2)), IMAGES),
    "two convolutions": (
        nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 5, 3), nn.ReLU()),
        IMAGES),
    "norm between, no border": (
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.BatchNorm2d(8), nn.Conv2d(8, 5, 3), nn.ReLU()), IMAGES),
    "sequence": (nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)), IMAGES),
    "depthwise": (
        nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=8), nn.ReLU(), nn.Conv2d(8, 2, 1)),
        IMAGES),
    "mobile block": (
        nn.Sequential(nn.Conv2d(3, 8, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(),
                      nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), nn.BatchNorm2d(8), nn.ReLU6(),
                      nn.Conv2d(8, 4, 1, bias=False), nn.BatchNorm2d(4)), IMAGES),
    "padding": (
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.ZeroPad2d(1), nn.Conv2d(8, 5, 3), nn.ReLU()), IMAGES),
    "upsampling": (
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Upsample(scale_factor=2), nn.Conv2d(8, 5, 3)), IMAGES),
    "block": (BasicBlock(3, 4), IMAGES),
    "bottleneck": (BottleneckBlock(3, 4), IMAGES),
    "residual network": (ConvolutionalNet(8, channels=(4, 6, 8)), IMAGES),
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
def test_the_output_stays_and_something_goes(name):
    torch.manual_seed(0)
    net, x = NETS[name]
    x = x[:, 0] if name == "sequence" else x
    net = silent(net.double())
    small = prune(net, x.double())
    assert torch.allclose(small(x.double()), net(x.double()), rtol=1e-10, atol=1e-10)
    assert small.state_dict().keys() == net.state_dict().keys()
    assert type(small) is type(net)
    assert count_parameters(small) < count_parameters(net)
    assert set(map(attrgetter("dtype"), small.parameters())) == {torch.float64}


def test_a_constant_at_a_border_of_zeros_is_not_cut():
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.BatchNorm2d(8), nn.Conv2d(8, 5, 3, padding=1), nn.ReLU())
    with torch.no_grad():
        net[0].bias[2], net[2].bias[2] = -1e3, 5.0
    small = prune(net.eval(), IMAGES)
    assert small[0].out_channels == 8
    assert torch.allclose(small(IMAGES), net(IMAGES), atol=1e-6)


def test_shared_layers_stay_whole():
    shared = nn.Linear(6, 6)
    net = silent(nn.Sequential(shared, nn.ReLU(), shared, nn.ReLU(), nn.Linear(6, 2)))
    small = prune(net, VECTORS)
    assert small[0].out_features == 6
    assert torch.allclose(small(VECTORS), net(VECTORS), atol=1e-6)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    "change",
    [
        lambda layer: masks.l1_unstructured(layer, "weight", 0.5),
        lambda layer: masks.ln_structured(layer, "weight", 0.5, 2, 0),
        lambda layer: nn.utils.weight_norm(layer),
        lambda layer: parametrizations.weight_norm(layer),
        lambda layer: parametrizations.spectral_norm(layer),
    ],
)
def test_masks_and_reparametrised_weights_become_plain(change):
    net = silent(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2)))
    change(net[0])
    small = prune(net, VECTORS)
    assert torch.allclose(small(VECTORS), net(VECTORS), atol=1e-5)
    assert set(small.state_dict()) == {"0.weight", "0.bias", "2.weight", "2.bias"}
    assert small[0].out_features < 8


class Normalised(nn.Sequential):
    def forward(self, x):
        return super().forward((x - 5) / 2)


class Reads(nn.Sequential):
    def forward(self, x):
        return self[1](self[0](x))


def test_a_forward_of_its_own_is_kept_or_refused():
    net = silent(Normalised(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2)))
    small = prune(net, VECTORS)
    assert small[0].out_features < 8
    assert torch.allclose(small(VECTORS), net(VECTORS), atol=1e-6)
    with pytest.raises(ValueError, match="prune does not understand the forward of Reads"):
        prune(silent(Reads(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))), VECTORS)


def test_a_hook_that_reads_what_was_cut_is_refused():
    net = silent(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2)))
    net[2].register_forward_hook(lambda module, args, output: output + args[0].cumsum(1)[:, 7:] + args[0].shape[1])
    with pytest.raises(ValueError, match="prune does not understand"):
        prune(net, VECTORS)


class Doubled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


def test_layers_that_are_not_torchs_own_are_refused_by_name():
    with pytest.raises(TypeError, match=r"does not know Doubled at '0\.0'"):
        prune(nn.Sequential(nn.Sequential(Doubled(6, 8)), nn.ReLU(), nn.Linear(8, 2)), VECTORS)


def test_a_dead_convolution_keeps_one_channel_and_its_names():
    net = conv(nn.ReLU())
    with torch.no_grad():
        net[0].bias.fill_(-1e3)
    small = prune(net.eval(), IMAGES)
    assert small[0].out_channels == 1
    assert torch.allclose(small(IMAGES), net(IMAGES), atol=1e-6)


def test_a_forward_that_was_replaced_on_the_instance_is_refused():
    for path in ("", "1"):
        net = silent(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2)))
        module = net.get_submodule(path)
        forward = module.forward
        module.forward = lambda x, forward=forward: forward(x) + 1
        with pytest.raises(TypeError, match="prune takes modules with their class's forward"):
            prune(net, VECTORS)


def test_layers_that_share_a_weight_stay_whole():
    first, second = nn.Linear(6, 6), nn.Linear(6, 6)
    second.weight = first.weight
    net = silent(nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Linear(6, 2)))
    small = prune(net, VECTORS)
    assert small[0].out_features == 6
    assert torch.equal(small(VECTORS), net(VECTORS))


class Residual(nn.Module):
    """Linear layers around a sum, called by a forward of its own."""

    def __init__(self):
        super().__init__()
        self.enter, self.a, self.b, self.leave = nn.Linear(6, 8), nn.Linear(8, 9), nn.Linear(9, 8), nn.Linear(8, 2)

    def forward(self, x):
        h = torch.relu(self.enter(x))
        return self.leave(torch.relu(h + self.b(torch.relu(self.a(h)))))


@pytest.mark.zoo
@pytest.mark.filterwarnings("default")
def test_linear_layers_in_any_graph_with_torch_pruning():
    pytest.importorskip("torch_pruning")
    torch.manual_seed(0)
    net = Residual()
    with torch.no_grad():
        for layer in (net.enter, net.a, net.b):
            layer.bias[:2] = -100.0
    small = prune(net, VECTORS)
    assert (small.enter.out_features, small.a.out_features) == (6, 7)
    assert torch.allclose(small(VECTORS), net(VECTORS), atol=1e-5)
    assert dead_units(small, VECTORS).dead_neurons == 0


@pytest.mark.zoo
@pytest.mark.filterwarnings("default")
def test_any_graph_with_torch_pruning():
    pytest.importorskip("torch_pruning")
    models = pytest.importorskip("torchvision").models
    net, x = models.resnet18(weights=None).eval(), torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        net.layer1[0].bn1.bias[:5] = -100
    small = prune(net, x)
    assert small.layer1[0].conv1.out_channels <= 59
    assert torch.allclose(small(x), net(x), atol=1e-4)
    assert dead_units(small, x)["layer1.0.relu"].dead_neurons == 0


def grouped(*dead):
    """A convolution of two groups of four channels; its reader has four groups of two."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(4, 8, 3, groups=2), nn.ReLU(), nn.Conv2d(8, 8, 1, groups=4), nn.ReLU(),
                        nn.Conv2d(8, 2, 1)).eval()  # fmt: skip
    with torch.no_grad():
        net[0].bias[list(dead)] = -1e3
    return net


@pytest.mark.parametrize(
    ("dead", "left"), [((0, 3, 5, 6), 4), ((0, 1, 2, 3, 4, 7), 4), ((0, 1, 2, 3), 8), (range(8), 4)]
)
def test_groups_of_a_convolution_lose_as_many_channels_each(dead, left):
    net, x = grouped(*dead), torch.randn(5, 4, 8, 8)
    small = prune(net, x)
    assert small[0].out_channels == small[2].in_channels == left
    assert torch.allclose(small(x), net(x), atol=1e-5)
