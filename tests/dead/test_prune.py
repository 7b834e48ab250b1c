"""`prune` on each kind of network: its new widths, its unchanged output, and its refusals."""

from __future__ import annotations

import copy
from operator import attrgetter

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lrn.dead import dead_units, prune
from lrn.nets import LateResidualNet, PlainNet
from tests.networks import modules_of

X = torch.linspace(-1, 1, 40, dtype=torch.float64).reshape(20, 2)


def make(kind, hidden, dead=(), activation=nn.ReLU):
    """A network in double precision whose only dead neurons are the pairs (layer, neuron) in `dead`."""
    torch.manual_seed(1)
    net = kind(2, hidden, 3, activation).double()
    with torch.no_grad():
        for linear in net.hidden:
            linear.weight *= 0.2
            linear.bias += 2  # more than the weights can take away on X
        for layer, neuron in dead:
            net.hidden[layer].bias[neuron] = -100
    return net


def whole_layer(d, width):
    return [(d, n) for n in range(width)]


@torch.no_grad()
def rounding(net, x=X):
    """How far apart two orders of summation can put an output.

    Each of two sums of K products and a bias is off by at most (K + 1) eps / 2 times the sum of the magnitudes
    (Higham 2002, section 3.1), and the relative errors of the layers add up. Dead rows, known here by their
    bias, add nothing.
    """
    largest, terms = float(x.abs().max()), 0
    for linear in modules_of(net, nn.Linear):
        alive = [] if linear.bias is None else linear.bias[linear.bias > -50].abs().tolist()
        bias = max(alive, default=0.0)
        largest = max(largest, largest * float(linear.weight.abs().sum(1).max()) + bias)
        terms += linear.in_features + 1
    return terms * torch.finfo(x.dtype).eps * largest


def assert_same_output(small, net, x=X):
    torch.testing.assert_close(small(x), net(x), rtol=0, atol=rounding(net, x))


@pytest.mark.parametrize("kind", [PlainNet, LateResidualNet])
def test_dead_neurons_go_and_the_output_stays(kind):
    net = make(kind, [4, 3, 5], dead=[(0, 1), (0, 3), (2, 0)])
    small = prune(net, X)
    assert type(small) is kind
    assert small.widths == (2, 3, 4)
    assert_same_output(small, net)
    assert dead_units(small, X).dead_neurons == 0


def test_the_rows_and_columns_kept_are_those_of_the_living():
    net = make(LateResidualNet, [3, 2], dead=[(0, 1), (1, 0)])
    small = prune(net, X)
    assert torch.equal(small.hidden[0].weight, net.hidden[0].weight[[0, 2]])
    assert torch.equal(small.hidden[1].weight, net.hidden[1].weight[[1]][:, [0, 2]])
    assert torch.equal(small.hidden[1].bias, net.hidden[1].bias[[1]])
    assert torch.equal(small.output.weight, net.output.weight[:, [0, 2, 4]])
    assert torch.equal(small.output.bias, net.output.bias)


@pytest.mark.parametrize("d", [0, 1, 2])
def test_a_plain_network_with_a_dead_layer_becomes_its_constant(d):
    net = make(PlainNet, [4, 4, 4], dead=whole_layer(d, 4))
    small = prune(net, X)
    assert small.widths == ()
    assert not small.output.weight.any()
    assert_same_output(small, net)
    assert torch.equal(small(X), small.output.bias.expand(20, 3))


@pytest.mark.parametrize("d", [0, 1, 2])
def test_a_late_network_keeps_the_layers_before_its_first_dead_one(d):
    net = make(LateResidualNet, [4, 4, 4], dead=[*whole_layer(d, 4), (0, 0)])
    small = prune(net, X)
    assert small.widths == ((), (3,), (3, 4))[d]
    assert small.output.in_features == sum(small.widths)
    assert_same_output(small, net)


def test_layers_behind_a_dead_one_go_whether_or_not_they_are_dead():
    net = make(LateResidualNet, [2, 2, 2, 2], dead=[*whole_layer(1, 2), *whole_layer(3, 2)])
    small = prune(net, X)
    assert small.widths == (2,)
    added = small.output.bias - net.output.bias
    third = net.layer_outputs(X)[2][0]
    assert third.all()
    # The constant is one product of two numbers: two roundings.
    torch.testing.assert_close(added, net.output.weight[:, 4:6] @ third, rtol=0, atol=1e-14)


