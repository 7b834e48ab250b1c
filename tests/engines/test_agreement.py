"""Both engines agree with the plain torch loop, to float64 accuracy; and the comparison finds planted bugs."""

from __future__ import annotations

from math import prod
from operator import attrgetter

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from plain_loop import OtherData, differences, plain_loop
from torch import nn

from lrn import Experiment, network
from lrn.engines import native
from lrn.engines.native import NativeEngine
from lrn.engines.reference import ReferenceEngine
from lrn.experiment import CHOICES, initial_parameters

ENGINES = [ReferenceEngine(threads=1), *([NativeEngine(threads=1)] if native.available() else [])]
engines = pytest.mark.parametrize("engine", ENGINES, ids=attrgetter("name"))

# A step sums some hundred products in another order: 100 roundings of 1e-16. Adam divides by gradients that may be
# 1e-3 and smaller, and twenty steps add up.
TOLERANCE = 1e-11

fields = {
    "width": st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8]),
    "depth": st.integers(1, 6),
    "connection": st.sampled_from(CHOICES["connection"]),
    "optimizer": st.sampled_from(CHOICES["optimizer"]),
    "activation": st.sampled_from(CHOICES["activation"]),
    "initial": st.sampled_from(CHOICES["initial"]),
    "target_scale": st.sampled_from([None, 0.5, 20.0]),
    "lr": st.sampled_from([0.1, 0.01, 0.001]),
    "epochs": st.sampled_from([1, 20]),
    "dtype": st.just("float64"),
}
normed = {"style": st.just("batch"), "norm": st.just("batch"), "epochs": st.sampled_from([1, 3])}
unnormed = {"style": st.sampled_from(["batch", "iterative"]), "norm": st.just("none")}
other_data = {
    "features": st.sampled_from([1, 2, 3, 7]),
    "outputs": st.sampled_from([1, 2, 5]),
    "samples": st.sampled_from([2, 3, 17, 40]),
}
deterministic = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def train(engine, experiment, seeds, **options):
    return engine.train(experiment, np.array(seeds, np.uint64), trace=True, parameters=True, **options)


def check(experiment, seeds, loops, tolerance=TOLERANCE, **options):
    for engine in ENGINES:
        runs = train(engine, experiment, seeds, **options)
        for i, loop in enumerate(loops):
            assert (engine.name, differences(runs, i, loop, tolerance)) == (engine.name, [])


def bounded(loop):
    """The same; a training that diverges multiplies roundings with its errors (test_trainings.py has those)."""
    assume(np.max(loop.trace) < 100)
    return loop


@deterministic
@given(experiment=st.builds(Experiment, **fields, **unnormed), seed=st.integers(0, 2**64 - 1))
def test_every_experiment_trains_as_the_plain_loop_does(experiment, seed):
    check(experiment, [seed], [bounded(plain_loop(experiment, seed))])


@deterministic
@given(experiment=st.builds(OtherData, **fields, **unnormed, **other_data), seed=st.integers(0, 1000))
def test_any_number_of_features_outputs_and_samples(experiment, seed):
    check(experiment, [seed], [bounded(plain_loop(experiment, seed))])


# A norm takes away what its layer's bias adds, so that bias has a gradient of nothing but roundings, which Adam divides
# by their own size: it wanders, and nothing else depends on it. A norm divides by as little as sqrt(1e-5), which makes
# roundings larger, and hardly changes when all weights of a neuron are scaled: that part of their gradient is small.
@deterministic
@given(
    experiment=st.builds(OtherData, **(fields | normed | other_data | {"samples": st.sampled_from([17, 40])})),
    seed=st.integers(0, 1000),
)
def test_every_norm(experiment, seed):
    loop = plain_loop(experiment, seed)
    for engine in ENGINES:
        runs = train(engine, experiment, [seed])
        spare = biases_before_a_norm(experiment)
        for parameters in (runs.parameters[0], loop.parameters):
            parameters[spare] = 0
        assert (engine.name, differences(runs, 0, loop, 1000 * TOLERANCE)) == (engine.name, [])


def biases_before_a_norm(experiment):
    sizes = list(map(prod, experiment.parameter_shapes))
    hidden_bias = np.arange(len(sizes)) % 2 == 1
    hidden_bias[2 * experiment.depth :] = False
    return np.repeat(hidden_bias, sizes)


@deterministic
@given(
    experiment=st.builds(Experiment, **fields, **unnormed), seed=st.integers(0, 1000), size=st.sampled_from([0.1, 0.5])
)
def test_any_initial_weights(experiment, seed, size):
    initial = np.random.default_rng(seed).normal(0, size, (3, experiment.parameters))
    loops = [plain_loop(experiment, net=with_weights(experiment, flat)) for flat in initial]
    check(experiment, [7, 7, 7], loops, initial=initial)


