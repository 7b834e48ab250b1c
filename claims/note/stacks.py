"""Random ReLU networks of one input and one output, before training: what their slopes and gradients look like.

Weights and biases are normal with variance 2 / fan_in (He et al., 2015), the output layer's with 1 / fan_in. Each seed
has its own generator, and hidden layers are drawn first, so networks of one seed share their hidden layers whatever
their connection. "residual" is h_d = relu(A_d h_{d-1} + b_d) + h_{d-1} from the second layer on; in "late" networks
the output reads every layer. All of it is made of `lrn.arithmetic`, and has the same bits on every machine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from claims.note import SOURCES
from claims.versions import code
from lrn.arithmetic import matmul, normals, total
from lrn.data import absolute_value
from lrn.gradients import autocorrelation

Array = NDArray[np.float64]
CONNECTIONS = ("plain", "residual", "late")
BLOCK = 8  # networks whose numbers fit into a processor's cache
POINTS = 256  # as in Balduzzi et al. (2017), on [-2, 2]
LAGS = 15


class Weights(NamedTuple):
    """Stacked networks: hidden weights (S, out, in) and biases (S, out) layer by layer, output weights (S, columns)."""

    hidden: list[tuple[Array, Array]]
    output: Array


def draw(seeds: range, depth: int, width: int, connection: str) -> Weights:
    """The networks of these seeds."""
    columns = width * (depth if connection == "late" else 1)
    shapes = list[tuple[int, ...]]()
    for fan_in, fan_out in pairwise([1] + [width] * depth):
        shapes += (fan_out, fan_in), (fan_out,)
    *layers, output = normals(seeds, [*shapes, (columns,)])
    hidden = list[tuple[Array, Array]]()
    for a, b in zip(layers[::2], layers[1::2], strict=True):
        scale = np.sqrt(2 / a.shape[2])
        hidden.append((a * scale, b * scale))
    return Weights(hidden, output / np.sqrt(columns))


@dataclass(frozen=True)
class Starts:
    """Networks as they are drawn; observes how the slope of the output changes along the input."""

    connection: str
    depth: int
    width: int = 32

    @property
    def label(self) -> str:
        return f"random {self.connection} networks, depth {self.depth}, width {self.width}, He start"

    @property
    def version(self) -> str:
        return code(*SOURCES)

    def sample(self, seeds: range) -> dict[str, Array]:
        return joined(map(self._block, blocks(seeds)))

    def _block(self, seeds: range) -> dict[str, Array]:
        weights = draw(seeds, self.depth, self.width, self.connection)
        by_lag = autocorrelation(slopes(weights, self.connection, np.linspace(-2, 2, POINTS)), LAGS)
        # A slope that never changes is as far from noise as can be.
        by_lag = np.where(np.isnan(by_lag), 1.0, by_lag)
        return {"neighbours": by_lag[:, 1], "autocorrelation": total(by_lag[:, 1:]) / LAGS}


@dataclass(frozen=True)
class Regions:
    """Networks as they are drawn; observes how many straight pieces the output has on [-2, 2]."""

    connection: str
    depth: int
    width: int = 8

    @property
    def label(self) -> str:
        return f"lines through random {self.connection} networks, depth {self.depth}, width {self.width}, He start"

    @property
    def version(self) -> str:
        return code(*SOURCES)

    def sample(self, seeds: range) -> dict[str, NDArray[np.int64]]:
        weights = draw(seeds, self.depth, self.width, self.connection)
        return {"pieces": pieces(weights, self.connection, -2.0, 2.0)}


@dataclass(frozen=True)
class Shaken:
    """The gradient of the loss on the thesis's 20 points, before and after the first layer's weights change a little.

    Observes, for the gradient against all weights and biases, the cosine of before and after ("cosine"), and its change
    relative to its norm over the weights' change relative to theirs ("amplification"); 0 for a gradient of zero.

    Attributes:
        scale: norm of the change over the norm of the first layer's weights; its direction is normal.
    """

    connection: str
    depth: int
    scale: float
    width: int = 32

    @property
    def label(self) -> str:
        network = f"{self.connection} networks, depth {self.depth}, width {self.width}, He start"
        return f"random {network}, first layer changed by {self.scale:g}"

    @property
    def version(self) -> str:
        return code(*SOURCES)

    def sample(self, seeds: range) -> dict[str, Array]:
        return joined(self._block(part) for part in blocks(seeds, 2 * BLOCK))  # of 20 points rather than 256

    def _block(self, seeds: range) -> dict[str, Array]:
        weights = draw(seeds, self.depth, self.width, self.connection)
        first, bias = weights.hidden[0]
        (step,) = normals(((seed, 1) for seed in seeds), [(self.width, 1)])
        sizes = (length(first[..., 0]) / length(step[..., 0]))[:, None, None]
        moved = Weights([(first + self.scale * sizes * step, bias), *weights.hidden[1:]], weights.output)
        before, after = loss_gradient(weights, self.connection), loss_gradient(moved, self.connection)
        size = length(before)
        change = length(after - before) / np.where(size > 0, size, 1.0) * (size > 0)
        return {"cosine": cosine(before, after), "amplification": change / self.scale}


def slopes(weights: Weights, connection: str, x: Array) -> Array:
    """The derivative of each network's output at the inputs x (N,), shape (S, N)."""
    h = np.broadcast_to(x[None, :, None], (len(weights.output), len(x), 1))
    change, outputs = np.ones_like(h), []
    for d, (a, b) in enumerate(weights.hidden):
        transposed = a.swapaxes(1, 2)
        z, dz = matmul(h, transposed), matmul(change, transposed)
        z += b[:, None]
        on = (z > 0).astype(np.float64)  # once, rather than in each product
        z *= on
        dz *= on
        if connection == "residual" and d > 0:
            z += h
            dz += change
        h, change = z, dz
        outputs.append(change)
    read = np.concatenate(outputs, axis=2) if connection == "late" else change
    return matmul(read, weights.output[..., None])[..., 0]


