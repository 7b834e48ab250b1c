"""How the signal and its gradient grow or shrink with depth, and with the time steps of a recurrent network.

Weights are normal with standard deviation gain / √fan_in and there are no biases, so that a linear layer or step of gain 1
keeps the size of a signal on average. A ReLU keeps it at gain √2 (He et al., 2015).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claims.note import SOURCES
from claims.versions import code_and_arithmetic

__all__ = ["Recurrent", "Signals"]

Array = NDArray[np.float64]


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


@dataclass(frozen=True)
class Signals:
    """Random stacks of layers of one nonlinearity, before training.

    Observes by how many powers of ten the last layer's signal is larger than the input ("signal"), and the gradient at the
    input larger than that at the output ("gradient").

    Attributes:
        nonlinearity: "relu" or "tanh".
        gain: the weights' standard deviation, times √fan_in.
        depth: layers.
        width: inputs, and neurons of every layer.
    """

    nonlinearity: str
    gain: float
    depth: int
    width: int = 32

    @property
    def label(self) -> str:
        return f"random {self.nonlinearity} layers, depth {self.depth}, width {self.width}, gain {self.gain:g}"

    @property
    def version(self) -> str:
        return code_and_arithmetic(*SOURCES)

    def sample(self, seeds: range) -> dict[str, Array]:
        signal, gradient = zip(*map(self._one, seeds), strict=True)
        return {"signal": np.log10(signal), "gradient": np.log10(gradient)}

    def _one(self, seed: int) -> tuple[float, float]:
        generator = _generator(seed)
        h = start = generator.standard_normal(self.width)
        layers = []
        for _ in range(self.depth):
            weights = generator.standard_normal((self.width, self.width)) * self.gain / np.sqrt(self.width)
            z = weights @ h
            h, slope = (np.maximum(z, 0), z > 0) if self.nonlinearity == "relu" else (np.tanh(z), 1 - np.tanh(z) ** 2)
            layers.append((weights, slope))
        back = end = generator.standard_normal(self.width)
        for weights, slope in reversed(layers):
            back = weights.T @ (back * slope)
        return np.linalg.norm(h) / np.linalg.norm(start), np.linalg.norm(back) / np.linalg.norm(end)


@dataclass(frozen=True)
class Recurrent:
    """Random linear recurrent networks: h(t) = A h(t - 1), and + B h(t - delay) if there is a delay.

    Observes by how many powers of ten the gradient at h(0) is larger than that at h(steps) ("gradient").

    Attributes:
        gain: of A, and of B.
        steps: time steps.
        delay: how far the second connection reaches back; 0 for none.
        width: neurons.
    """

    gain: float
    steps: int
    delay: int = 0
    width: int = 32

    @property
    def label(self) -> str:
        delayed = f", delay {self.delay}" if self.delay else ""
        return f"linear recurrent networks of width {self.width}, gain {self.gain:g}{delayed}, {self.steps} steps"

    @property
    def version(self) -> str:
        return code_and_arithmetic(*SOURCES)

    def sample(self, seeds: range) -> dict[str, Array]:
        return {"gradient": np.log10(list(map(self._one, seeds)))}

    def _one(self, seed: int) -> float:
        generator = _generator(seed)
        end = generator.standard_normal(self.width)
        a, b = generator.standard_normal((2, self.width, self.width)) * self.gain / np.sqrt(self.width)
        gradients = [end]  # at h(steps), h(steps - 1), ...
        for t in range(1, self.steps + 1):
            back = a.T @ gradients[t - 1]
            if 0 < self.delay <= t:
                back = back + b.T @ gradients[t - self.delay]
            gradients.append(back)
        return float(np.linalg.norm(gradients[-1]) / np.linalg.norm(end))
