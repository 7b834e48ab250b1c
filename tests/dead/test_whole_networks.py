"""Dead units are found through whole networks: graphs, attention, experts; and the table says where they are."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lrn.dead import dead_units


class Network(nn.Module):
    """Any forward, with modules and parameters by name."""

    def __init__(self, forward, **parts):
        super().__init__()
        self.function = forward
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *inputs):
        return self.function(self, *inputs)


def with_dead(layer, unit=1):
    """A layer that fires everywhere but in one unit."""
    with torch.no_grad():
        layer.bias.fill_(100.0)
        layer.bias[unit] = -100.0
    return layer


def bias(units, unit=1):
    return nn.Parameter(torch.where(torch.arange(units) == unit, -100.0, 100.0))


NEIGHBOURS = torch.rand(8, 8)


def messages(net, x):
    """Each node gets the sum of its neighbours' messages."""
    sources, targets = torch.arange(20) % 8, torch.arange(20) * 3 % 8
    return torch.relu(torch.zeros(8, 6).index_add(0, targets, net.a(x)[sources]))


def sampled(net, x):
    """Some pixels of each channel."""
    h = net.a(x).flatten(2)
    pixels = torch.tensor([0, 7, 3]).expand(len(h), h.shape[1], 3)
    return torch.relu(torch.gather(h, 2, pixels))


