"""Initial weights: uniform in ±1/√fan_in, from numpy's Philox keyed by the seed, the same to the bit in the kernel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from native_variants import each_variant, needs_native
from plain_loop import OtherData
from scipy.stats import kstest
from torch import nn

from lrn import Experiment, network
from lrn.engines.native import NativeEngine
from lrn.engines.reference import ReferenceEngine
from lrn.experiment import CHOICES, initial_parameters

SEEDS = np.array([0, 1, 2, 41, 2**32, 2**63, 2**64 - 1], np.uint64)


def untouched(engine, experiment, seeds):
    """The weights after one step that is too small to change any of them but zeros, which are put back."""
    experiment = experiment.replace(optimizer="sgd", lr=1e-30, epochs=1)
    parameters = engine.train(experiment, seeds, parameters=True).parameters
    return np.where(np.abs(parameters) < 1e-20, 0, parameters)


@needs_native
@each_variant
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(
    experiment=st.builds(
        OtherData,
        width=st.integers(1, 9),
        depth=st.integers(1, 7),
        connection=st.sampled_from(CHOICES["connection"]),
        initial=st.sampled_from(CHOICES["initial"]),
        norm=st.sampled_from(CHOICES["norm"]),
        activation=st.sampled_from(CHOICES["activation"]),
        features=st.integers(1, 5),
        outputs=st.integers(1, 3),
    ),
    seed=st.integers(0, 2**64 - 1),
)
def test_kernel_draws_what_numpy_draws_to_the_bit(variant, dtype, experiment, seed):
    experiment, seeds = experiment.replace(dtype=dtype), np.array([*SEEDS, seed], np.uint64)
    expected = initial_parameters(experiment, seeds).astype(dtype)
    assert np.array_equal(untouched(NativeEngine(threads=1, variant=variant), experiment, seeds), expected)


def test_reference_starts_from_the_same_weights():
    experiment = Experiment(depth=4, dtype="float64")
    assert np.array_equal(
        untouched(ReferenceEngine(threads=1), experiment, SEEDS), initial_parameters(experiment, SEEDS)
    )


def test_weights_are_numpys_philox_keyed_by_the_seed_and_nothing_else():
    # The first hidden layer of width 2 has fan_in 1 and four numbers: two weights, then two biases.
    first = np.random.Generator(np.random.Philox(key=7)).random(4) * 2 - 1
    assert np.array_equal(initial_parameters(Experiment(), np.array([7], np.uint64))[0, :4], first)
    # So that no later version of numpy or of this code may change them without notice.
    assert np.allclose(first, [0.74414691, -0.40926924, -0.15980464, -0.18921551], atol=1e-8)


@pytest.mark.parametrize("connection", ["plain", "late"])
def test_each_layer_is_uniform_within_one_over_the_root_of_its_fan_in(connection):
    experiment = Experiment(width=3, depth=4, connection=connection)
    flat = initial_parameters(experiment, np.arange(2000, dtype=np.uint64))
    start = 0
    for (out, fan_in), expected in zip(experiment.shapes, [1, 3, 3, 3, 12 if connection == "late" else 3], strict=True):
        assert fan_in == expected
        layer = flat[:, start : start + out * (fan_in + 1)] * np.sqrt(fan_in)
        assert np.abs(layer).max() <= 1
        # Seeded: 6,000 numbers or more per layer; a bound that is 5 % off would give p below 1e-9.
        assert kstest(layer.ravel(), "uniform", args=(-1, 2)).pvalue > 1e-3
        start += layer.shape[1]
    assert start == experiment.parameters


def test_distribution_is_that_of_torch():
    torch.manual_seed(0)
    drawn = [nn.utils.parameters_to_vector(nn.Linear(3, 3).parameters()) for _ in range(500)]
    theirs = torch.cat(drawn).detach().numpy()
    experiment = Experiment(width=3, depth=2)
    ours = initial_parameters(experiment, np.arange(500, dtype=np.uint64))[:, 6:18].ravel()
    assert kstest(ours, theirs).pvalue > 1e-3


@pytest.mark.parametrize("depth", [1, 5, 30])
def test_plain_and_late_networks_of_one_seed_share_their_hidden_weights(depth):
    late = Experiment(depth=depth)
    plain = late.replace(connection="plain")
    hidden = late.parameters - (2 * depth + 1)
    assert hidden == plain.parameters - 3
    assert np.array_equal(initial_parameters(late, SEEDS)[:, :hidden], initial_parameters(plain, SEEDS)[:, :hidden])
    for ours, theirs in zip(
        network(late, 3, trained=False).hidden, network(plain, 3, trained=False).hidden, strict=True
    ):
        assert (ours.weight == theirs.weight).all()
        assert (ours.bias == theirs.bias).all()


def test_networks_of_different_seeds_share_nothing():
    flat = initial_parameters(Experiment(), np.arange(200, dtype=np.uint64))
    assert len(np.unique(flat[:, 0])) == 200
    assert np.abs(np.corrcoef(flat[:, :4].T) - np.eye(4)).max() < 0.25  # seeded; 3.5 standard errors of 200 pairs


def test_a_deeper_network_begins_with_the_same_layers():
    shallow = initial_parameters(Experiment(depth=3), SEEDS)
    deep = initial_parameters(Experiment(depth=7), SEEDS)
    assert np.array_equal(shallow[:, : 4 + 6 + 6], deep[:, : 4 + 6 + 6])


@pytest.mark.parametrize("connection", ["plain", "late", "residual"])
def test_he_rescales_the_same_numbers_and_leaves_the_output_layer_alone(connection):
    torchs = Experiment(width=3, depth=3, connection=connection)
    ours = initial_parameters(torchs.replace(initial="he"), SEEDS)
    theirs = initial_parameters(torchs.replace(initial="torch"), SEEDS)
    start = 0
    for out, fan_in in torchs.shapes[:-1]:
        bias, end = start + out * fan_in, start + out * (fan_in + 1)
        assert np.allclose(ours[:, start:bias], theirs[:, start:bias] * np.sqrt(6), rtol=1e-14)
        assert (ours[:, bias:end] == 0).all()
        assert not np.signbit(ours[:, bias:end]).any()
        start = end
    assert np.array_equal(ours[:, start:], theirs[:, start:])


def test_norms_start_as_the_identity_and_slopes_as_torchs():
    experiment = Experiment(width=3, depth=2, norm="batch", activation="prelu")
    bare = Experiment(width=3, depth=2)
    ours, theirs = initial_parameters(experiment, SEEDS), initial_parameters(bare, SEEDS)
    hidden, added = bare.parameters - 7, experiment.parameters - bare.parameters
    constant = [1, 1, 1, 0, 0, 0] * 2 + [nn.PReLU().weight.item()] * 2
    assert np.array_equal(ours[:, hidden : hidden + added], [constant] * len(SEEDS))
    assert np.array_equal(np.delete(ours, np.s_[hidden : hidden + added], axis=1), theirs)
    net = network(experiment, 3, trained=False)
    assert net.norms[1].weight.tolist() == [1, 1, 1]
    assert net.norms[1].bias.tolist() == [0, 0, 0]
    assert nn.utils.parameters_to_vector(net.activations.parameters()).tolist() == [0.25, 0.25]


def positive_ones(experiment, seeds):
    """The hidden rows [weights, bias] of each layer under RAI, each shape (S, out, fan_in + 1)."""
    flat, start, rows = initial_parameters(experiment, seeds), 0, []
    for out, fan_in in experiment.shapes[:-1]:
        weights = flat[:, start : start + out * fan_in].reshape(-1, out, fan_in)
        biases = flat[:, start + out * fan_in :][:, :out, None]
        rows.append(np.concatenate([weights, biases], axis=2))
        start += out * (fan_in + 1)
    return rows


def test_asymmetric_rows_are_normal_but_for_one_number_that_is_beta():
    # Lu et al. (2020), §4. In a wide layer the normal numbers are so small that the largest of a row is the Beta one.
    rows = positive_ones(Experiment(width=400, depth=2, initial="rai"), np.arange(20, dtype=np.uint64))[1]
    rows = rows.reshape(-1, 401)
    at = rows.argmax(axis=1)
    largest = rows[np.arange(len(rows)), at]
    clear = largest > 0.2  # 6.7 standard deviations of the normal ones
    assert 0.95 < clear.mean() < 0.97  # a Beta(2, 1) number is below 0.2 with probability 0.04
    assert kstest(largest[clear], lambda x: (x**2 - 0.04) / 0.96).pvalue > 1e-3
    assert kstest(at[clear] / 401, "uniform").pvalue > 1e-3
    others = rows[clear][np.arange(401) != at[clear][:, None]]
    assert kstest(others * 20 / 0.6007, "norm").pvalue > 1e-3


def test_asymmetric_weights_are_these_and_stay_so():
    flat = initial_parameters(Experiment(depth=2, initial="rai"), np.array([7], np.uint64))[0]
    assert len(flat) == Experiment(depth=2).parameters
    random = np.random.Generator(np.random.Philox(key=7)).random(4)
    # Of each neuron: two for its normal numbers, which one is positive (the weight, here), and how large it is.
    assert int(random[2] * 2) == 0
    assert flat[0] == np.sqrt(random[3])
    first = [0.63670421, 0.78775758, 1.16903882, -0.23590335, 0.01643668, 0.91900376]
    assert np.allclose(flat[:6], first, atol=1e-8)


@pytest.mark.parametrize("connection", ["plain", "residual"])
def test_asymmetric_networks_of_one_seed_share_their_hidden_weights(connection):
    late = Experiment(width=3, depth=4, initial="rai")
    theirs = initial_parameters(late.replace(connection=connection), SEEDS)
    ours = initial_parameters(late, SEEDS)
    hidden = late.parameters - 13
    assert np.array_equal(ours[:, :hidden], theirs[:, :hidden])
    assert np.array_equal(initial_parameters(late, SEEDS[3:4]), ours[3:4])
    assert np.abs(ours[:, hidden:]).max() <= 1 / np.sqrt(12)
