"""Laws of dead neurons, on networks and data that hypothesis draws."""

from __future__ import annotations

from itertools import chain, takewhile

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lrn.dead import prune
from lrn.nets import LateResidualNet, PlainNet
from tests.dead.drawn import ALIVE, DEAD, FREE, QUICK, cases, flags_of, masks_in, plant, whole
from tests.networks import modules_of

# ---- What is found ----


@QUICK
@given(cases(states=(FREE, DEAD, ALIVE)))
def test_a_planted_dead_neuron_is_always_found_and_a_live_one_never_reported(case):
    for mask, states in zip(masks_in(case.net, case.x), case.planted, strict=True):
        for dead, state in zip(mask, states, strict=True):
            assert state == FREE or dead is (state == DEAD)


@QUICK
@given(cases(), st.data())
def test_permuting_neurons_permutes_the_result(case, data):
    before = masks_in(case.net, case.x)
    orders = [data.draw(st.permutations(range(width))) for width in case.net.widths]
    with torch.no_grad():
        for d, (linear, order) in enumerate(zip(case.net.hidden, orders, strict=True)):
            linear.weight.copy_(linear.weight[order])
            linear.bias.copy_(linear.bias[order])
            if d + 1 < len(orders):
                following = case.net.hidden[d + 1]
                following.weight.copy_(following.weight[:, order])
    for mask, order, permuted in zip(before, orders, masks_in(case.net, case.x), strict=True):
        assert permuted == np.array(mask)[order].tolist()


@QUICK
@given(cases(), st.data())
def test_scaling_the_weights_and_bias_of_a_layer_by_a_positive_factor_changes_nothing(case, data):
    before = masks_in(case.net, case.x)
    scale(case.net, data, st.integers(-20, 20).map(lambda k: 2.0**k) | st.integers(1, 9).map(float))
    assert masks_in(case.net, case.x) == before


@QUICK
@given(st.integers(0, 10_000), st.data())
def test_scaling_by_powers_of_two_changes_nothing_for_any_weights(seed, data):
    torch.manual_seed(seed)
    net, x = PlainNet(2, [4, 4, 4], 1), torch.randn(5, 2)
    before = masks_in(net, x)
    scale(net, data, st.integers(-9, 9).map(lambda k: 2.0**k))
    assert masks_in(net, x) == before


def scale(net, data, factors):
    """Multiply layer d, as if the input of the next one had always been so: later biases scale along."""
    with torch.no_grad():
        d, factor = data.draw(st.integers(0, len(net.hidden) - 1)), data.draw(factors)
        net.hidden[d].weight.mul_(factor)
        net.hidden[d].bias.mul_(factor)
        for linear in net.hidden[d + 1 :]:
            linear.bias.mul_(factor)


@QUICK
@given(cases(), st.integers(0, 10_000))
def test_adding_data_can_only_revive(case, seed):
    more = whole(np.random.default_rng(seed), -9, 10, (4, case.x.shape[1]))
    first, second = flags_of(case.net, case.x), flags_of(case.net, more)
    both = masks_in(case.net, iter([case.x, more]))
    for on_both, on_first, on_second in zip(both, first, second, strict=True):
        assert on_both == np.logical_and(on_first, on_second).tolist()


@QUICK
@given(cases(lowest=0), st.booleans(), st.data())
def test_a_neuron_dead_by_its_weights_is_dead_by_its_activation(case, zero, data):
    d = data.draw(st.integers(0, len(case.net.hidden) - 1))
    n = data.draw(st.integers(0, case.net.widths[d] - 1))
    linear = case.net.hidden[d]
    with torch.no_grad():  # inputs are not negative: the data here, a ReLU's output behind it
        linear.weight[n] = 0 if zero else -linear.weight[n].abs()
        linear.bias[n] = -linear.bias[n].abs()
    assert masks_in(case.net, case.x)[d][n]


@QUICK
@given(cases())
def test_nothing_that_leads_into_a_dead_neuron_has_a_gradient(case):
    (case.net(case.x) ** 2).sum().backward()
    for linear, mask in zip(case.net.hidden, flags_of(case.net, case.x), strict=True):
        assert not linear.weight.grad[mask].any()
        assert not linear.bias.grad[mask].any()


@QUICK
@given(cases(kinds=[PlainNet]), st.data())
def test_a_plain_network_with_a_dead_layer_is_constant_and_cannot_learn_before_it(case, data):
    d = data.draw(st.integers(0, len(case.net.hidden) - 1))
    with torch.no_grad():
        plant(case.net.hidden[d], [DEAD] * case.net.widths[d])
    output = case.net(case.x)
    output.square().sum().backward()
    assert (output == output[0]).all()
    for parameter in case.net.hidden[: d + 1].parameters():
        assert not parameter.grad.any()


@QUICK
@given(cases(kinds=[LateResidualNet]), st.data())
def test_what_lies_behind_a_dead_layer_adds_a_constant_to_a_late_network(case, data):
    d = data.draw(st.integers(0, len(case.net.hidden) - 1))
    with torch.no_grad():
        plant(case.net.hidden[d], [DEAD] * case.net.widths[d])
        before = torch.cat([case.x[:, :0], *case.net.layer_outputs(case.x)[:d]], dim=1)
        rest = case.net(case.x) - before @ case.net.output.weight[:, : before.shape[1]].T
    assert (rest == rest[0]).all()


# ---- What pruning leaves ----


@QUICK
@given(cases())
def test_pruning_keeps_the_output_exactly_where_sums_are_exact(case):
    assert torch.equal(prune(case.net, case.x)(case.x), case.net(case.x))


@QUICK
@given(cases())
def test_pruning_leaves_the_living_before_the_first_dead_layer_and_nothing_more(case):
    masks = flags_of(case.net, case.x)
    before_the_first_dead = list(takewhile(lambda mask: not all(mask), masks))
    alive = tuple(mask.count(False) for mask in before_the_first_dead)
    small = prune(case.net, case.x)
    constant = isinstance(small, PlainNet) and len(before_the_first_dead) < len(masks)
    assert small.widths == (() if constant else alive)
    assert not any(map(any, flags_of(small, case.x)))
    assert prune(small, case.x).widths == small.widths


@QUICK
@given(cases())
def test_pruning_a_sequential_is_pruning_the_plain_network_it_spells(case):
    net = case.net
    if isinstance(net, LateResidualNet):
        net = PlainNet(net.in_features, net.widths, 2).double()
        net.hidden.load_state_dict(case.net.hidden.state_dict())
        torch.nn.init.ones_(net.output.weight)
    layers = chain.from_iterable(zip(net.hidden, net.activations, strict=True))
    small = prune(nn.Sequential(*layers, net.output), case.x)
    expected = prune(net, case.x)
    for one, other in zip(modules_of(small, nn.Linear), [*expected.hidden, expected.output], strict=True):
        assert torch.equal(one.weight, other.weight)
    assert torch.equal(small(case.x), expected(case.x))


@QUICK
@given(st.integers(0, 10_000), st.sampled_from([PlainNet, LateResidualNet]))
def test_pruning_keeps_the_output_of_real_weights_up_to_rounding(seed, kind):
    torch.manual_seed(seed)
    net, x = kind(1, [3] * 6, 1).double(), torch.linspace(-1, 1, 20, dtype=torch.float64)[:, None]
    # Initial weights of at most one over the root of the fan-in bound every number by 200; 41 terms then round
    # by at most 41 * 200 * 2.2e-16.
    torch.testing.assert_close(prune(net, x)(x), net(x), rtol=0, atol=2e-12)