def heads_of_attention(net, x):
    n, t, c = x.shape
    q, _, _ = net.a(x).reshape(n, t, 3, 2, c // 2).permute(2, 0, 3, 1, 4).unbind(0)
    return torch.relu(q)


def learned_queries(net, x):
    attended = torch.softmax(net.q @ x.mT, -1) @ x
    return torch.relu(net.a(attended))


def token_mixing(net, x):
    tokens = net.b(x).flatten(2).mT  # (N, T, C)
    return torch.relu(net.a(tokens.mT))


def experts_at_once(net, x):
    return torch.relu(torch.einsum("nd,edf->nef", x, net.w) + net.b)


# What it is, its data, and of which unit of how many it is dead.
NETWORKS = {
    "messages in a graph": (Network(messages, a=with_dead(nn.Linear(3, 6))), (8, 3), 1, 6),
    "neighbours averaged": (Network(lambda s, x: torch.relu(NEIGHBOURS @ s.a(x)), a=with_dead(nn.Linear(3, 6))),
                            (8, 3), 1, 6),
    "sparse neighbours": (Network(lambda s, x: torch.relu(torch.sparse.mm(NEIGHBOURS.to_sparse(), s.a(x))),
                                  a=with_dead(nn.Linear(3, 6))), (8, 3), 1, 6),
    "gathered pixels": (Network(sampled, a=with_dead(nn.Conv2d(3, 8, 3))), (2, 3, 6, 6), 1, 8),
    "rows along a dimension": (
        Network(lambda s, x: torch.relu(torch.take_along_dim(s.a(x), torch.tensor([[[2], [0]]]), 1)),
                a=with_dead(nn.Linear(3, 4))), (2, 5, 3), 1, 4),
    "pixel shuffle": (nn.Sequential(with_dead(nn.Conv2d(3, 8, 3)), nn.PixelShuffle(2), nn.ReLU()), (2, 3, 6, 6), 1, 8),
    "pixel unshuffle": (nn.Sequential(with_dead(nn.Conv2d(3, 4, 3)), nn.PixelUnshuffle(2), nn.ReLU()),
                        (2, 3, 6, 6), 1, 4),
    "queries of three": (Network(heads_of_attention, a=with_dead(nn.Linear(8, 24))), (4, 5, 8), 1, 8),
    "learned queries": (Network(learned_queries, q=nn.Parameter(torch.rand(6, 3)), a=with_dead(nn.Linear(3, 4))),
                        (4, 5, 3), 1, 4),
    "tokens mixed": (Network(token_mixing, b=nn.Conv2d(3, 5, 2, 2), a=with_dead(nn.Linear(9, 7))), (2, 3, 6, 6), 1, 7),
    "weights on the left": (Network(lambda s, x: torch.relu(s.w @ x.T + s.b[:, None]).T, b=bias(4),
                                    w=nn.Parameter(torch.rand(4, 3))), (8, 3), 1, 4),
    "product of two weights": (Network(lambda s, x: torch.relu(F.linear(x, s.v @ s.w, s.b)), b=bias(6),
                                       v=nn.Parameter(torch.rand(6, 2)), w=nn.Parameter(torch.rand(2, 3))),
                               (9, 3), 1, 6),
    "experts at once": (Network(experts_at_once, w=nn.Parameter(torch.rand(2, 3, 6)),
                                b=nn.Parameter(bias(12, 8).detach().reshape(2, 6))), (20, 3), 8, 12),
    "windows of pixels": (Network(lambda s, x: torch.relu(s.a(F.unfold(x, 3).mT)), a=with_dead(nn.Linear(27, 8))),
                          (2, 3, 6, 6), 1, 8),
    "bilinear": (Network(lambda s, x: torch.relu(s.a(x, x)), a=with_dead(nn.Bilinear(3, 3, 5))), (9, 3), 1, 5),
    "convolution and recurrence": (
        Network(lambda s, x: torch.relu(s.a(s.r(s.c(x).mT)[0])), c=nn.Conv1d(3, 8, 3),
                r=nn.GRU(8, 5, batch_first=True), a=with_dead(nn.Linear(5, 7))), (4, 3, 12), 1, 7),
    "frames of a film": (
        Network(lambda s, x: torch.relu(s.a(x.flatten(0, 1)).unflatten(0, x.shape[:2])),
                a=with_dead(nn.Conv2d(3, 8, 3))), (2, 4, 3, 8, 8), 1, 8),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize("name", NETWORKS)
def test_units_are_followed_through_whole_networks(name):
    net, shape, dead, units = NETWORKS[name]
    torch.manual_seed(0)
    report = dead_units(net, torch.rand(shape))
    (layer,) = report.layers
    assert layer.dead.nonzero()[0].tolist() == [dead]
    assert report.units == units


def test_sums_over_a_bag_of_embeddings_are_units_of_the_table():
    net = nn.Sequential(nn.EmbeddingBag(10, 4), nn.ReLU())
    with torch.no_grad():
        net[0].weight.fill_(1.0)
        net[0].weight[:, 2] = -1.0
    assert dead_units(net, torch.arange(18).reshape(6, 3) % 10).layers[0].dead.tolist() == [False, False, True, False]


def test_inputs_keep_their_own_positions_apart():
    """Another input has other positions, though both have a dimension 1."""
    net = Network(lambda s, x, y: torch.relu(s.a(x)).sum() + torch.relu(s.b(y)), a=with_dead(nn.Linear(3, 4)),
                  b=with_dead(nn.Linear(2, 5)))  # fmt: skip
    report = dead_units(net, ((torch.rand(6, 3, 3), torch.rand(6, 7, 2)),), mask=lambda x, y: torch.ones(6, 3))
    assert report.units == 4
    assert "cannot be followed" in str(report)


def test_what_cannot_be_known_is_said_and_can_be_told():
    x = torch.randn(3, 4, 5)
    with pytest.raises(ValueError, match="nothing says which dimension holds the units"):
        dead_units(nn.ReLU(), x)
    report = dead_units(nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(20, 3), nn.ReLU()), x, unit_dims={"0": 1})
    assert report["0"].units == 4
    report = dead_units(nn.Sequential(nn.ReLU(), nn.Conv1d(4, 2, 1)), x)
    assert report["0"].units == 4, "the convolution behind it says that dimension 1 is its channels"


def test_several_dimensions_can_hold_the_units():
    x = torch.ones(3, 4, 5)
    x[:, 1, 2] = -1
    assert dead_units(nn.ReLU(), x, unit_dims={"ReLU": (1, 2)}).layers[0].dead.nonzero()[0].tolist() == [7]


def test_the_table_says_shape_and_feeding_layer():
    torch.manual_seed(0)
    report = dead_units(nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU()), torch.randn(4, 3, 8, 8))
    layer = report.layers[0]
    assert (layer.shape, layer.fed_by) == (("N", 8, 6, 6), ("1",))
    assert 0 < layer.zeros < 1
    assert "Nx8x6x6" in str(report)


def test_the_share_of_zeros_is_that_of_the_output():
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(3, 8), nn.ReLU()), torch.randn(50, 3)
    with torch.no_grad():
        share = (net(x) == 0).float().mean().item()
    assert dead_units(net, x, batch_size=7).layers[0].zeros == pytest.approx(share)
