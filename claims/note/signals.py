"""How the signal and its gradient grow or shrink with depth, and with the time steps of a recurrent network.

Weights are normal with standard deviation gain / √fan_in and there are no biases, so that a linear layer or step of gain 1
keeps the size of a signal on average. A ReLU keeps it at gain √2 (He et al., 2015). Each seed has its own generator, and all
is made of `lrn.arithmetic`: it has the same bits on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claims.note import SOURCES
from claims.note.stacks import blocks, joined, length
from claims.versions import code
from lrn.arithmetic import log10, matmul, normals, tanh

__all__ = ["Recurrent", "Signals"]

Array = NDArray[np.float64]


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
        return code(*SOURCES)

    def sample(self, seeds: range) -> dict[str, Array]:
        return joined(map(self._block, blocks(seeds)))

    def _block(self, seeds: range) -> dict[str, Array]:
        square = (self.width, self.width)
        start, *layers, end = normals(seeds, [(self.width, 1), *[square] * self.depth, (self.width, 1)])
        scale = self.gain / np.sqrt(self.width)
        weights, slopes, h = [layer * scale for layer in layers], [], start
        for a in weights:
            z = matmul(a, h)
            h = np.maximum(z, 0) if self.nonlinearity == "relu" else tanh(z)
            slopes.append((z > 0).astype(np.float64) if self.nonlinearity == "relu" else 1 - h * h)
        back = end
        for a, slope in zip(reversed(weights), reversed(slopes), strict=True):
            back = matmul(a.swapaxes(1, 2), back * slope)
        return {"signal": _powers_of_ten(h, start), "gradient": _powers_of_ten(back, end)}


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
        return code(*SOURCES)

    def sample(self, seeds: range) -> dict[str, Array]:
        return joined(map(self._block, blocks(seeds)))

    def _block(self, seeds: range) -> dict[str, Array]:
        square = (self.width, self.width)
        end, a, b = normals(seeds, [(self.width, 1), square, square])
        scale = self.gain / np.sqrt(self.width)
        a, b = (a * scale).swapaxes(1, 2), (b * scale).swapaxes(1, 2)
        gradients = [end]  # at h(steps), h(steps - 1), ...
        for t in range(1, self.steps + 1):
            back = matmul(a, gradients[t - 1])
            if 0 < self.delay <= t:
                back = back + matmul(b, gradients[t - self.delay])
            gradients.append(back)
        return {"gradient": _powers_of_ten(gradients[-1], end)}


def _powers_of_ten(vectors: Array, others: Array) -> Array:
    """By how many powers of ten vectors (S, W, 1) are longer than others, shape (S,)."""
    return log10(length(vectors[..., 0]) / length(others[..., 0]))