def test_a_sequential_keeps_what_is_not_dead():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.ReLU(),
        nn.Linear(2, 4),
        nn.ReLU(),
        nn.Linear(4, 3, bias=False),
        nn.Linear(3, 5),
        nn.ReLU(),
        nn.ReLU(),
    ).double()
    net.append(nn.Linear(5, 2, dtype=torch.float64)).append(nn.ReLU())
    with torch.no_grad():
        net[1].bias[:] = torch.tensor([2, -100, 2, 2])
        net[3].weight[2] = 0  # no ReLU follows, and zero all the same
        net[4].bias[:] = torch.tensor([5, 5, -100, 5, -100])
        net[7].bias[0] = -100  # a dead output is an output
    small = prune(net, X)
    shapes = list(map(attrgetter("weight.shape"), modules_of(small, nn.Linear)))
    assert shapes == [(3, 2), (2, 3), (3, 2), (2, 3)]
    assert list(map(type, small)) == list(map(type, net))
    assert small[3].bias is None
    assert_same_output(small, net)


def test_a_relu_before_the_first_linear_counts():
    net = nn.Sequential(nn.ReLU(), nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1)).double()
    with torch.no_grad():
        net[1].weight[:, 0], net[1].bias[:] = torch.tensor([-1.0, 1.0]), torch.tensor([0.0, 1.0])
    x = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)  # the first neuron would see -1 without the ReLU
    small = prune(net, x)
    assert small[1].weight.shape == small[3].weight.shape == (1, 1)
    assert_same_output(small, net, x)


@pytest.mark.parametrize("bias", [True, False])
def test_a_sequential_with_a_dead_layer_becomes_its_constant(bias):
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2, bias=bias), nn.ReLU()
    ).double()
    with torch.no_grad():
        net[0].bias.fill_(-100)
    small = prune(net, X)
    assert list(map(type, small)) == [nn.Linear, nn.ReLU]
    assert not small[0].weight.any()
    assert_same_output(small, net)


