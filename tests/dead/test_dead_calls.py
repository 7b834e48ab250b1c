"""`dead_units`: which activations are found in a module, by what name, and where their units are."""

from __future__ import annotations

from operator import attrgetter

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lrn.dead import dead_units
from tests.dead.flags import flags


class Function(nn.Module):
    """Three units, of which the middle one is never positive, through any function."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.shift = nn.Parameter(torch.tensor([10.0, -10.0, 10.0]))

    def forward(self, x):
        return self.function(x + self.shift)


X = torch.linspace(-1, 1, 12).reshape(4, 3)


def silence(layer, *units):
    """Make units of a Linear or convolution fall below zero whatever comes in (of moderate size)."""
    with torch.no_grad():
        layer.bias[list(units)] = -1e4
    return layer


# ---- Which activations are found ----


@pytest.mark.parametrize(
    "function",
    [
        F.relu,
        torch.relu,
        torch.Tensor.relu,
        lambda x: x.relu_(),
        lambda x: torch.relu_(x),
        lambda x: F.relu(x, inplace=True),
        F.relu6,
        lambda x: x.clamp(min=0),
        lambda x: x.clamp(0),
        lambda x: x.clamp_(min=0.0, max=3.0),
        lambda x: torch.clamp(x, min=torch.zeros(3)),
        lambda x: x.clip(0, 6),
        lambda x: torch.clip(x, min=0),
        lambda x: x.clamp_min(0),
        lambda x: torch.clamp_min_(x, 0),
        lambda x: F.hardtanh(x, 0.0, 1.0),
        lambda x: F.hardtanh_(x, min_val=0.0),
        lambda x: F.threshold(x, 0.5, 0.0),
        lambda x: F.threshold(x, threshold=0.0, value=0.0, inplace=True),
        lambda x: torch.threshold_(x, 0.0, 0.0),
        lambda x: F.leaky_relu(x, 0.0),
        F.hardswish,
        F.hardsigmoid,
        lambda x: F.hardshrink(x + 10, 1.0) * 0 + F.relu(x),
        torch.ops.aten.relu.default,
        nn.ReLU(),
        nn.ReLU(inplace=True),
        nn.ReLU6(),
        nn.Hardtanh(0.0, 1.0),
        nn.Threshold(0.0, 0.0),
        nn.LeakyReLU(0.0),
        nn.Hardswish(),
        nn.Hardsigmoid(),
    ],
)
def test_every_spelling_of_a_relu_is_found_and_counted_once(function):
    report = dead_units(Function(function), X)
    assert report.layers[-1].dead.tolist() == [False, True, False]
    assert len(report.layers) == (2 if "hardshrink" in report.names[0] else 1)


@pytest.mark.parametrize("function", [F.softshrink, F.hardshrink, nn.Softshrink(), nn.Hardshrink()])
def test_an_activation_that_is_zero_around_zero_counts(function):
    net = Function(function)
    with torch.no_grad():
        net.shift[1] = 0.0
    assert dead_units(net, X / 4).layers[0].dead.tolist() == [False, True, False]


@pytest.mark.parametrize(
    "function",
    [
        nn.LeakyReLU(),
        nn.PReLU(),
        nn.ELU(),
        nn.SELU(),
        nn.GELU(),
        nn.SiLU(),
        nn.Softplus(),
        nn.Tanh(),
        nn.Sigmoid(),
        nn.Hardtanh(),
        nn.Threshold(0.0, 1.0),
        nn.Identity(),
        lambda x: x.clamp(max=0),
        lambda x: x.clamp(min=-1, max=1),
        F.hardtanh,
        lambda x: F.hardtanh(x, -0.5, 0.0),
        lambda x: F.threshold(x, 0.0, value=1.0),
        lambda x: F.leaky_relu(x, 0.5),
        lambda x: F.normalize(x),
    ],
)
def test_what_is_zero_at_single_points_at_most_is_no_relu(function):
    with pytest.raises(ValueError, match="no ReLU-like activation was called; what counts: relu, relu6, clamp"):
        dead_units(Function(function), X)


def test_the_relu_of_a_recurrent_cell_is_found_at_every_step():
    class Steps(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.RNNCell(3, 2, nonlinearity="relu")

        def forward(self, x):
            h = self.cell(x)
            return self.cell(x, h)

    net = Steps()
    with torch.no_grad():
        net.cell.bias_ih[:] = torch.tensor([-1e4, 1e4])
    report = dead_units(net, X)
    assert report.names == ("cell.relu()",), "both steps are calls of one layer"
    assert flags(report) == [[True, False]]
    assert dead_units(net, X, merge_calls=False).names == ("cell.relu()", "cell.relu()#2")


@pytest.mark.parametrize("layers", [1, 2])
def test_a_recurrent_layer_is_seen_step_by_step(layers):
    net = nn.RNN(3, 2, layers, nonlinearity="relu", batch_first=True)
    with torch.no_grad():
        net.bias_ih_l0[:] = torch.tensor([-1e4, 1e4])
    report = dead_units(net, torch.randn(4, 7, 3))
    assert len(report.layers) == layers
    assert report.layers[0].dead.tolist() == [True, False]


# ---- Names and call sites ----


def test_modules_are_named_by_path_and_functional_calls_by_the_module_that_makes_them():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.act = nn.Linear(3, 3), nn.ReLU()

        def forward(self, x):
            return torch.relu(self.act(self.linear(x)))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.Sequential(Block(), Block())

        def forward(self, x):
            return self.blocks(F.relu(x)).clamp(min=0)

    report = dead_units(Net(), X)
    assert report.names == (
        "relu()",
        "blocks.0.act",
        "blocks.0.relu()",
        "blocks.1.act",
        "blocks.1.relu()",
        "clamp()",
    )
    assert list(map(attrgetter("kind"), report.layers)) == ["relu", "ReLU", "relu", "ReLU", "relu", "clamp"]


def test_a_module_used_twice_is_reported_for_each_call_in_order():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = silence(nn.Linear(3, 3), 0), silence(nn.Linear(3, 3), 1, 2)
            self.act = nn.ReLU()

        def forward(self, x):
            return self.act(self.second(self.act(self.first(x))))

    net = Twice()
    for _ in range(2):
        report = dead_units(net, X, batch_size=3)
        assert report.names == ("act", "act#2")
        assert report["act"].dead[0]
        assert report["act#2"].dead[1:].all()


def test_a_bare_activation_is_named_by_its_class():
    assert dead_units(nn.ReLU(), X).names == ("ReLU",)


def test_names_are_right_behind_a_module_whose_error_was_caught():
    class Refusing(nn.Module):
        def forward(self, x):
            raise ArithmeticError

    class Trying(nn.Module):
        def __init__(self):
            super().__init__()
            self.refusing = Refusing()

        def forward(self, x):
            try:
                return self.refusing(x)
            except ArithmeticError:
                return torch.relu(x)

    assert dead_units(Trying(), X).names == ("relu()",)


def test_a_layer_reached_by_some_batches_only_is_judged_on_those():
    class Gate(nn.Module):
        def forward(self, x):
            return torch.relu(x) if x[0, 0] > 0 else torch.relu(torch.relu(x))

    report = dead_units(Gate(), iter([torch.ones(1, 2), torch.tensor([[-1.0, 1.0]])]))
    assert report.names == ("relu()", "relu()#2")
    assert flags(report) == [[False, False], [True, False]]


# ---- Where the units are ----


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
