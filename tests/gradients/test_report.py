"""`report` and `recording`: the norms are autograd's, the words fit them, and the model is left alone."""

from __future__ import annotations

import copy
import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lrn.gradients import LIMIT, diagnose, recording, report

X = torch.linspace(-1, 1, 20, dtype=torch.float64).reshape(20, 1)
BATCH = (X, X.abs())


def chain(depth, weight, activation=nn.Identity):
    """`depth` layers that each multiply by `weight`."""
    model = nn.Sequential()
    for _ in range(depth):
        layer = nn.Linear(1, 1, bias=False)
        nn.init.constant_(layer.weight, weight)
        model.append(layer).append(activation())
    return model.double()


def names(flow):
    return [layer.name for layer in flow.layers]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(0, 2**31), st.booleans())
def test_norms_are_those_of_autograd(widths, seed, inplace):
    torch.manual_seed(seed)
    model = nn.Sequential()
    for before, after in itertools.pairwise([1, *widths]):
        model.append(nn.Linear(before, after)).append(nn.LeakyReLU(0.1, inplace=inplace))
    model.append(nn.Linear(widths[-1], 1)).double()
    flow = report(model, BATCH, nn.functional.mse_loss)

    h, outputs = X, []
    for linear in model[::2]:
        z = linear(h)
        outputs.append(z)
        h = nn.functional.leaky_relu(z, 0.1)
    gradients = torch.autograd.grad(nn.functional.mse_loss(outputs[-1], X.abs()), [*outputs, *model.parameters()])
    depth = len(outputs)
    by_layer = zip(gradients[:depth], gradients[depth::2], gradients[depth + 1 :: 2], strict=True)
    for layer, (output, weight, bias) in zip(flow.layers, by_layer, strict=True):
        assert layer.output == pytest.approx(output.norm().item(), rel=1e-9, abs=1e-15)
        norm = math.hypot(weight.norm().item(), bias.norm().item())
        assert layer.parameters == pytest.approx(norm, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(("weight", "kind"), [(0.25, "vanishing"), (1.0, "even"), (4.0, "exploding")])
def test_a_chain_of_equal_weights_is_diagnosed_with_that_factor(weight, kind):
    flow = report(chain(10, weight), BATCH, nn.functional.mse_loss)
    assert flow.diagnosis.kind == kind
    assert flow.diagnosis.factor == pytest.approx(weight)


def test_gradients_against_weights_alone_would_miss_the_explosion():
    flow = report(chain(10, 4.0), BATCH, nn.functional.mse_loss)
    norms = [layer.parameters for layer in flow.layers]
    assert max(norms) == pytest.approx(min(norms)), "every layer's weight gradient is the product of all other weights"


def test_a_skip_connection_repairs_the_chain():
    class Skip(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return x + self.inner(x)

    model = nn.Sequential(*map(Skip, chain(10, 0.25)[::2]))
    assert report(model, BATCH, nn.functional.mse_loss).diagnosis.kind == "even"


def test_a_dead_layer_blocks_those_before_it():
    model = chain(4, 1.0, activation=nn.ReLU)
    with torch.no_grad():
        model[2].weight.fill_(-1.0)
    flow = report(model, (X.abs(), X), nn.functional.mse_loss)
    assert flow.diagnosis.kind == "unclear"
    assert "no layer gets any gradient" in flow.diagnosis.text
    late = nn.Sequential(model, nn.Linear(1, 1).double())
    flow = report(late, (X.abs() + 1, X), nn.functional.mse_loss)
    assert flow.diagnosis.kind == "blocked"
    assert "0.0 to 0.6 (4 of 5)" in flow.diagnosis.text
    assert "0.0, 0.2, 0.4, 0.6" in str(flow)


def test_a_loss_that_overflows_is_reported_not_raised():
    flow = report(chain(400, 1e3), BATCH, nn.functional.mse_loss)
    assert flow.diagnosis.kind == "not finite"
    assert "The loss is inf" in str(flow)


def test_parameters_that_are_not_finite_are_named():
    model = chain(3, 1.0)
    with torch.no_grad():
        model[2].weight.fill_(math.nan)
    assert "Not finite: the parameters 2.weight." in str(report(model, BATCH, nn.functional.mse_loss))


def test_gradients_lost_in_rounding_are_named():
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False))
    with torch.no_grad():
        model[0].weight.fill_(1.0)
        model[1].weight.fill_(1e-12)
    flow = report(model, (X.float(), X.float()), nn.functional.mse_loss)
    assert flow["0"].lost
    assert not flow["1"].lost
    assert "lost in rounding in 0." in str(flow)


