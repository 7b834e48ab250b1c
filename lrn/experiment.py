"""An experiment: everything that decides how a network is trained, except its seed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lrn.data import Data, absolute_value

__all__ = ["CONVERGED_RMSE", "Experiment", "initial_parameters"]

CONVERGED_RMSE = 0.07
"""A network has converged if its RMSE over all samples, in original units, ends at or below this."""

CHOICES = {
    "connection": ("plain", "late"),
    "optimizer": ("adam", "sgd"),
    "style": ("batch", "iterative"),
    "activation": ("relu", "leaky_relu"),
    "dtype": ("float32", "float64"),
}
LARGEST = {"width": 65_536, "depth": 65_536, "epochs": 10_000_000}  # a float32 counts epochs exactly up to 16 million
LARGEST_LR = 1e30  # Adam's first step, ten times this, still fits a float32


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One training set-up; with a seed it names exactly one network (thesis, chapter 3).

    Attributes:
        width: neurons W of each hidden layer, 1 to 65,536.
        depth: number D of hidden layers, 1 to 65,536.
        connection: "plain", or "late": every hidden layer is also wired to the output.
        optimizer: "adam" (torch's defaults) or "sgd".
        lr: learning rate, positive, at most 1e30.
        style: "batch": each epoch is one step on all samples; "iterative": one step on one sample, in order.
        epochs: training steps, 1 to 10 million.
        activation: "relu" or "leaky_relu" (slope 0.01).
        dtype: "float32" or "float64", what the training computes in.

    Raises:
        TypeError: a field has the wrong type.
        ValueError: a field is out of range; the message names the value and what is allowed.
    """

    width: int = 2
    depth: int = 10
    connection: str = "late"
    optimizer: str = "adam"
    lr: float = 0.01
    style: str = "batch"
    epochs: int = 3000
    activation: str = "relu"
    dtype: str = "float32"

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
        for name, most in LARGEST.items():
            object.__setattr__(self, name, _whole_number(name, getattr(self, name), most))
        object.__setattr__(self, "lr", _positive_number("lr", self.lr, LARGEST_LR))

    def replace(self, **changes: Any) -> Self:
        """The same experiment with some fields changed; an unknown field raises TypeError."""
        return dataclasses.replace(self, **changes)

    @property
    def label(self) -> str:
        """A short text that names the experiment; fields at their defaults that no thesis table varies are left out."""
        parts = [self.connection, f"depth {self.depth}", f"width {self.width}"]
        parts += [f"{self.optimizer} {self.lr!r}", self.style]
        parts += [f"{self.epochs} epochs"] if self.epochs != 3000 else []
        parts += [self.activation] if self.activation != "relu" else []
        parts += [self.dtype] if self.dtype != "float32" else []
        return ", ".join(parts)

    @cached_property
    def key(self) -> str:
        """16 hexadecimal digits that are the same for equal experiments, in every process and on every machine."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def data(self) -> Data:
        """What it trains on."""
        return absolute_value()

    @cached_property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """(out, in) of each Linear layer, hidden layers first, the output layer last."""
        features, outputs = self.data.x.shape[1], self.data.t.shape[1]
        hidden = [(self.width, features)] + [(self.width, self.width)] * (self.depth - 1)
        columns = self.width * (self.depth if self.connection == "late" else 1)
        return (*hidden, (outputs, columns))

    @property
    def parameters(self) -> int:
        """Number P of weights and biases of one network."""
        return sum(out * (fan_in + 1) for out, fan_in in self.shapes)

    @property
    def neurons(self) -> int:
        """Number of hidden neurons, D * W."""
        return self.depth * self.width


def initial_parameters(experiment: Experiment, seeds: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Initial weights and biases as `torch.nn.Linear` distributes them: uniform in ±1/√fan_in.

    Each seed keys its own counter-based generator and hidden layers are drawn first, so a network never depends on
    its neighbours, and plain and late networks of one seed share their hidden weights.

    Args:
        experiment: the set-up.
        seeds: shape (S,).

    Returns:
        Shape (S, P), in the order of `module.parameters()`.
    """
    fan_in = np.concatenate([np.full(out * (n + 1), n) for out, n in experiment.shapes])
    bound = 1.0 / np.sqrt(fan_in.astype(np.float64))
    draws = [np.random.Generator(np.random.Philox(key=int(s))).random(len(bound)) for s in seeds]
    return (np.array(draws).reshape(len(seeds), len(bound)) * 2.0 - 1.0) * bound


def _whole_number(name: str, value: Any, most: int) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number from 1 to {most:,}; got {value!r}")
    if not 1 <= value <= most:
        raise ValueError(f"{name} must be from 1 to {most:,}; got {value}")
    return int(value)


def _positive_number(name: str, value: Any, most: float) -> float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a positive number; got {value!r}")
    if not 0 < value <= most:
        raise ValueError(f"{name} must be positive and at most {most:g}; got {value}")
    return float(value)
