"""What networks of width W are like before training, and what happens if they start otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claims.untrained import before_training
from claims.versions import code_and_arithmetic
from lrn import Experiment, Runs, train
from lrn.arithmetic import matmul
from lrn.engines import choose
from lrn.experiment import initial_parameters
from lrn.experiment.metrics import Metric

Parameters = NDArray[np.floating]


def hidden_layers(e: Experiment, parameters: Parameters) -> list[tuple[Parameters, Parameters]]:
    """Views of the weights (S, W, fan in) and biases (S, W) of each hidden layer, for parameters of shape (S, P)."""
    layers, at = [], 0
    for out, fan_in in e.shapes[:-1]:
        weights, biases = parameters[:, at : at + out * fan_in], parameters[:, at + out * fan_in :][:, :out]
        layers.append((weights.reshape(-1, out, fan_in), biases))
        at += out * (fan_in + 1)
    return layers


def layer_outputs(e: Experiment, parameters: Parameters) -> NDArray[np.float64]:
    """The output of each hidden ReLU layer of plain or late networks for each sample, shape (S, D, N, W), in float64."""
    h = np.broadcast_to(e.data.x_standardised, (len(parameters), *e.data.x.shape))
    outputs = []
    for weights, biases in hidden_layers(e, parameters.astype(np.float64)):
        h = np.maximum(matmul(h, weights.transpose(0, 2, 1)) + biases[:, None], 0)
        outputs.append(h)
    return np.stack(outputs, axis=1)


def born_dead(runs: Runs) -> NDArray[np.bool_]:
    """Which neurons are zero on every sample before training, shape (S, D, W)."""
    return before_training(_dead, runs.experiment, runs.seeds)


def _dead(e: Experiment, seeds: NDArray[np.uint64]) -> NDArray[np.bool_]:
    return (layer_outputs(e, initial_parameters(e, seeds)) == 0).all(axis=2)


def _unit(_: Experiment) -> tuple[float, float]:
    return 0.0, 1.0


BORN_DEAD = Metric(
    "neurons dead before training", lambda runs: born_dead(runs).sum(axis=(1, 2)), lambda e: (0.0, float(e.neurons))
)
DEAD_FROM_THE_START = Metric(
    "share of neurons dead before and after training",
    lambda runs: (runs.dead & born_dead(runs)).mean(axis=(1, 2)),
    _unit,
)
KILLED = Metric(
    "share of neurons killed in training", lambda runs: (runs.dead & ~born_dead(runs)).mean(axis=(1, 2)), _unit
)
MORE_DEAD_THAN_BORN = Metric(
    "more neurons dead after training than before", lambda runs: runs.dead_neurons > born_dead(runs).sum(axis=(1, 2))
)
FEWER_DEAD_THAN_BORN = Metric(
    "fewer neurons dead after training than before", lambda runs: runs.dead_neurons < born_dead(runs).sum(axis=(1, 2))
)
BORN_WITH_DEAD_LAYER = Metric(
    "a layer dead before training", lambda runs: born_dead(runs).all(axis=2).any(axis=1), _unit
)
BORN_ALIVE = Metric("no layer dead before training", lambda runs: ~born_dead(runs).all(axis=2).any(axis=1), _unit)


Change = Callable[[Experiment, Parameters], None]


@dataclass(frozen=True)
class Do:
    """The networks of an experiment with other initial weights; all else is as their seeds say.

    Attributes:
        experiment: how they are trained.
        change: sets some of the initial parameters (S, P).
        what: the change in words; with the experiment it names the population.
    """

    experiment: Experiment
    change: Change
    what: str

    @property
    def label(self) -> str:
        return f"{self.experiment.label}, {self.what}"

    @property
    def version(self) -> str:
        return code_and_arithmetic(Path(__file__))

    def sample(self, seeds: range) -> dict[str, NDArray[Any]]:
        array = np.array(seeds, np.uint64)
        initial = initial_parameters(self.experiment, array)
        self.change(self.experiment, initial)
        runs = choose().train(self.experiment, array, initial=initial)
        return {"converged": runs.converged, "rmse": runs.rmse}


def both_sides(experiment: Experiment) -> Do:
    """The first layer's neurons rise to either side in turn, from the mean of x: one speaks on every sample."""
    return Do(experiment, lambda e, p: _first_layer(e, p, -1.0), "first layer rising from the mean to both sides")


def one_side(experiment: Experiment) -> Do:
    """The first layer's neurons all rise to the same side, from the mean of x: it is silent on the other."""
    return Do(experiment, lambda e, p: _first_layer(e, p, 1.0), "first layer rising from the mean to one side")


def _first_layer(e: Experiment, parameters: Parameters, every_other: float) -> None:
    weights, biases = hidden_layers(e, parameters)[0]
    biases[:] = 0
    weights[:] = np.abs(weights) * np.sign(weights[:, :1])
    weights[:, 1::2] *= every_other


def with_dead_layer(experiment: Experiment, layer: int) -> Do:
    """The layer of that number, from 1, starts dead, and without a gradient stays so."""

    def kill(e: Experiment, parameters: Parameters) -> None:
        hidden_layers(e, parameters)[layer - 1][1][:] = -1000

    return Do(experiment, kill, f"layer {layer} dead from the start")


@dataclass(frozen=True)
class Trained:
    """Trained networks; observes which converged, and how many samples leave the first layer silent."""

    experiment: Experiment

    @property
    def label(self) -> str:
        return f"trained {self.experiment.label}"

    @property
    def version(self) -> str:
        return code_and_arithmetic(Path(__file__))

    def sample(self, seeds: range) -> dict[str, NDArray[np.bool_]]:
        runs = train(self.experiment, seeds, parameters=True)
        first = layer_outputs(self.experiment, runs.parameters)[:, 0]
        silent = (first == 0).all(axis=2).sum(axis=1)
        return {"converged": runs.converged, "speaks": silent <= 1, "silent": silent > 1}


@dataclass(frozen=True)
class Untrained:
    """Networks before training; observes how much of the first layer's signal the last hidden layer still carries.

    A layer's signal is the largest difference that it makes between two samples, in any of its neurons.
    """

    experiment: Experiment

    @property
    def label(self) -> str:
        return f"untrained {self.experiment.label}"

    @property
    def version(self) -> str:
        return code_and_arithmetic(Path(__file__))

    def sample(self, seeds: range) -> dict[str, NDArray[np.float64]]:
        parameters = initial_parameters(self.experiment, np.array(seeds, np.uint64))
        signal = np.ptp(layer_outputs(self.experiment, parameters), axis=2).max(axis=2)
        nothing = signal[:, 0] == 0
        return {"signal_left": np.where(nothing, 0.0, signal[:, -1] / np.where(nothing, 1.0, signal[:, 0]))}
