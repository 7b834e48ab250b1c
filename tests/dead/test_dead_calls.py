"""`dead_units`: which activations are found in a module, and by what name."""

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


class OfAnyWidth(nn.Module):
    """A network whose width varies from pass to pass, behind one layer and one activation."""

    def __init__(self, widths):
        super().__init__()
        self.a, self.relu, self.widths, self.passes = nn.Linear(3, 5), nn.ReLU(), widths, 0
        with torch.no_grad():
            self.a.weight.abs_()
            self.a.bias.copy_(torch.tensor([1.0, -99.0, 1.0, 1.0, -99.0]))

    def forward(self, x):
        width = self.widths[self.passes % len(self.widths)]
        self.passes += 1
        return self.relu(self.a(x)[:, :width])


def test_calls_with_other_numbers_of_units_are_counted_each_on_its_own():
    report = dead_units(OfAnyWidth([3, 5]), torch.ones(8, 3), batch_size=2)
    assert report["relu"].dead.tolist() == [False, True, False]
    assert report["relu#2"].dead.tolist() == [False, True, False, False, True]


def test_slices_of_one_weight_are_counted_each_on_its_own():
    class Sliced(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.ones(5, 3))

        def forward(self, x):
            narrow = torch.relu(nn.functional.linear(x, self.w[:2]))
            return narrow.sum() + torch.relu(nn.functional.linear(x, -self.w))

    sizes = [len(layer.dead) for layer in dead_units(Sliced(), torch.ones(4, 3)).layers]
    assert sizes == [2, 5]