def test_a_module_called_twice_has_two_rows():
    shared = nn.Linear(1, 1).double()
    flow = report(nn.Sequential(shared, nn.Tanh(), shared), BATCH, nn.functional.mse_loss)
    assert names(flow) == ["0", "0#2"]
    assert flow["0"].parameters == flow["0#2"].parameters
    with pytest.raises(KeyError, match="no layer '1'; there are 0, 0#2"):
        flow["1"]


def test_frozen_layers_and_functional_use_are_told_apart():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.frozen, self.idle = nn.Linear(1, 1), nn.Linear(1, 1), nn.Linear(1, 1)
            self.frozen.requires_grad_(False)

        def forward(self, x):
            return nn.functional.linear(self.frozen(x), self.used.weight)

    flow = report(Functional().double(), BATCH, nn.functional.mse_loss)
    assert names(flow) == ["used", "idle"]
    assert flow["used"].output is None
    assert flow["used"].parameters > 0
    assert flow["idle"].parameters == 0


def test_the_model_is_left_as_it_was():
    model = nn.Sequential(nn.Linear(1, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.ReLU(), nn.Linear(4, 1)).double()
    model[2].eval()
    before, random = copy.deepcopy(model.state_dict()), torch.random.get_rng_state()
    assert report(model, BATCH, nn.functional.mse_loss) == report(model, BATCH, nn.functional.mse_loss)
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
    assert torch.equal(torch.random.get_rng_state(), random)
    for parameter in model.parameters():
        assert parameter.grad is None
    for module in model.modules():
        assert module.training is (module is not model[2])
        assert not module._forward_hooks


def test_hooks_go_away_after_an_error():
    model = nn.Linear(1, 1).double()
    with pytest.raises(ZeroDivisionError):
        report(model, BATCH, lambda output, target: 1 / 0)
    assert not model._forward_hooks


def test_inputs_may_be_several_or_named():
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(1, 1).double()

        def forward(self, a, b):
            return self.layer(a) + b

    target = X.abs()
    a = report(Both(), ((X, X), target), nn.functional.mse_loss)
    b = report(Both(), ({"a": X, "b": X}, target), nn.functional.mse_loss)
    c = report(Both(), {"a": X, "b": X}, lambda y: y.square().mean())
    assert len(a.layers) == len(b.layers) == len(c.layers) == 1


MSE = nn.functional.mse_loss
LINE = nn.Linear(1, 1).double()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("net", BATCH, MSE), TypeError, "model must be a torch.nn.Module; got str"),
        ((nn.ReLU(), BATCH, MSE), ValueError, "no parameter to train: it has no parameters at all"),
        ((nn.Linear(1, 1).requires_grad_(False), BATCH, MSE), ValueError, "all 2 have requires_grad=False"),
        ((LINE, BATCH, 3), TypeError, "loss must be a function"),
        ((LINE, BATCH, lambda y, t: y - t), ValueError, r"one number; got shape \(20, 1\)"),
        ((LINE, BATCH, lambda y, t: 1.0), TypeError, "the loss must be a tensor; got 1.0"),
        ((LINE, BATCH, lambda y, t: y.detach().sum()), ValueError, "does not depend on any parameter"),
        ((LINE, (X, X, X), MSE), ValueError, "a pair .* got 3 things"),
        ((LINE, "x", MSE), TypeError, "inputs of a batch must be a tensor"),
        ((LINE, (X[:0], X[:0]), MSE), ValueError, r"empty: it holds a tensor of shape \(0, 1\)"),
        ((LINE, (X / 0, X), MSE), ValueError, "must be finite; 20 of the 20 numbers"),
    ],
)
def test_bad_input_gets_one_sentence(arguments, error, words):
    with pytest.raises(error, match=words):
        report(*arguments)


