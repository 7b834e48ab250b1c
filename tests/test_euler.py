"""`EulerNet`: its steps are Euler's, and its error halves when their number doubles."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from torch import nn

from claims.note.flows import euler, flow
from lrn.nets import EulerNet
from tests.networks import count_parameters


class Field(nn.Module):
    """f(h) = tanh(A h + b)."""

    def __init__(self, a, b):
        super().__init__()
        self.a, self.b = torch.as_tensor(a), torch.as_tensor(b)

    def forward(self, h):
        return torch.tanh(self.a @ h + self.b)


def solved(a, b, start):
    """Where scipy's solver is led by that field in one unit of time, to about ten digits."""
    return solve_ivp(lambda _, h: np.tanh(a @ h + b), (0, 1), start, method="DOP853", rtol=1e-11, atol=1e-12).y[:, -1]


@pytest.fixture
def system():
    generator = np.random.default_rng(5)
    a, b, start = map(generator.standard_normal, ((6, 4, 4), (6, 4), (6, 4)))
    return 2 * a, 2 * b, 2 * start


def test_the_note_s_networks_are_euler_nets(system):
    for a, b, start, end in zip(*system, euler(*system, 50), strict=True):
        assert EulerNet(Field(a, b), 50)(torch.as_tensor(start)).numpy() == pytest.approx(end, rel=1e-12, abs=1e-12)


def test_the_note_s_flows_are_what_scipy_solves(system):
    for a, b, start, end in zip(*system, flow(*system), strict=True):
        assert solved(a, b, start) == pytest.approx(end, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("steps", [1, 3, 10])
def test_growth_is_compound_interest(steps):
    output = EulerNet(nn.Identity(), steps, time=2.0)(torch.ones(5, dtype=torch.float64))
    assert output.numpy() == pytest.approx((1 + 2 / steps) ** steps)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31), st.integers(1, 6))
def test_the_error_falls_as_one_over_the_number_of_layers(seed, width):
    generator = np.random.default_rng(seed)
    a, (b, start) = generator.uniform(-1, 1, (width, width)), generator.uniform(-1, 1, (2, width))
    exact, field = solved(a, b, start), Field(a, b)

    def error(steps):
        return np.abs(EulerNet(field, steps)(torch.as_tensor(start)).numpy() - exact).max()

    of_64, of_128, of_256 = map(error, (64, 128, 256))
    # A field that happens to be straight along its flow leaves no error of first order to fall.
    if of_64 > 1e-6:
        assert of_64 / of_128 == pytest.approx(2, rel=0.25)
        assert of_128 / of_256 == pytest.approx(2, rel=0.25)


def test_its_layers_share_their_weights():
    assert count_parameters(EulerNet(nn.Linear(3, 3), 50)) == 12


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((torch.tanh, 3), TypeError, r"field must be a torch\.nn\.Module; got builtin_function_or_method"),
        ((nn.Tanh(), 0), ValueError, "steps must be at least 1, not 0"),
        ((nn.Tanh(), 1.5), TypeError, "steps must be a whole number of at least 1, not 1.5"),
    ],
)
def test_bad_input_gets_one_sentence(arguments, error, words):
    with pytest.raises(error, match=words):
        EulerNet(*arguments)


def test_a_field_that_changes_the_shape_is_refused():
    with pytest.raises(ValueError, match=r"must keep the shape \(2, 3\); it gave \(2, 1\)"):
        EulerNet(nn.Linear(3, 1), 2)(torch.zeros(2, 3))