def pieces(weights: Weights, connection: str, start: float, end: float) -> NDArray[np.int64]:
    """The number of straight pieces of each network's output between two inputs, exactly, shape (S,)."""
    counts = np.empty(len(weights.output), np.int64)
    for s, output in enumerate(weights.output):
        hidden = [(a[s], b[s]) for a, b in weights.hidden]
        counts[s] = _pieces(hidden, output, connection, start, end)
    return counts


def _with_cuts(values: Array, interval: NDArray[np.intp], share: Array) -> Array:
    """Values at points, and behind them those at cuts, each at a share of the way through an interval."""
    return np.concatenate([values, values[interval] + share * (values[interval + 1] - values[interval])])


def _pieces(hidden: list[tuple[Array, Array]], output: Array, connection: str, start: float, end: float) -> int:
    """As `lrn.gradients.linear_regions` counts, but each layer is computed once, and only at the points it needs."""
    x = np.array([start, end])
    h, slope = x[:, None], np.ones((1, 1))  # at the points, and between them
    total = np.zeros(1)
    for d, (a, b) in enumerate(hidden):
        z = matmul(h, a.T) + b
        i, unit = np.nonzero(np.sign(z[:-1]) * np.sign(z[1:]) < 0)
        at = x[i] + (x[i + 1] - x[i]) * (z[i, unit] / (z[i, unit] - z[i + 1, unit]))
        inside = (at > x[i]) & (at < x[i + 1])
        cuts, where = np.unique(at[inside], return_index=True)
        interval = i[inside][where]
        share = ((cuts - x[interval]) / (x[interval + 1] - x[interval]))[:, None]
        order = np.argsort(np.concatenate([x, cuts]), kind="stable")
        z, h = _with_cuts(z, interval, share)[order], _with_cuts(h, interval, share)[order]
        x = np.concatenate([x, cuts])[order]
        source = np.sort(np.concatenate([np.arange(len(slope)), interval]))
        slope, total = slope[source], total[source]
        on = (z[:-1] + z[1:]) / 2 > 0
        residual = connection == "residual" and d > 0
        h, slope = np.maximum(z, 0) + (h if residual else 0), matmul(slope, a.T) * on + (slope if residual else 0)
        if connection == "late":
            total = total + matmul(slope, output[d * len(b) : (d + 1) * len(b), None])[:, 0]
    total = total if connection == "late" else matmul(slope, output[:, None])[:, 0]
    return 1 + int((np.abs(np.diff(total)) > 1e-9 * np.abs(total).max()).sum())


