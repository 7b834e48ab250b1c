"""The two networks: their equations, their parts, and that they work as ordinary modules."""

from __future__ import annotations

import copy
import doctest
import io

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import lrn.nets._stacks
from lrn.nets import HiddenStack, LateResidualNet, PlainNet, ResidualNet

NETS = [PlainNet, LateResidualNet]
WIDTHS = [[], [3], [2, 2, 2], [5, 1, 4]]


def make(kind, hidden, activation=nn.ReLU, seed=0):
    torch.manual_seed(seed)
    return kind(2, hidden, 3, activation)


def by_hand(net, x):
    """The equations of the two docstrings, written with nothing but matrix products."""
    outputs = [x]
    for linear in net.hidden:
        outputs.append((outputs[-1] @ linear.weight.T + linear.bias).clamp(min=0))
    read = outputs[-1] if isinstance(net, PlainNet) else torch.cat([x[:, :0], *outputs[1:]], dim=1)
    return read @ net.output.weight.T + net.output.bias


@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("hidden", WIDTHS)
def test_output_is_the_equation_of_the_docstring(kind, hidden):
    net, x = make(kind, hidden), torch.randn(7, 2)
    # One layer adds at most 5 products of numbers near 1, so a few float32 roundings of 6e-8.
    torch.testing.assert_close(net(x), by_hand(net, x), rtol=0, atol=2e-6)


@pytest.mark.parametrize("hidden", WIDTHS)
def test_plain_output_reads_the_last_layer_and_late_output_reads_all(hidden):
    assert make(PlainNet, hidden).output.in_features == (hidden[-1] if hidden else 2)
    assert make(LateResidualNet, hidden).output.in_features == sum(hidden)


@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("hidden", WIDTHS)
@pytest.mark.parametrize("lead", [(), (4,), (4, 5), (0,)])
def test_any_leading_shape_goes_in_and_comes_out(kind, hidden, lead):
    assert make(kind, hidden)(torch.randn(*lead, 2)).shape == (*lead, 3)


@pytest.mark.parametrize("kind", NETS)
def test_layer_outputs_are_what_hooks_on_the_activations_see(kind):
    net, x, hooked = make(kind, [3, 4]), torch.randn(5, 2), []
    for activation in net.activations:
        activation.register_forward_hook(lambda module, args, output: hooked.append(output))
    outputs = net.layer_outputs(x)
    assert list(map(np.shape, outputs)) == [(5, 3), (5, 4)]
    assert list(map(torch.equal, outputs, hooked)) == [True, True]
    assert torch.cat(outputs, dim=1).min() >= 0


def test_plain_and_late_of_one_seed_start_from_the_same_hidden_weights():
    plain, late = make(PlainNet, [2, 2, 2]), make(LateResidualNet, [2, 2, 2])
    for one, other in zip(plain.hidden.parameters(), late.hidden.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("kind", NETS)
def test_initial_weights_and_biases_lie_within_one_over_the_root_of_fan_in(kind):
    net = make(kind, [64, 64])
    for linear in [*net.hidden, net.output]:
        bound = linear.in_features**-0.5
        for parameter in (linear.weight, linear.bias):
            assert parameter.abs().max() <= bound
        assert linear.weight.abs().max() > 0.9 * bound


@pytest.mark.parametrize("kind", NETS)
def test_state_dict_round_trip_keeps_the_function(kind):
    net, other, x = make(kind, [3, 2]), make(kind, [3, 2], seed=1), torch.randn(5, 2)
    assert not torch.equal(net(x), other(x))
    other.load_state_dict(net.state_dict())
    assert torch.equal(net(x), other(x))
    assert set(net.state_dict()) == {
        *("hidden.0.weight", "hidden.0.bias"),
        *("hidden.1.weight", "hidden.1.bias"),
        *("output.weight", "output.bias"),
    }


@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("hidden", WIDTHS)
def test_saved_weights_load_without_trusting_the_file(kind, hidden):
    net, other, file = make(kind, hidden), make(kind, hidden, seed=1), io.BytesIO()
    torch.save(net.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    x = torch.randn(5, 2)
    assert torch.equal(net(x), other(x))


@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("hidden", [[], [3, 2]])
def test_compiles_as_one_graph(kind, hidden):
    net, x = make(kind, hidden), torch.randn(5, 2)
    try:
        # The eager backend traces the graph as any backend does, without a compiler that takes seconds.
        assert torch.equal(torch.compile(net, fullgraph=True, backend="eager")(x), net(x))
    finally:
        torch.compiler.reset()


@pytest.mark.parametrize("kind", NETS)
def test_stacked_seeds_under_vmap_equal_one_network_at_a_time(kind):
    nets, x = [make(kind, [3, 2], seed=seed).double() for seed in range(4)], torch.randn(5, 2, dtype=torch.float64)
    parameters, buffers = torch.func.stack_module_state(nets)
    stacked = torch.func.vmap(lambda p: torch.func.functional_call(nets[0], (p, buffers), (x,)))(parameters)
    for output, net in zip(stacked, nets, strict=True):
        # Batched and single products may add in another order: a few roundings of 1e-16.
        torch.testing.assert_close(output, net(x), rtol=0, atol=1e-14)


@pytest.mark.parametrize("kind", NETS)
def test_functional_gradient_equals_backward(kind):
    net, x = make(kind, [3, 2]), torch.randn(5, 2)
    parameters = dict(net.named_parameters())
    gradients = torch.func.grad(lambda p: torch.func.functional_call(net, p, x).square().mean())(parameters)
    net(x).square().mean().backward()
    for name, parameter in net.named_parameters():
        torch.testing.assert_close(gradients[name], parameter.grad, rtol=1e-5, atol=1e-7)


def test_late_connections_bring_gradient_past_a_dead_layer():
    for kind, flows in ((PlainNet, False), (LateResidualNet, True)):
        net = make(kind, [4, 4, 4])
        with torch.no_grad():
            net.hidden[0].bias.fill_(3.0)
            net.hidden[1].bias.fill_(-100.0)
        net(torch.rand(9, 2)).sum().backward()
        assert bool(net.hidden[0].weight.grad.any()) is flows


@pytest.mark.parametrize("kind", NETS)
def test_every_layer_has_an_activation_of_its_own_making(kind):
    net = make(kind, [3, 2], activation=lambda: nn.LeakyReLU(0.5))
    first, second = net.activations
    assert first is not second
    assert first.negative_slope == second.negative_slope == 0.5
    x = torch.randn(5, 2)
    assert torch.equal(net.layer_outputs(x)[0], F.leaky_relu(net.hidden[0](x), 0.5))


@pytest.mark.parametrize("kind", NETS)
def test_an_activation_that_works_in_place_gives_the_same_function(kind):
    net, x = make(kind, [3, 2]), torch.randn(5, 2)
    inplace = make(kind, [3, 2], activation=lambda: nn.ReLU(inplace=True))
    assert torch.equal(net(x), inplace(x))


@pytest.mark.parametrize("kind", NETS)
def test_half_precision_and_copies_work(kind):
    net = copy.deepcopy(make(kind, [3, 2])).to(torch.bfloat16)
    assert net(torch.randn(5, 2, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_widths_accept_numpy_integers_and_any_iterable():
    assert PlainNet(1, np.array([2, 3]), 1).widths == (2, 3)
    assert PlainNet(np.int64(1), iter([4, 4]), 1).widths == (4, 4)


@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, [2], 1), ValueError, "in_features must be at least 1, not 0"),
        ((1, [2], -1), ValueError, "out_features must be at least 1, not -1"),
        ((1, [2, 0], 1), ValueError, r"hidden\[1\] must be at least 1, not 0"),
        ((1.0, [2], 1), TypeError, "in_features must be a whole number of at least 1, not 1.0"),
        ((True, [2], 1), TypeError, "in_features must be a whole number of at least 1, not True"),
        ((1, [2.5], 1), TypeError, r"hidden\[0\] must be a whole number of at least 1, not 2.5"),
        ((1, 2, 1), TypeError, r"hidden must be a sequence of layer widths such as \[2, 2\], not 2"),
        ((1, [2], 1, nn.ReLU()), TypeError, r"activation must be a callable that makes a module"),
        ((1, [2], 1, "relu"), TypeError, r"activation must be a callable that makes a module"),
        ((1, [2], 1, lambda: F.relu), TypeError, r"activation must make a torch.nn.Module"),
    ],
)
def test_bad_arguments_are_named_with_what_is_allowed(kind, arguments, error, message):
    with pytest.raises(error, match=message):
        kind(*arguments)


