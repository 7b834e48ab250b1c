"""Laws of dead neurons, on networks and data that hypothesis draws; and planted mistakes, which the laws reject.

Weights, biases and data are small whole numbers in double precision, so that every sum is exact and a law about
exact zeros holds exactly, whatever the order of summation.
"""

from __future__ import annotations

from itertools import chain, takewhile
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import lrn.dead._tally
from lrn.dead import dead_layers, dead_neurons, dead_units, prune
from lrn.nets import LateResidualNet, PlainNet
from tests.dead.flags import flags
from tests.networks import modules_of

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


# ---- What is found ----


@QUICK
@given(cases(), st.integers(1, 7))
def test_dead_units_is_the_definition_whatever_the_batch_size(case, batch_size):
    assert masks_in(case.net, case.x, batch_size=batch_size) == flags_of(case.net, case.x)


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


# ---- The pure functions, and mistakes planted in them ----


@st.composite
def planted_outputs(draw):
    """Layer outputs (S, D, N, W), and the flags (S, D, W) of the neurons made dead; the others fire sometimes."""
    size = st.integers(1, 3)
    shape = draw(st.tuples(size, size, size, size))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dead = generator.random((shape[0], shape[1], shape[3])) < draw(st.sampled_from([0.2, 0.5, 0.9]))
    outputs = generator.integers(0, 3, size=shape).astype(np.float32)
    silent = (outputs == 0).all(2, keepdims=True)
    outputs[:, :, :1] += silent  # now every neuron fires at least once
    outputs *= ~dead[:, :, None, :]
    return outputs, dead


def law(neurons, layers):
    """What `dead_neurons` and `dead_layers` must satisfy, as a function to call on them or on a mutant."""

    @QUICK
    @given(planted_outputs())
    def check(case):
        outputs, dead = case
        assert np.array_equal(neurons(outputs), dead)
        assert layers(dead).tolist() == dead.min(axis=2).tolist()

    return check


def test_the_law_holds_for_arrays_and_tensors():
    law(dead_neurons, dead_layers)()
    law(
        lambda outputs: dead_neurons(torch.from_numpy(outputs)).numpy(),
        lambda flags: dead_layers(torch.from_numpy(flags)).numpy(),
    )()


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(lambda outputs: (outputs != 0).all(-2), id="never zero instead of always zero"),
        pytest.param(lambda outputs: (outputs == 0).any(-2), id="zero once is enough"),
        pytest.param(lambda outputs: outputs[..., 0, :] == 0, id="looks at the first sample only"),
        pytest.param(lambda outputs: (outputs < 1e9).all(-2), id="everything is dead"),
        pytest.param(lambda outputs: (outputs > 1e9).all(-2), id="nothing is dead"),
        pytest.param(lambda outputs: (outputs <= 1).all(-2), id="small counts as zero"),
    ],
)
def test_a_wrong_dead_neuron_is_rejected(mutant):
    with pytest.raises(AssertionError):
        law(mutant, dead_layers)()


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(lambda flags: flags.any(-1), id="some dead neurons are enough"),
        pytest.param(lambda flags: ~flags.any(-1), id="no dead neuron at all"),
        pytest.param(lambda flags: ~flags.all(-1), id="layers that are not dead"),
        pytest.param(lambda flags: flags[..., 0], id="looks at the first neuron only"),
        pytest.param(lambda flags: flags.mean(-1) >= 0.5, id="half of the neurons are enough"),
    ],
)
def test_a_wrong_dead_layer_is_rejected(mutant):
    with pytest.raises(AssertionError):
        law(dead_neurons, mutant)()


@pytest.fixture
def count_by(monkeypatch):
    """Lets `dead_units` count by another function of values (N, W), which returns how often each unit fired."""

    def replace(count):
        def fired(values, unit_indices, threshold, counted):
            width = values.shape[unit_indices[0]] if unit_indices else 1  # dimensions of one are not among its own
            rows = values.reshape(-1, width)
            return count(rows).reshape([values.shape[i] for i in unit_indices]), len(rows), False

        monkeypatch.setattr(lrn.dead._tally, "_fired", fired)

    return replace


def test_a_right_count_inside_a_module_is_accepted(count_by):
    count_by(lambda values: (values != 0).sum(0))
    test_dead_units_is_the_definition_whatever_the_batch_size()


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(lambda values: (values == 0).sum(0), id="never zero instead of always zero"),
        pytest.param(lambda values: (values != 0).all(0).long(), id="zero once is enough"),
        pytest.param(lambda values: (values != 0)[0].long(), id="looks at the first sample only"),
        pytest.param(lambda values: (values > 2).sum(0), id="small counts as zero"),
        pytest.param(lambda values: (values != 0).sum(0).roll(1), id="the neighbour's flag"),
    ],
)
def test_a_wrong_dead_unit_inside_a_module_is_rejected(mutant, count_by):
    count_by(mutant)
    with pytest.raises(AssertionError):
        test_dead_units_is_the_definition_whatever_the_batch_size()


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(lambda self: bool(self.dead.any()), id="some dead neurons are enough"),
        pytest.param(lambda self: not self.dead.any(), id="no dead neuron at all"),
    ],
)
def test_a_wrong_count_of_dead_layers_is_rejected(mutant, monkeypatch):
    law_of_counts()
    monkeypatch.setattr("lrn.dead._report.LayerUnits.is_dead", property(mutant))
    with pytest.raises(AssertionError):
        law_of_counts()


@QUICK
@given(cases())
def law_of_counts(case):
    masks, report = flags_of(case.net, case.x), dead_units(case.net, case.x)
    assert report.dead_neurons == sum(map(sum, masks))
    assert report.dead_layers == sum(map(all, masks))
