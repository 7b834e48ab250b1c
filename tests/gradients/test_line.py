"""Gradients along a line, their autocorrelation, and how they turn under small changes."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lrn.gradients import autocorrelation, gradient_similarity, input_gradient


def mlp(features=1, outputs=1, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(features, 8), nn.Tanh(), nn.Linear(8, outputs)).double()


def test_slopes_agree_with_differences():
    line = input_gradient(mlp(3), [-1.0, 0.0, 2.0], [1.0, 1.0, -1.0], points=2001)
    differences = np.diff(line.outputs) / np.diff(line.positions)
    assert (line.slopes[:-1] + line.slopes[1:]) / 2 == pytest.approx(differences, abs=1e-5)
    assert line.gradients.shape == (2001, 3)
    assert line.positions[-1] == pytest.approx(np.sqrt(4 + 1 + 9))


def test_each_output_has_its_own_gradient():
    model = mlp(2, 3)
    start, end = torch.zeros(2), torch.ones(2)
    rows = [input_gradient(model, start, end, 4, output=k).gradients[0] for k in range(3)]
    jacobian = torch.autograd.functional.jacobian(lambda x: model(x), torch.zeros(2, dtype=torch.float64))
    assert np.array(rows) == pytest.approx(jacobian.numpy())


def test_a_model_in_training_mode_is_looked_at_in_evaluation_mode():
    model = nn.Sequential(nn.Linear(1, 4), nn.Dropout(0.9), nn.BatchNorm1d(4), nn.Linear(4, 1))
    before = model[2].running_mean.clone()
    assert np.ptp(input_gradient(model).slopes) < 1e-6, "without dropout and batch statistics the model is affine"
    assert model[1].training
    assert torch.equal(model[2].running_mean, before)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"start": [0.0], "end": [1.0, 2.0]}, "one shape"),
        ({"start": 1.0, "end": 1.0}, "must differ"),
        ({"start": float("nan")}, "finite"),
        ({"points": 1}, "at least 2; got 1"),
        ({"output": 3}, "from 0 to 0; got 3"),
    ],
)
def test_lines_that_make_no_sense_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        input_gradient(mlp(), **arguments)


def test_several_outputs_need_a_choice():
    with pytest.raises(ValueError, match="gives 2 outputs; say which"):
        input_gradient(mlp(1, 2))


def test_a_constant_model_is_refused():
    class Constant(nn.Module):
        def forward(self, x):
            return torch.ones(len(x))

    with pytest.raises(ValueError, match="does not depend on its input"):
        input_gradient(Constant())


@settings(deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40).filter(lambda v: np.ptp(v) > 1e-3))
def test_autocorrelation_is_numpys(values):
    v = np.array(values) - np.mean(values)
    expected = np.correlate(v, v, "full")[len(v) - 1 :] / (v @ v)
    assert autocorrelation(values) == pytest.approx(expected, abs=1e-9)


def test_autocorrelation_of_noise_and_of_a_slow_series():
    noise = np.random.default_rng(0).normal(size=(200, 256))
    assert np.abs(autocorrelation(noise, 5)[:, 1:].mean(axis=0)).max() < 0.02  # 3 standard errors of 1/16/sqrt(200)
    assert autocorrelation(np.sin(np.linspace(0, 3, 256)), 1)[1] > 0.98


def test_autocorrelation_takes_values_of_any_size():
    shape = np.sin(np.arange(20))
    for scale in (1e-300, 1e300):
        assert autocorrelation(shape * scale) == pytest.approx(autocorrelation(shape))


def test_equal_values_have_no_autocorrelation():
    assert np.isnan(autocorrelation([[0.1] * 7, [1.0] * 7])).all()


@pytest.mark.parametrize(
    ("values", "lags", "words"),
    [
        ([1.0], None, "at least 2"),
        ([1.0, np.inf], None, "1 of 2"),
        ([1.0, 2.0], 2, "from 0 to 1 for 2 values; got 2"),
        ([1.0, 2.0], 0.5, "got 0.5"),
    ],
)
def test_values_without_an_autocorrelation_are_refused(values, lags, words):
    with pytest.raises(ValueError, match=words):
        autocorrelation(values, lags)


X = torch.linspace(-1, 1, 20, dtype=torch.float64).reshape(20, 1)
MSE = nn.functional.mse_loss


@pytest.mark.parametrize("scale", [1e-2, 1e-1])
def test_similarity_agrees_with_gradients_taken_by_hand(scale):
    model = mlp()
    unchanged = model[2].weight.clone()

    def loss(output, target):
        return MSE(output, target)

    similarity = gradient_similarity(
        model, (X, X.abs()), loss, scale=scale, changed=lambda n: n == "0.weight", repeats=1
    )
    base = torch.autograd.grad(loss(model(X), X.abs()), list(model.parameters()))
    with torch.no_grad():
        step = torch.randn(8, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        model[0].weight += scale * model[0].weight.norm() * step / step.norm()
    changed = torch.autograd.grad(loss(model(X), X.abs()), list(model.parameters()))
    cosines = []
    for before, after in zip(base, changed, strict=True):
        cosines.append(torch.cosine_similarity(before.flatten(), after.flatten(), dim=0).item())
    assert similarity.each[0] == pytest.approx(cosines)
    assert similarity.changed == ("0.weight",)
    assert similarity.names == ("0.weight", "0.bias", "2.weight", "2.bias")
    assert torch.equal(model[2].weight, unchanged)


def test_similarity_leaves_the_model_alone_and_repeats_itself():
    model = nn.Sequential(nn.Linear(1, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 1)).double()
    state = copy.deepcopy(model.state_dict())
    first = gradient_similarity(model, (X, X.abs()), MSE, scale=1e-9)
    second = gradient_similarity(model, (X, X.abs()), MSE, scale=1e-9)
    assert np.array_equal(first.whole, second.whole)
    assert first.whole.min() > 1 - 1e-6, "dropout must draw the same units before and after"
    torch.testing.assert_close(model.state_dict(), state, rtol=0, atol=0)


def test_larger_changes_turn_the_gradient_more():
    small = gradient_similarity(mlp(), (X, X.abs()), MSE, scale=1e-3, repeats=20)
    large = gradient_similarity(mlp(), (X, X.abs()), MSE, scale=0.5, repeats=20)
    assert large.whole.mean() < small.whole.mean() < 1
    assert "0.001 of their norm (4 of 4 parameters)" in str(small)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"scale": 0.0}, "positive number; got 0.0"),
        ({"repeats": 0}, "at least 1; got 0"),
        ({"changed": lambda name: False}, "chose no parameter; there are 0.weight"),
    ],
)
def test_changes_that_make_no_sense_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        gradient_similarity(mlp(), (X, X.abs()), MSE, **arguments)
