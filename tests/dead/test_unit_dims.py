"""`dead_units`: which dimension of an activation holds its units."""

from __future__ import annotations

from operator import attrgetter

import pytest
import torch
import torch.nn.functional as F
from test_dead_calls import X, silence
from torch import nn

from lrn.dead import dead_units
from tests.dead.flags import flags


class SmallCnn(nn.Module):
    """Convolution, batch normalisation and functional ReLU, then a linear layer; channel 2, unit 1 dead."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.fc = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Linear(4 * 9, 3)
        silence(self.norm, 2)
        silence(self.fc, 1)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm(self.conv(x))), 2)
        return torch.relu(self.fc(x.flatten(1)))


def test_units_of_a_convolution_are_its_channels():
    torch.manual_seed(0)
    report = dead_units(SmallCnn(), torch.randn(16, 1, 8, 8), batch_size=5)
    assert report.names == ("relu()", "relu()#2")
    assert report["relu()"].dead.tolist() == [False, False, True, False]
    assert report["relu()#2"].dead[1]
    assert report.samples == 16


class Residual(nn.Module):
    """A block as in ResNet: one ReLU module used twice, the second time on a sum."""

    def __init__(self, channels):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.squeeze = nn.Linear(channels, channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out = out * self.squeeze(out.mean((2, 3))).sigmoid()[:, :, None, None]
        out += x
        return self.relu(out)


def test_a_residual_block_is_seen_before_and_after_the_sum_and_before_later_work_in_place():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 5, 3), nn.ReLU(), Residual(5))
    silence(net[2].bn1, 0, 4)
    silence(net[2].bn2, 3)
    silence(net[0], 3)
    x = torch.randn(6, 1, 7, 7)
    report = dead_units(net, x)
    assert report.names == ("1", "2.relu", "2.relu#2")

    with torch.no_grad():
        block, first = net.eval()[2], net[0](x).relu()
        middle = block.bn1(block.conv1(first)).relu()
        outputs = [first, middle, net(x)]
    expected = [(h == 0).all(3).all(2).all(0).tolist() for h in outputs]
    assert flags(report) == expected
    assert list(map(sum, expected)) == [1, 3, 1]


@pytest.mark.parametrize(
    ("layer", "shape", "dim"),
    [
        (nn.Linear(6, 4), (2, 6), -1),
        (nn.Linear(6, 4), (2, 5, 6), -1),
        (nn.Linear(6, 4), (2, 5, 5, 6), -1),
        (nn.Conv1d(6, 4, 1), (2, 6, 4), 1),
        (nn.Conv2d(6, 4, 1), (2, 6, 4, 4), 1),
        (nn.Conv3d(6, 4, 1), (2, 6, 4, 4, 4), 1),
        (nn.ConvTranspose1d(6, 4, 1), (2, 6, 4), 1),
        (nn.Sequential(nn.Conv1d(6, 4, 1), nn.BatchNorm1d(4)), (2, 6, 4), 1),
        (nn.Sequential(nn.Conv1d(6, 4, 1), nn.MaxPool1d(2)), (2, 6, 4), 1),
    ],
)
def test_the_layer_before_the_relu_says_where_the_units_are(layer, shape, dim):
    torch.manual_seed(0)
    net = nn.Sequential(layer, nn.ReLU())
    weights = layer[0] if isinstance(layer, nn.Sequential) else layer
    with torch.no_grad():
        weights.bias.copy_(torch.tensor([100.0, -100.0, 100.0, 100.0]))
    with torch.no_grad():
        assert (net.eval()(torch.randn(shape)).movedim(dim, 0)[1] == 0).all()
    report = dead_units(net, torch.randn(shape))
    assert report.layers[0].units == 4
    assert report.layers[0].dead.tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("shape", "units"),
    [((3, 4), 4), ((3,), 1)],
)
def test_without_a_layer_the_number_of_dimensions_says_where_the_units_are(shape, units):
    assert dead_units(nn.ReLU(), torch.ones(shape)).layers[0].units == units


def test_of_two_branches_the_one_with_the_shape_of_the_output_says_where_the_units_are():
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.linear = nn.Conv1d(6, 4, 1), nn.Linear(6, 3)

        def forward(self, x):
            channels, features = self.conv(x), self.linear(x.mT)
            return torch.relu(channels).sum() + torch.relu(features).sum()

    report = dead_units(Branches(), torch.randn(2, 6, 5))
    assert list(map(attrgetter("units"), report.layers)) == [4, 3]


def test_where_the_units_are_does_not_depend_on_the_batch_before():
    net = nn.Sequential(nn.ReLU(), nn.Conv1d(6, 4, 1), nn.ReLU())
    report = dead_units(net, torch.randn(4, 6, 5), batch_size=2)
    assert list(map(attrgetter("units"), report.layers)) == [6, 4]


def test_unit_dims_overrules_the_guess_for_the_named_call():
    x = torch.zeros(3, 4, 5)
    x[:, 1] = 1
    report = dead_units(nn.Sequential(nn.ReLU(), nn.ReLU()), x, unit_dims={"0": 1, "1": 2})
    assert report["0"].dead.tolist() == [True, False, True, True]
    assert report["1"].dead.tolist() == [False] * 5
    assert dead_units(nn.ReLU(), x, unit_dims={"ReLU": -2}).layers[0].units == 4


def test_layers_are_in_the_order_of_their_calls():
    net = nn.Sequential()
    for _ in range(12):
        net.append(nn.ReLU())
    assert dead_units(net, X).names == tuple(map(str, range(12)))
