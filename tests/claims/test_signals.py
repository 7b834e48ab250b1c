"""Signals and gradients through layers and time steps, against torch's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from claims.note.signals import Recurrent, Signals
from lrn.arithmetic import normal


@pytest.mark.parametrize("nonlinearity", ["relu", "tanh"])
def test_signal_and_gradient_are_those_of_autograd(nonlinearity):
    population = Signals(nonlinearity, 1.3, depth=4, width=6)
    columns = population.sample(range(5))
    for seed in range(5):
        generator = np.random.Generator(np.random.Philox(key=seed))
        x = torch.tensor(normal(generator, 6), requires_grad=True)
        h = x
        for _ in range(4):
            h = getattr(torch, nonlinearity)(torch.tensor(normal(generator, (6, 6)) * 1.3 / np.sqrt(6)) @ h)
        v = torch.tensor(normal(generator, 6))
        (gradient,) = torch.autograd.grad(h @ v, x)
        assert columns["signal"][seed] == pytest.approx(float((h.norm() / x.norm()).log10().detach()))
        assert columns["gradient"][seed] == pytest.approx(float((gradient.norm() / v.norm()).log10()))


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_gradients_through_time_are_those_of_autograd(delay):
    gradients = Recurrent(0.8, steps=7, delay=delay, width=5).sample(range(4))["gradient"]
    for seed in range(4):
        generator = np.random.Generator(np.random.Philox(key=seed))
        v = torch.tensor(normal(generator, 5))
        a, b = torch.tensor(np.stack([normal(generator, (5, 5)) for _ in range(2)]) * 0.8 / np.sqrt(5))
        start = torch.ones(5, dtype=torch.float64, requires_grad=True)
        h = [start]
        for t in range(1, 8):
            h.append(a @ h[t - 1] + (b @ h[t - delay] if 0 < delay <= t else 0))
        (gradient,) = torch.autograd.grad(h[7] @ v, start)
        assert gradients[seed] == pytest.approx(float((gradient.norm() / v.norm()).log10()))


def test_a_seed_is_the_same_whatever_the_others():
    for population in (Signals("relu", 1.0, 5), Recurrent(0.5, 10, 2)):
        whole, part = population.sample(range(6)), population.sample(range(3, 6))
        for name, values in part.items():
            assert (whole[name][3:] == values).all(), name
