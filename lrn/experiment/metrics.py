"""Metrics: the quantities that a claim measures for each trained network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrn.experiment._experiment import CONVERGED_RMSE, Experiment
from lrn.experiment.runs import Runs

__all__ = ["METRICS", "Metric", "metric"]


@dataclass(frozen=True)
class Metric:
    """One number, or one truth, for each network.

    Attributes:
        name: how claims and reports call it.
        function: Runs -> shape (S,); a boolean result has a rate, a bounded one a mean, any one has quantiles.
        bounds: experiment -> (low, high) that no value can leave; None if it has none.
        trace: whether it needs the loss of every epoch.

    Raises:
        TypeError: the name is not a text, or a function cannot be called.
    """

    name: str
    function: Callable[[Runs], NDArray[Any]]
    bounds: Callable[[Experiment], tuple[float, float]] | None = None
    trace: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(f"a metric's name must be text; got {self.name!r}")
        for name, value in (("function", self.function), ("bounds", self.bounds)):
            if not callable(value) and (name == "function" or value is not None):
                raise TypeError(f"{name} of metric {self.name} must be a function; got {value!r}")


def _unit(_: Experiment) -> tuple[float, float]:
    return 0.0, 1.0


def _constant(runs: Runs) -> NDArray[Any]:
    return (runs.prediction == runs.prediction[:, :1]).all(axis=1)


def _converged_at(runs: Runs) -> NDArray[Any]:
    return np.where(runs.converged_at < 0, np.inf, runs.converged_at)


def _loss(runs: Runs) -> NDArray[Any]:
    return np.where(np.isfinite(runs.rmse), runs.rmse, np.inf)


def _spikes(runs: Runs) -> NDArray[Any]:
    change = _changes(runs)
    return (change > CONVERGED_RMSE).sum(axis=1) / max(change.shape[1], 1)


def _changes(runs: Runs) -> NDArray[np.float64]:
    assert runs.trace is not None
    with np.errstate(invalid="ignore"):  # infinity less infinity, where training diverged
        return np.diff(runs.trace.astype(np.float64), axis=1)


def _oscillation(runs: Runs) -> NDArray[Any]:
    change = np.abs(_changes(runs))
    after = np.arange(change.shape[1]) >= np.where(runs.converged_at < 0, change.shape[1], runs.converged_at)[:, None]
    settled = np.where(after, change, 0.0).sum(axis=1)
    return np.where(after.any(axis=1), settled / np.maximum(after.sum(axis=1), 1), np.inf)


METRICS = {
    m.name: m
    for m in (
        Metric("converged", lambda runs: runs.converged, _unit),
        # The same output, to the bit, on every sample.
        Metric("constant", _constant, _unit),
        Metric("diverged", lambda runs: ~np.isfinite(runs.rmse), _unit),
        Metric("dead_neurons", lambda runs: runs.dead_neurons, lambda e: (0.0, float(e.neurons))),
        Metric("dead_fraction", lambda runs: runs.dead.mean(axis=(1, 2)), _unit),
        Metric("dead_layers", lambda runs: runs.dead_layers, lambda e: (0.0, float(e.depth))),
        Metric("any_dead_layer", lambda runs: runs.dead_layers > 0, _unit),
        Metric("over_half_dead", lambda runs: 2 * runs.dead_neurons > runs.experiment.neurons, _unit),
        # RMSE over all samples after the last epoch, original units; infinite where training diverged.
        Metric("loss", _loss),
        # The final loss as a fraction of the initial one.
        Metric("loss_left", lambda runs: _loss(runs) / runs.rmse_initial),
        # Epochs until the loss stays converged; infinite if it never does.
        Metric("converged_at", _converged_at),
        # Fraction of epochs whose trained-on RMSE exceeds the one before by more than the convergence threshold.
        Metric("spikes", _spikes, _unit, trace=True),
        # Mean absolute change of the trained-on RMSE from epoch to epoch, once converged.
        Metric("oscillation", _oscillation, trace=True),
    )
}


def metric(name: str | Metric) -> Metric:
    """The metric of that name, or the metric itself; an unknown name raises ValueError that lists the known ones."""
    if isinstance(name, Metric):
        return name
    if not isinstance(name, str) or name not in METRICS:
        raise ValueError(f"metric must be one of {', '.join(sorted(METRICS))}, or a Metric; got {name!r}")
    return METRICS[name]
