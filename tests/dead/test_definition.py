"""Dead units are those of the definition; and mistakes planted in what counts them, which the definition rejects."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import lrn.dead._tally
from lrn.dead import dead_layers, dead_neurons, dead_units
from tests.dead.drawn import QUICK, cases, flags_of, masks_in


@QUICK
@given(cases(), st.integers(1, 7))
def test_dead_units_is_the_definition_whatever_the_batch_size(case, batch_size):
    assert masks_in(case.net, case.x, batch_size=batch_size) == flags_of(case.net, case.x)


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
