"""Where torch hides that a tensor is the data's, and where there is no data: followed, or named; never left out."""

from __future__ import annotations

import copy

import pytest
import torch
from test_whole_networks import Network, bias, with_dead
from torch import nn

from lrn.dead import dead_units
from lrn.dead._watch import Watch
from tests.dead.flags import flags

X = torch.randn(10, 3, generator=torch.Generator().manual_seed(0))


class Own(torch.Tensor):
    """A tensor of another class, whose results torch wraps unseen."""


FOLLOWED = {
    "a class of its own": lambda net, x: torch.relu(net.a(x.as_subclass(Own))),
    "a parameter made of data": lambda net, x: torch.relu(nn.Parameter(net.a(x))),
    "data": lambda net, x: torch.relu(net.a(x).data),
    "dlpack": lambda net, x: torch.relu(torch.from_dlpack(net.a(x))),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_data_is_followed_under_other_names(name):
    report = dead_units(Network(FOLLOWED[name], a=with_dead(nn.Linear(3, 4))), X)
    assert flags(report) == [[False, True, False, False]]


LOST = {
    "numpy": lambda x: torch.from_numpy(x.numpy().copy()),
    "the same memory in numpy": lambda x: torch.from_numpy(x.numpy()),
    "a list": lambda x: torch.tensor(x.tolist()),
    "a deep copy": copy.deepcopy,
}


@pytest.mark.parametrize("name", LOST)
def test_an_activation_behind_numpy_or_lists_is_named(name):
    lose = LOST[name]
    net = Network(lambda s, x: torch.relu(lose(torch.relu(s.a(x)))), a=with_dead(nn.Linear(3, 4)))
    report = dead_units(net, X)
    assert flags(report) == [[False, True, False, False]]
    assert "out of torch's sight" in report.not_counted["relu()#2"]


def experts(net, x):
    """Each sample goes to one of three experts, by its sign; none goes to the last."""
    out, choice = torch.zeros(len(x), 4), (x[:, 0] > 0).long()
    for number, expert in enumerate((net.a, net.b, net.c)):
        rows = (choice == number).nonzero()[:, 0]
        out[rows] = expert(x[rows])
    return out


def test_experts_without_samples_are_named_and_others_counted():
    def expert(dead):
        return nn.Sequential(with_dead(nn.Linear(3, 4), dead), nn.ReLU())

    net = Network(experts, a=expert(0), b=expert(1), c=expert(2))
    report = dead_units(net, iter([X.abs(), -X.abs()]))
    assert report.names == ("a.1", "b.1")
    assert report["a.1"].dead.nonzero()[0].tolist() == [0]
    assert report["b.1"].dead.nonzero()[0].tolist() == [1]
    assert report.not_counted == {"c.1": "no value ever reached it"}


def test_parts_without_rows_change_nothing():
    net = Network(lambda s, x: torch.relu(torch.cat([s.a(x[:0]), s.a(x)])), a=with_dead(nn.Linear(3, 4)))
    assert flags(dead_units(net, X)) == [[False, True, False, False]]


def sparse_weights(net, x):
    return torch.relu(torch.sparse.mm(net.w, x.T) + net.b[:, None])


def sparse_data(net, x):
    return torch.relu(torch.sparse.mm(x.to_sparse(), net.a.weight.T) + net.a.bias)


def test_sparse_products_have_units():
    weights = Network(sparse_weights, w=nn.Parameter(torch.rand(4, 3).to_sparse()), b=bias(4))
    assert flags(dead_units(weights, X)) == [[False, True, False, False]]
    assert flags(dead_units(Network(sparse_data, a=with_dead(nn.Linear(3, 4))), X)) == [[False, True, False, False]]


def test_an_error_of_one_pass_does_not_come_back_in_the_next():
    watch = Watch(nn.ReLU())
    with watch.attached():
        watch.forward((X,), {})
        with pytest.raises(ValueError, match="3 units on one batch and 4 on another"):
            watch.forward((torch.ones(2, 4),), {})
        watch.forward((X,), {})
    assert watch.tallies["ReLU"].total == 20


class BuildsItself(nn.Module):
    def forward(self, x):
        if not hasattr(self, "a"):
            self.a = with_dead(nn.Linear(x.shape[1], 4))
        return torch.relu(self.a(x))


def test_a_model_that_builds_its_layers_when_it_first_runs():
    assert flags(dead_units(BuildsItself(), iter([X, X]))) == [[False, True, False, False]]