@pytest.mark.parametrize(
    "net",
    [
        PlainNet(2, [], 3),
        LateResidualNet(2, [], 3),
        nn.Sequential(nn.Linear(2, 3)),
        nn.Sequential(nn.Linear(2, 3), nn.ReLU()),
    ],
    ids=["plain", "late", "linear", "linear-relu"],
)
def test_without_hidden_layers_there_is_nothing_to_prune(net):
    small = prune(net, X.float())
    torch.testing.assert_close(small.state_dict(), net.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("kind", [PlainNet, LateResidualNet])
def test_where_nothing_is_dead_the_copy_is_exact_and_shares_nothing(kind):
    net = make(kind, [4, 3])
    small = prune(net, X)
    for name, parameter in net.state_dict().items():
        assert torch.equal(small.state_dict()[name], parameter)
        assert small.state_dict()[name].data_ptr() != parameter.data_ptr()
    assert torch.equal(small(X), net(X))


@pytest.mark.parametrize("kind", [PlainNet, LateResidualNet])
@pytest.mark.parametrize("dead", [[(0, 1)], whole_layer(0, 4), whole_layer(1, 3)])
def test_the_result_is_an_ordinary_network_of_its_class(kind, dead):
    small = prune(make(kind, [4, 3], dead), X)
    fresh = kind(2, small.widths, 3).double()
    fresh.load_state_dict(small.state_dict())
    assert torch.equal(fresh(X), small(X))
    small(X).square().sum().backward()
    for parameter in small.parameters():
        assert parameter.grad is not None
        assert parameter.is_leaf


def test_the_original_and_the_random_state_are_untouched():
    net = make(PlainNet, [4, 3], [(0, 1), *whole_layer(1, 3)])
    before = copy.deepcopy(net.state_dict())
    state = torch.get_rng_state()
    prune(net, X)
    assert torch.equal(torch.get_rng_state(), state)
    assert net.widths == (4, 3)
    torch.testing.assert_close(net.state_dict(), before, rtol=0, atol=0)


@pytest.mark.parametrize("dead", [[(0, 1)], whole_layer(0, 4)])
def test_dtype_training_mode_and_frozen_parameters_are_kept(dead):
    net = make(LateResidualNet, [4, 3], dead).float()
    for training in (True, False):
        net.train(training)
        net.output.bias.requires_grad_(training)
        net.output.weight.requires_grad_(not training)
        small = prune(net, X.float())
        assert set(map(attrgetter("training"), small.modules())) == {training}
        assert small.output.bias.requires_grad is training
        assert small.output.weight.requires_grad is not training
        assert set(map(attrgetter("dtype"), small.parameters())) == {torch.float32}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_works(dtype):
    net = make(PlainNet, [4, 3], [(0, 1)]).to(dtype)
    small = prune(net, X.to(dtype))
    assert small.widths[0] == 3
    assert_same_output(small, net, X.to(dtype))


@pytest.mark.parametrize("batch_size", [None, 1, 7])
def test_data_comes_in_every_form(batch_size):
    net = make(LateResidualNet, [4, 3], [(0, 1), (1, 2)])
    for data in (X, X.numpy(), (X, None), list(X.split(3)), [(x, 0) for x in X.split(9)], X.reshape(4, 5, 2)):
        assert prune(net, data, batch_size=batch_size).widths == (3, 2)


def test_a_neuron_alive_on_one_sample_of_the_last_batch_stays():
    net = PlainNet(1, [1], 1)
    with torch.no_grad():
        net.hidden[0].weight.fill_(1.0)
        net.hidden[0].bias.fill_(-5.0)
    data = [torch.zeros(4, 1), torch.tensor([[1.0], [6.0]])]
    assert prune(net, data).widths == (1,)
    assert prune(net, data[:1]).widths == ()


def test_other_activations_are_pruned_by_the_same_rule():
    net = make(PlainNet, [4, 3], [(0, 1)], activation=lambda: nn.LeakyReLU(0.1))
    assert prune(net, X).widths == (4, 3)
    net = make(PlainNet, [4, 3], [(0, 1)], activation=nn.Hardswish)
    assert prune(net, X).widths == (3, 3)
    assert_same_output(prune(net, X), net)


def test_an_activation_with_parameters_for_each_neuron_is_refused_only_if_it_must_shrink():
    net = make(PlainNet, [3, 3], activation=lambda: nn.PReLU(3))
    net = net.double()
    assert prune(net, X).widths == (3, 3)
    with torch.no_grad():
        net.hidden[0].weight[1], net.hidden[0].bias[1] = 0, 0
    with pytest.raises(ValueError, match="activation that has parameters for each neuron"):
        prune(net, X)


@pytest.mark.parametrize("kind", [PlainNet, LateResidualNet])
@pytest.mark.parametrize("seed", range(3))
def test_trained_networks_keep_their_output_without_their_dead_neurons(kind, seed):
    torch.manual_seed(seed)
    net = kind(1, [2] * 8, 1).double()
    x = torch.linspace(-1, 1, 20, dtype=torch.float64)[:, None]
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        F.mse_loss(net(x), x.abs()).backward()
        optimizer.step()
    small = prune(net, x)
    report = dead_units(net, x)
    assert report.dead_neurons > 0
    assert sum(small.widths) <= report.units - report.dead_neurons
    # Weights are of the order of one and sums have at most 16 terms, so this is hundreds of roundings.
    torch.testing.assert_close(small(x), net(x), rtol=0, atol=1e-12)


class Odd(nn.Module):
    pass


@pytest.mark.parametrize(
    ("net", "data", "error", "message"),
    [
        (Odd(), X, TypeError, r"prune takes a PlainNet, a LateResidualNet or .*, not Odd"),
        (nn.Sequential(nn.ReLU()), X, TypeError, r"with at least one Linear; there is none"),
        (nn.Sequential(nn.Linear(2, 2), Odd()), X, TypeError, r"does not know Odd at '1'"),
        (PlainNet(2, [2], 1), X[:0], ValueError, r"data has no samples"),
        (PlainNet(2, [], 1), [], ValueError, r"data has no samples"),
        (PlainNet(2, [2], 1), 3, TypeError, r"data must be a tensor, .*; got int"),
        (
            PlainNet(2, [2], 1),
            torch.full((2, 2), torch.inf),
            ValueError,
            r"but data has NaN or infinite ones",
        ),
    ],
)
def test_bad_input_gets_one_clear_sentence(net, data, error, message):
    with pytest.raises(error, match=message):
        prune(net, data)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_network_that_diverged_is_refused_by_the_parameter(value):
    net = make(PlainNet, [2], [(0, 0)])
    with torch.no_grad():
        net.output.weight[0, 0] = value
    with pytest.raises(ValueError, match=r"finite numbers, but output\.weight has NaN or infinite ones"):
        prune(net, X)


@pytest.mark.parametrize("kind", [PlainNet, LateResidualNet])
def test_networks_with_norms_are_refused(kind):
    net = kind(2, [3], 1, nn.ReLU, nn.BatchNorm1d)
    with pytest.raises(TypeError, match="prune takes networks whose activations act on each number by itself"):
        prune(net, torch.randn(5, 2))
