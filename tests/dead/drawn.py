"""Networks and data that hypothesis draws, with neurons that are dead or alive for certain.

Weights, biases and data are small whole numbers in double precision, so that every sum is exact and a law about
exact zeros holds exactly, whatever the order of summation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from hypothesis import settings
from hypothesis import strategies as st
from torch import Tensor

from lrn.dead import dead_units
from lrn.nets import LateResidualNet, PlainNet
from tests.dead.flags import flags

QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None, report_multiple_bugs=False)

FREE, DEAD, ALIVE = "free", "dead", "alive"


class Case(NamedTuple):
    """A network, its data (N, F), and the state planted in each neuron: FREE, DEAD or ALIVE."""

    net: PlainNet | LateResidualNet
    x: Tensor
    planted: list[list[str]]


@st.composite
def cases(draw, kinds=(PlainNet, LateResidualNet), states=(FREE, DEAD), lowest=-4):
    kind, in_features = draw(st.sampled_from(kinds)), draw(st.integers(1, 3))
    layer = st.lists(st.sampled_from(states), min_size=1, max_size=4)
    planted = draw(st.lists(layer, min_size=1, max_size=4))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = whole(generator, lowest, 5, (draw(st.integers(1, 6)), in_features))
    net = kind(in_features, list(map(len, planted)), 2).double()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(whole(generator, -3, 4, parameter.shape))
        for linear, layer_states in zip(net.hidden, planted, strict=True):
            plant(linear, layer_states)
    return Case(net, x, planted)


def whole(generator, low, high, shape):
    return torch.from_numpy(generator.integers(low, high, size=tuple(shape)).astype(float))


def plant(linear, states):
    for n, state in enumerate(states):
        if state == DEAD:
            linear.bias[n] = -1e9  # four layers of four small numbers stay far below
        elif state == ALIVE:
            linear.weight[n], linear.bias[n] = 0, 1


def flags_of(net, x):
    """Dead neurons by layer, from the definition."""
    with torch.no_grad():
        return [(h == 0).all(0).tolist() for h in net.layer_outputs(x)]


def masks_in(net, x, **options):
    return flags(dead_units(net, x, **options))
