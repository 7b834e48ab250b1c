"""The metrics of each network: exact values on runs written by hand, and bounds that no value leaves."""

from __future__ import annotations

import dataclasses
from operator import attrgetter

import numpy as np
import pytest

from lrn import Experiment, Runs, train
from lrn.experiment.metrics import METRICS, Metric, metric

NAN, INF = np.nan, np.inf
EXPERIMENT = Experiment(width=2, depth=3, epochs=5)
TRACES = [
    [0.30, 0.05, 0.06, 0.05, 0.05],  # converged from the first step on
    [0.30, 0.20, 0.30, 0.20, 0.28],  # rises by 0.1, falls, rises by 0.08
    [0.30, 0.50, INF, INF, NAN],  # diverged
    [0.05, 0.01, 0.02, 0.04, 0.00],  # converged before the first step
    [0.30, 0.20, 0.10, 0.09, 0.08],  # converged by the last step alone
]


def by_hand(dtype=np.float64):
    dead = np.zeros((5, 3, 2), bool)
    dead[1] = [[1, 1], [0, 1], [0, 0]]
    dead[2] = True
    dead[3] = [[1, 1], [1, 1], [0, 0]]
    prediction = np.tile(np.linspace(0, 1, 20), (5, 1))
    prediction[1] = 0.5
    prediction[2] = NAN
    prediction[3] = 0.5
    prediction[3, 7] = np.nextafter(dtype(0.5), dtype(1))
    return Runs(
        EXPERIMENT,
        np.arange(5, dtype=np.uint64),
        rmse=np.array([0.05, 0.25, NAN, 0.0, 0.07], dtype),
        rmse_initial=np.array([0.3, 0.3, 0.3, 0.05, 0.3], dtype),
        converged_at=np.array([1, -1, -1, 0, 5], np.int32),
        dead=dead,
        prediction=prediction.astype(dtype),
        trace=np.array(TRACES, dtype),
    )


# By hand: 5 networks, 3 layers of 2 neurons, 5 epochs and so 4 changes of the trace.
EXPECTED = {
    "converged": [True, False, False, True, True],
    "constant": [False, True, False, False, False],
    "diverged": [False, False, True, False, False],
    "dead_neurons": [0, 3, 6, 4, 0],
    "dead_fraction": [0, 3 / 6, 1, 4 / 6, 0],
    "dead_layers": [0, 1, 3, 2, 0],
    "any_dead_layer": [False, True, True, True, False],
    "over_half_dead": [False, False, True, True, False],
    "loss": [0.05, 0.25, INF, 0.0, 0.07],
    "loss_left": [0.05 / 0.3, 0.25 / 0.3, INF, 0.0, 0.07 / 0.3],
    "converged_at": [1, INF, INF, 0, 5],
    "spikes": [0, 2 / 4, 2 / 4, 0, 0],
    "oscillation": [(0.01 + 0.01 + 0) / 3, INF, INF, (0.04 + 0.01 + 0.02 + 0.04) / 4, INF],
}


def test_every_metric_has_its_value_by_hand():
    assert set(EXPECTED) == set(METRICS)


@pytest.mark.parametrize("name", METRICS)
def test_values(name):
    values = metric(name).function(by_hand())
    assert values.shape == (5,)
    assert np.allclose(values, EXPECTED[name], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["converged", "constant", "diverged", "any_dead_layer", "over_half_dead"])
def test_truths_are_boolean(name):
    assert metric(name).function(by_hand()).dtype == bool


@pytest.mark.parametrize("name", METRICS)
def test_rounding_of_float32_keeps_the_values(name):
    assert np.allclose(metric(name).function(by_hand(np.float32)), EXPECTED[name], rtol=1e-5, atol=1e-6)


WILD = [
    Experiment(depth=3, epochs=60),
    Experiment(depth=8, epochs=60, connection="plain", style="iterative"),
    Experiment(depth=4, epochs=200, optimizer="sgd", lr=1.0, style="iterative"),
    Experiment(depth=4, epochs=30, optimizer="sgd", lr=1e3),
    Experiment(depth=2, epochs=1),
    Experiment(depth=1, width=1, epochs=2),
]


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("experiment", WILD, ids=lambda experiment: experiment.label)
def test_real_networks_have_one_value_each_within_the_bounds(experiment, name):
    measured = metric(name)
    runs = train(experiment, range(50), trace=measured.trace)
    values = np.asarray(measured.function(runs), np.float64)
    assert values.shape == (50,)
    assert not np.isnan(values).any()
    if measured.bounds is not None:
        low, high = measured.bounds(experiment)
        assert low <= values.min()
        assert values.max() <= high


@pytest.mark.parametrize("name", METRICS)
def test_no_networks_have_no_values(name):
    runs = train(EXPERIMENT, [], trace=True)
    assert metric(name).function(runs).shape == (0,)


def test_metrics_that_need_no_trace_do_without_it():
    runs = dataclasses.replace(by_hand(), trace=None)
    for measured in METRICS.values():
        if not measured.trace:
            measured.function(runs)
    assert {measured.name for measured in METRICS.values() if measured.trace} == {"spikes", "oscillation"}


def test_lookup_by_name_or_by_itself():
    own = Metric("width", lambda runs: np.full(len(runs), runs.experiment.width))
    assert metric(own) is own
    assert metric("loss") is METRICS["loss"]
    assert list(METRICS) == list(map(attrgetter("name"), METRICS.values()))


@pytest.mark.parametrize("wrong", ["losses", "", None, 3])
def test_unknown_names_are_refused_with_the_known_ones(wrong):
    with pytest.raises(ValueError, match=r"metric must be one of any_dead_layer, constant, .*, or a Metric; got") as e:
        metric(wrong)
    assert repr(wrong) in str(e.value)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("dead_neurons", lambda runs: (~runs.dead).sum(axis=(1, 2))),  # counts the neurons that live
        ("dead_layers", lambda runs: runs.dead.any(axis=2).sum(axis=1)),  # one dead neuron kills its layer
        ("dead_layers", lambda runs: (~runs.dead.any(axis=2)).sum(axis=1)),  # layers without a dead neuron
        ("converged", lambda runs: ~(runs.rmse > 0.07)),  # NaN has converged
        ("over_half_dead", lambda runs: 2 * runs.dead_neurons >= runs.experiment.neurons),
        ("converged_at", lambda runs: runs.converged_at),  # never is -1
    ],
)
def test_planted_bugs_are_found(name, wrong):
    assert not np.allclose(wrong(by_hand()), EXPECTED[name])
