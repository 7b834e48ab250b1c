"""Linear regions on a line: none missed, none invented."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lrn.gradients import linear_regions
from lrn.nets import LateResidualNet, PlainNet


def sawtooth(depth):
    """x on [0, 1] folded `depth` times: 2^depth straight pieces, from two units per layer (Montúfar et al., 2014)."""
    net = PlainNet(1, [2] * depth, 1).double()
    fold = torch.tensor([2.0, -4.0], dtype=torch.float64)
    with torch.no_grad():
        for d, layer in enumerate(net.hidden):
            layer.weight.copy_(torch.ones(2, 1) if d == 0 else fold.repeat(2, 1))
            layer.bias.copy_(torch.tensor([0.0, -0.5]))
        net.output.weight.copy_(fold[None])
        net.output.bias.zero_()
    return net


@pytest.mark.parametrize("depth", range(1, 13))
def test_the_sawtooth_has_two_to_the_depth_pieces(depth):
    regions = linear_regions(sawtooth(depth), 0.0, 1.0)
    assert regions.pieces == 2**depth
    assert regions.breakpoints == pytest.approx(np.arange(1, 2**depth) / 2**depth, abs=0)
    assert np.abs(regions.slopes).tolist() == [2.0**depth] * 2**depth


def patterns_on_a_grid(net, start, end, points):
    """How many sets of active units a fine grid meets, in order, without looking at breakpoints."""
    x = torch.linspace(start, end, points, dtype=torch.float64).reshape(-1, 1)
    with torch.no_grad():
        signs = torch.cat([h > 0 for h in net.layer_outputs(x)], dim=1)
    return 1 + int((signs[1:] != signs[:-1]).any(dim=1).sum())


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=4),
    st.integers(0, 2**31),
    st.sampled_from([PlainNet, LateResidualNet]),
)
def test_counts_agree_with_brute_force(widths, seed, make):
    torch.manual_seed(seed)
    net = make(1, widths, 1).double()
    regions = linear_regions(net, -2.0, 2.0)
    points, gap = 20_001, 4 / 20_000
    edges = np.concatenate([[0.0], regions.breakpoints, [4.0]])
    counted = patterns_on_a_grid(net, -2.0, 2.0, points)
    if np.diff(edges).min() > 2 * gap:
        assert counted == regions.regions
    else:
        assert counted <= regions.regions
    middles = torch.tensor((edges[1:] + edges[:-1]) / 2 - 2).reshape(-1, 1).requires_grad_()
    (slopes,) = torch.autograd.grad(net(middles).sum(), middles)
    assert regions.slopes == pytest.approx(slopes.flatten().numpy(), abs=1e-12)


@pytest.mark.parametrize(
    ("function", "breakpoints"),
    [
        (F.relu, [2.0]),
        (nn.ReLU(inplace=True), [2.0]),
        (torch.Tensor.relu_, [2.0]),
        (F.leaky_relu, [2.0]),
        (nn.PReLU(), [2.0]),
        (torch.abs, [2.0]),
        (F.relu6, [2.0, 8.0]),
        (F.hardtanh, [1.0, 3.0]),
        (nn.Hardtanh(-0.5, 0.25), [1.5, 2.25]),
        (lambda x: x.clamp(min=0.5), [2.5]),
        (lambda x: torch.clamp(x, -1, 2), [1.0, 4.0]),
        (lambda x: x.clamp_max(1), [3.0]),
        (F.hardsigmoid, [5.0]),
        (nn.Identity(), []),
    ],
)
def test_every_kink_is_known(function, breakpoints):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = function if isinstance(function, nn.Module) else None

        def forward(self, x):
            return function(x + 0.0) if self.inner is None else self.inner(x + 0.0)

    regions = linear_regions(Model(), -2.0, 9.0)
    assert regions.breakpoints == pytest.approx(breakpoints)
    assert regions.pieces == len(breakpoints) + 1


def test_a_unit_that_the_output_ignores_makes_a_region_but_no_piece():
    net = PlainNet(1, [2], 1).double()
    with torch.no_grad():
        net.hidden[0].weight.fill_(1.0)
        net.hidden[0].bias.copy_(torch.tensor([0.0, -0.5]))
        net.output.weight.copy_(torch.tensor([[1.0, 0.0]]))
    regions = linear_regions(net)
    assert (regions.regions, regions.pieces) == (3, 2)


def test_convolutions_residual_sums_and_batch_norm_are_linear():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3)
            self.second, self.out = nn.Conv2d(3, 3, 3, padding=1), nn.Linear(3, 2)

        def forward(self, x):
            h = F.relu(self.norm(self.conv(x)))
            h = h + F.relu(self.second(h))
            return self.out(F.avg_pool2d(h, 4).flatten(1))

    torch.manual_seed(0)
    net = Net()
    regions = linear_regions(net, torch.randn(1, 4, 4), torch.randn(1, 4, 4), output=1)
    assert regions.pieces == regions.regions > 10
    assert net.training
    assert net.conv.weight.dtype == torch.float32


@pytest.mark.parametrize("wrong", [nn.Tanh(), nn.GELU(), nn.LayerNorm(3), nn.Softmax(dim=1)])
def test_what_is_not_piecewise_linear_is_refused(wrong):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(1, 3), wrong, nn.Linear(3, 1))
    with pytest.raises(ValueError, match="not linear between its breakpoints"):
        linear_regions(net)


def test_bad_input_gets_one_sentence():
    with pytest.raises(TypeError, match=r"must be a torch\.nn\.Module; got str"):
        linear_regions("net")
    with pytest.raises(ValueError, match="more than 3 breakpoints"):
        linear_regions(sawtooth(3), 0.0, 1.0, most=3)
    with pytest.raises(ValueError, match="NaN or infinite"):
        linear_regions(nn.Sequential(nn.Linear(1, 1), nn.Hardtanh()).requires_grad_(False).apply(_break))


def _break(module):
    if isinstance(module, nn.Linear):
        nn.init.constant_(module.weight, float("nan"))
