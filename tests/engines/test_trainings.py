"""Whole trainings in float32: the engines round differently, so networks drift apart, but the verdicts hold."""

from __future__ import annotations

import numpy as np
import pytest
from native_variants import needs_native
from plain_loop import differences, plain_loop
from scipy.stats import binomtest

from lrn import Experiment, train
from lrn.engines.native import NativeEngine
from lrn.engines.reference import ReferenceEngine
from lrn.experiment import initial_parameters

pytestmark = needs_native

SHORT = Experiment(depth=2, epochs=500, lr=0.03)
CELLS = [
    SHORT,
    SHORT.replace(connection="plain"),
    SHORT.replace(depth=4, width=4, epochs=60, lr=0.01),
    SHORT.replace(depth=8, width=4, epochs=200, lr=0.01, connection="plain"),
    SHORT.replace(style="iterative"),
    SHORT.replace(optimizer="sgd", lr=0.1),
    SHORT.replace(connection="residual"),
    SHORT.replace(activation="elu", epochs=60),
    SHORT.replace(activation="prelu"),
    SHORT.replace(optimizer="momentum", lr=0.01),
    SHORT.replace(optimizer="rmsprop", lr=0.003),
    SHORT.replace(optimizer="adamw", initial="he"),
    SHORT.replace(target_scale=20),
    SHORT.replace(norm="batch"),
]


@pytest.mark.parametrize("experiment", CELLS, ids=lambda experiment: experiment.label)
def test_native_and_reference_reach_the_same_verdicts(experiment):
    seeds = range(512)
    fast = train(experiment, seeds, engine="native", threads=1)
    slow = train(experiment, seeds, engine="reference", threads=1)
    assert 0.1 < fast.converged.mean() < 0.9, "the cell must have both verdicts for agreement to mean something"
    # 9 cells of 512 seeds at 3,000 epochs were measured: 9 of 4,608 verdicts differed, at most 5 in one cell.
    assert (fast.converged == slow.converged).mean() >= 0.98
    assert (fast.dead == slow.dead).all(axis=(1, 2)).mean() >= 0.97
    assert (np.abs(fast.prediction - slow.prediction).max(axis=1) < 0.01).mean() >= 0.9
    # Neither engine converges more often: of the seeds that differ, about half go either way.
    only_fast = int((fast.converged & ~slow.converged).sum())
    differ = int((fast.converged != slow.converged).sum())
    assert differ == 0 or binomtest(only_fast, differ).pvalue > 1e-3


def test_float32_reaches_the_verdicts_of_the_plain_loop():
    runs = train(SHORT, range(6), engine="native", threads=1, trace=True, parameters=True)
    same = 0
    for seed in range(6):
        loop = plain_loop(SHORT, seed)
        # The first epochs are equal but for a few roundings of 6e-8 each.
        assert np.allclose(runs.trace[seed, :10], loop.trace[:10], rtol=1e-5)
        same += "converged" not in differences(runs, seed, loop, 1e-3)
    assert same >= 5


def test_float32_and_float64_agree_as_two_roundings_of_one_training():
    single = train(SHORT, range(256), threads=1)
    double = train(SHORT.replace(dtype="float64"), range(256), threads=1)
    assert single.rmse.dtype == np.float32
    assert double.rmse.dtype == np.float64
    assert (single.converged == double.converged).mean() >= 0.97


# ---- Training that diverges ----

WILD = Experiment(depth=4, optimizer="sgd", lr=1.0, epochs=200)
DIVERGING = [
    WILD.replace(lr=1e3),
    WILD.replace(lr=1e3, connection="plain"),
    WILD.replace(lr=1e3, style="iterative", width=3),
    WILD.replace(lr=1e3, activation="leaky_relu"),
    WILD.replace(lr=1e3, optimizer="adam"),
    WILD.replace(width=4),
    WILD.replace(depth=8),
    WILD.replace(style="iterative"),
    WILD.replace(activation="leaky_relu"),
    WILD.replace(activation="prelu"),
    WILD.replace(activation="elu"),
    WILD.replace(optimizer="momentum", lr=1e3),
    WILD.replace(connection="residual"),
]


@pytest.mark.parametrize("experiment", DIVERGING, ids=lambda experiment: experiment.label)
def test_the_same_networks_become_nan_or_infinite(experiment):
    fast = train(experiment, range(128), engine="native", threads=1, parameters=True)
    slow = train(experiment, range(128), engine="reference", threads=1, parameters=True)
    assert np.array_equal(np.isnan(fast.rmse), np.isnan(slow.rmse))
    assert np.array_equal(np.isfinite(fast.rmse), np.isfinite(slow.rmse))
    assert np.array_equal(np.isfinite(fast.parameters), np.isfinite(slow.parameters))
    assert np.isfinite(fast.rmse_initial).all()
    assert not (fast.converged & ~np.isfinite(fast.rmse)).any()
    assert (fast.converged_at[~np.isfinite(fast.rmse)] == -1).all()


def test_the_diverging_experiments_diverge_always_sometimes_and_never():
    finite = np.array([np.isfinite(train(e, range(128), threads=1).rmse).mean() for e in DIVERGING])
    assert finite[0] == 0
    assert ((finite > 0) & (finite < 1)).any()


@pytest.mark.parametrize("engine", [NativeEngine, ReferenceEngine])
@pytest.mark.parametrize("connection", ["plain", "late"])
def test_one_nan_weight_makes_its_network_nan_and_no_other(engine, connection):
    experiment = Experiment(depth=3, connection=connection, epochs=40)
    seeds = np.arange(5, dtype=np.uint64)
    initial = initial_parameters(experiment, seeds)
    healthy = engine(threads=1).train(experiment, seeds, initial=initial)
    initial[2, -1] = np.nan  # the output bias
    sick = engine(threads=1).train(experiment, seeds, initial=initial)
    assert np.isnan(sick.rmse).tolist() == [False, False, True, False, False]
    assert not sick.converged[2]
    others = [0, 1, 3, 4]
    assert np.array_equal(sick.rmse[others], healthy.rmse[others])


@pytest.mark.parametrize("engine", [NativeEngine, ReferenceEngine])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize(("first_layer", "second_layer"), [(5, -np.inf), (3e38, -1)], ids=["weight", "output"])
def test_infinity_beside_a_dead_layer_is_not_settled(engine, optimizer, first_layer, second_layer):
    # The second layer is dead and its output zero, but a zero gradient times an infinite weight or input is NaN.
    experiment = Experiment(depth=2, connection="plain", optimizer=optimizer, epochs=40)
    initial = np.ones((3, experiment.parameters))
    initial[:, :4] = first_layer
    initial[:, 4:8] = second_layer
    initial[:, :2] /= 3  # so that the bias keeps the first layer positive on every sample
    runs = engine(threads=1).train(experiment, np.arange(3, dtype=np.uint64), initial=initial)
    assert np.isfinite(runs.rmse_initial).all()
    assert np.isnan(runs.rmse).all()


def test_a_layer_of_nan_is_not_dead():
    experiment = Experiment(depth=2, epochs=1)
    initial = np.full((1, experiment.parameters), np.nan)
    for engine in (NativeEngine(threads=1), ReferenceEngine(threads=1)):
        assert not engine.train(experiment, np.arange(1, dtype=np.uint64), initial=initial).dead.any()