def test_a_stack_without_an_output_layer_says_so():
    with pytest.raises(NotImplementedError, match="HiddenStack does not say what its output layer reads"):
        HiddenStack(1, [2], 1)


def test_docstring_examples_run():
    result = doctest.testmod(lrn.nets._stacks, extraglobs={"torch": torch})
    assert result.attempted > 0
    assert result.failed == 0


# ---- Residual networks and norms ----


@pytest.mark.parametrize("hidden", [[], [3], [4, 4, 4]])
def test_residual_layers_add_what_they_read(hidden):
    net, x = make(ResidualNet, hidden), torch.randn(7, 2)
    h = x
    for d, linear in enumerate(net.hidden):
        h = (h @ linear.weight.T + linear.bias).clamp(min=0) + (h if d else 0)
    expected = h @ net.output.weight.T + net.output.bias
    torch.testing.assert_close(net(x), expected, rtol=0, atol=2e-6)  # a few float32 roundings of 6e-8
    assert net.output.in_features == (hidden[-1] if hidden else 2)


def test_layer_outputs_of_a_residual_network_are_its_branches():
    net, x, hooked = make(ResidualNet, [3, 3, 3]), torch.randn(5, 2), []
    for activation in net.activations:
        activation.register_forward_hook(lambda module, args, output: hooked.append(output))
    outputs = net.layer_outputs(x)
    assert list(map(torch.equal, outputs, hooked)) == [True, True, True]
    torch.testing.assert_close(net(x), net.output(sum(outputs)))
    with torch.no_grad():
        net.hidden[1].bias.fill_(-100)
    first, second, third = net.layer_outputs(x)
    assert not second.any()
    assert torch.equal(net(x), net.output(first + third))


def test_residual_networks_have_one_width():
    with pytest.raises(ValueError, match=r"hidden layers of a ResidualNet must have one width; got \[3, 2\]"):
        make(ResidualNet, [3, 2])


@pytest.mark.parametrize("kind", [*NETS, ResidualNet])
def test_a_norm_stands_between_linear_and_activation(kind):
    torch.manual_seed(0)
    net, x = kind(2, [3, 3], 1, nn.ReLU, nn.BatchNorm1d), torch.randn(9, 2)
    z = net.hidden[0](x)
    expected = ((z - z.mean(0)) / (z.var(0, unbiased=False) + 1e-5).sqrt()).clamp(min=0)
    torch.testing.assert_close(net.layer_outputs(x)[0], expected)
    assert [name.split(".")[0] for name, _ in net.named_parameters()] == ["hidden"] * 4 + ["norms"] * 4 + ["output"] * 2
    with pytest.raises(TypeError, match="norm must be a callable that makes a module"):
        kind(2, [3], 1, nn.ReLU, "batch")