def loss_gradient(weights: Weights, connection: str) -> Array:
    """Gradient of each network's mean squared error on the thesis's standardised points, shape (S, P)."""
    data = absolute_value()
    h = np.broadcast_to(data.x_standardised, (len(weights.output), *data.x.shape))
    inputs, signs, outputs = [], [], []  # of each layer
    for d, (a, b) in enumerate(weights.hidden):
        z = matmul(h, a.swapaxes(1, 2)) + b[:, None]
        inputs.append(h)
        signs.append(z > 0)
        h = z * signs[d] + (h if connection == "residual" and d > 0 else 0)
        outputs.append(h)
    read = np.concatenate(outputs, axis=2) if connection == "late" else h
    error = matmul(read, weights.output[..., None]) - data.t_standardised
    return _backward(weights, connection, inputs, signs, read, error * (2 / len(data.x)))


def _backward(
    weights: Weights, connection: str, inputs: list[Array], signs: list[NDArray[np.bool_]], read: Array, change: Array
) -> Array:
    """The gradient (S, P) for that against the predictions (S, N, 1), layer by layer from the output."""
    gradients = [matmul(read.swapaxes(1, 2), change)]
    against = change * weights.output[:, None]  # what the output layer reads
    width = weights.hidden[0][0].shape[1]
    behind = against[..., -width:]
    for d in reversed(range(len(inputs))):
        dz = behind * signs[d]
        gradients = [matmul(dz.swapaxes(1, 2), inputs[d]), total(dz, axis=1), *gradients]
        before = matmul(dz, weights.hidden[d][0])
        if connection == "residual" and d > 0:
            before = before + behind
        if connection == "late" and d > 0:
            before = before + against[..., (d - 1) * width : d * width]
        behind = before
    return np.concatenate([gradient.reshape(len(gradient), -1) for gradient in gradients], axis=1)


def length(a: Array) -> Array:
    """The Euclidean length of each row, shape (S,)."""
    return np.sqrt(total(np.square(a)))


def cosine(a: Array, b: Array) -> Array:
    """Cosine of the angle between rows, shape (S,); 1 where both are zero, 0 where one is."""
    with np.errstate(invalid="ignore"):
        a, b = a / length(a)[:, None], b / length(b)[:, None]
    zero = np.isnan(a).any(axis=1).astype(int) + np.isnan(b).any(axis=1)
    cosines = np.clip(total(np.nan_to_num(a) * np.nan_to_num(b)), -1, 1)
    return np.where(zero == 2, 1.0, cosines)


def blocks(seeds: range, size: int = BLOCK) -> Iterator[range]:
    """The seeds in blocks, for less memory."""
    for i in range(0, len(seeds), size):
        yield seeds[i : i + size]


def joined(parts: Iterator[dict[str, Array]]) -> dict[str, Array]:
    """The observations of all blocks, in their order."""
    columns: defaultdict[str, list[Array]] = defaultdict(list)
    for part in parts:
        for name, values in part.items():
            columns[name].append(values)
    return {name: np.concatenate(values) for name, values in columns.items()}