def with_weights(experiment, flat):
    net = network(experiment, 0, trained=False)
    nn.utils.vector_to_parameters(torch.from_numpy(flat), net.parameters())
    return net


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_layers_that_give_zero_learn_only_where_the_activation_leaks(activation):
    experiment = BASE.replace(connection="plain", activation=activation, optimizer="sgd")
    initial = np.zeros((1, experiment.parameters))
    initial[:, -3:] = 1.0  # the output layer
    loop = plain_loop(experiment, net=with_weights(experiment, initial[0]))
    check(experiment, [0], [loop], initial=initial)
    assert loop.parameters[:-3].any() == (activation == "leaky_relu")


@pytest.mark.parametrize("connection", ["plain", "late"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_long_training_keeps_the_same_verdicts(connection, optimizer):
    # Rounding grows with the epochs, so numbers are compared loosely; what is decided of a network must be equal.
    experiment = Experiment(
        depth=2, width=4, epochs=300, lr=0.05, connection=connection, optimizer=optimizer, dtype="float64"
    )
    check(experiment, range(4), [plain_loop(experiment, seed) for seed in range(4)], tolerance=1e-3)


# ---- A planted bug must fail ----

BASE = Experiment(width=2, depth=3, epochs=25, lr=0.03, dtype="float64")
DEEP = BASE.replace(depth=6, connection="plain", epochs=2)
FAULTS = {
    "biased std": BASE,
    "sorted data": BASE,
    "raw targets": BASE,
    "summed loss": BASE.replace(optimizer="sgd"),
    "output bias does not learn": BASE,
    "taps before the ReLU": BASE,
    "momentum": BASE.replace(optimizer="sgd"),
    "no decay": BASE.replace(optimizer="adamw"),
    "dampened momentum": BASE.replace(optimizer="momentum"),
    "no bias correction": BASE,
    "another epsilon": BASE,
    "starts at the second": BASE.replace(style="iterative"),
    "backwards": BASE.replace(style="iterative"),
    "judged before the last step": BASE,
    "dead means never zero": DEEP,
    "dead on one sample": DEEP,
    "one dead neuron kills a layer": DEEP,
}


@engines
@pytest.mark.parametrize(("fault", "experiment"), FAULTS.items(), ids=FAULTS)
def test_a_planted_bug_is_found(engine, fault, experiment):
    runs = train(engine, experiment, range(4))
    detected = []
    for seed in range(4):
        assert differences(runs, seed, plain_loop(experiment, seed), TOLERANCE) == []
        detected += differences(runs, seed, plain_loop(experiment, seed, fault=fault), TOLERANCE)
    assert detected


@engines
def test_a_swapped_connection_is_found(engine):
    plain = BASE.replace(connection="plain")
    assert "rmse_initial" in differences(train(engine, plain, [0]), 0, plain_loop(BASE, 0), TOLERANCE)


@engines
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"connection": "residual"}, {"connection": "plain"}),
        ({"activation": "elu"}, {"activation": "relu"}),
        ({"activation": "prelu"}, {"activation": "leaky_relu"}),
        ({"optimizer": "momentum"}, {"optimizer": "sgd"}),
        ({"optimizer": "rmsprop"}, {"optimizer": "adam"}),
        ({"optimizer": "adamw"}, {"optimizer": "adam"}),
        ({"initial": "he"}, {"initial": "torch"}),
        ({"norm": "batch"}, {"norm": "none"}),
        ({"target_scale": 20}, {"target_scale": None}),
    ],
    ids=str,
)
def test_an_alternative_mistaken_for_another_is_found(engine, ours, theirs):
    runs = train(engine, BASE.replace(**ours), range(3))
    for seed in range(3):
        loop = plain_loop(BASE.replace(**theirs), seed)
        assert {"rmse", "prediction", "parameters"} <= set(differences(runs, seed, loop, TOLERANCE))


@engines
def test_the_rounding_of_float32_is_found(engine):
    runs = train(engine, BASE.replace(dtype="float32"), [0])
    assert "parameters" in differences(runs, 0, plain_loop(BASE, 0), TOLERANCE)


@engines
def test_initial_weights_come_from_the_seeds(engine):
    runs = train(engine, BASE, [5, 9])
    again = train(engine, BASE, [5, 9], initial=initial_parameters(BASE, np.array([5, 9], np.uint64)))
    assert np.array_equal(runs.parameters, again.parameters)