@pytest.mark.parametrize(
    ("norms", "kind"),
    [
        ([1.0, 1.0, 1.0], "even"),
        ([1.0], "unclear"),
        ([0.0, 0.0], "unclear"),
        ([0.0, 1.0, 1.0], "blocked"),
        ([1.0, 0.0, 1.0], "even"),
        ([1.0, math.nan, 1.0], "not finite"),
        ([1.0, math.inf], "not finite"),
        ([1.001 / LIMIT, 1.0], "even"),
        ([0.999 / LIMIT, 1.0], "vanishing"),
        ([0.999 * LIMIT, 1.0], "even"),
        ([1.001 * LIMIT, 1.0], "exploding"),
        ([5e-324, 1e308], "vanishing"),
        ([1e308, 5e-324], "exploding"),
    ],
)
def test_diagnosis_of_hand_made_norms(norms, kind):
    assert diagnose(norms).kind == kind


@settings(deadline=None)
@given(st.floats(0.05, 20), st.integers(2, 60), st.floats(1e-6, 1e6))
def test_a_geometric_row_is_diagnosed_by_its_ratio(factor, depth, last):
    norms = [last * factor ** (depth - 1 - d) for d in range(depth)]
    diagnosis = diagnose(norms)
    total = (depth - 1) * math.log(factor)
    if abs(abs(total) - math.log(LIMIT)) > 1e-6:
        expected = "even" if abs(total) < math.log(LIMIT) else "vanishing" if total < 0 else "exploding"
        assert diagnosis.kind == expected
    assert diagnosis.factor == pytest.approx(factor, rel=1e-6)


@pytest.mark.parametrize(
    ("norms", "names", "words"),
    [
        ([], None, "at least 1"),
        ([[1.0]], None, r"shape \(1, 1\)"),
        ([-1.0], None, "never negative"),
        ([1.0], "ab", "2"),
    ],
)
def test_norms_that_make_no_sense_are_refused(norms, names, words):
    with pytest.raises(ValueError, match=words):
        diagnose(norms, names)


def train(model, optimizer, epochs=6):
    norms = []
    for _ in range(epochs):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X), X.abs()).backward()
        norms.append([gradient_norm(model[0]), gradient_norm(model[2])])
        optimizer.step()
    return norms


def gradient_norm(layer):
    return math.hypot(layer.weight.grad.norm().item(), layer.bias.grad.norm().item())


@pytest.mark.parametrize("every", [1, 2])
def test_recording_sees_every_step(every):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 3), nn.ReLU(), nn.Linear(3, 1)).double()
    optimizer = torch.optim.Adam(model.parameters())
    with recording(model, optimizer, every=every) as history:
        norms = train(model, optimizer)
    train(model, optimizer, epochs=1)
    assert history.steps == list(range(0, 6, every))
    assert history.norms == pytest.approx(torch.tensor(norms, dtype=torch.float64).numpy()[::every])
    assert history.diagnosis().kind == "even"
    assert history.names == ("0", "2")
    assert len(str(history).splitlines()) == 3


def test_recording_refuses_what_it_cannot_use():
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with (
        pytest.raises(ValueError, match="every must be a whole number of at least 1; got 0"),
        recording(model, optimizer, 0),
    ):
        pass
    with pytest.raises(TypeError, match=r"torch\.optim\.Optimizer; got str"), recording(model, "adam"):
        pass
    with recording(model, optimizer) as history:
        pass
    with pytest.raises(IndexError, match="0 steps were recorded"):
        history.diagnosis()
    assert str(history) == "no step was recorded"
