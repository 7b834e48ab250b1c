"""Residual networks with steps of 1/L beside the flow of the differential equation that they take steps of.

All of it is made of `lrn.arithmetic`, and has the same bits on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from claims.note import SOURCES
from claims.versions import code
from lrn.arithmetic import log, normals, tanh, total

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Flows:
    """Random smooth fields f(h) = tanh(A h + b), followed for one unit of time from a random start.

    A's entries are normal with variance 4 / W, those of b and of the start standard normal. Observes the error of the
    residual network of L layers against the flow ("error at L"), and the order of its decrease: minus the
    least-squares slope of log-error against log L ("order").
    """

    width: int = 4
    steps: tuple[int, ...] = (16, 32, 64, 128, 256)
    seeds_per_block: ClassVar[int] = 64  # which take little longer than one: systems this small cost their calls

    @property
    def label(self) -> str:
        return f"random fields of width {self.width}, {self.steps[0]} to {self.steps[-1]} Euler steps"

    @property
    def version(self) -> str:
        return code(*SOURCES)

    def sample(self, seeds: range) -> dict[str, Array]:
        a, b, start = normals(seeds, [(self.width, self.width), (self.width,), (self.width,)])
        a = a * 2 / np.sqrt(self.width)
        exact, errors = flow(a, b, start), np.empty((len(seeds), len(self.steps)))
        for i, steps in enumerate(self.steps):
            errors[:, i] = np.sqrt(total(np.square(euler(a, b, start, steps) - exact)))
        observed = {"order": self._order(errors)}
        for steps, error in zip(self.steps, errors.T, strict=True):
            observed[f"error at {steps}"] = error
        return observed

    def _order(self, errors: Array) -> Array:
        x = log(self.steps)
        x = x - total(x) / len(x)
        return -total(log(errors) * x) / total(np.square(x))


def field(a: Array, b: Array, h: Array) -> Array:
    """f(h) = tanh(A h + b) of stacked systems: A (S, W, W), b and h (S, W)."""
    return tanh(total(a * h[:, None]) + b)


def euler(a: Array, b: Array, start: Array, steps: int) -> Array:
    """Where a residual network of that many layers, each f(h) / steps, leads from `start`: `lrn.nets.EulerNet`."""
    h = start
    for _ in range(steps):
        h = h + field(a, b, h) * (1 / steps)
    return h


def flow(a: Array, b: Array, start: Array, steps: int = 256) -> Array:
    """Where dh/dt = f(h) leads from `start` in one unit of time, to about nine digits (Runge & Kutta's method)."""
    h, size = start, 1 / steps
    for _ in range(steps):
        first = field(a, b, h)
        second = field(a, b, h + first * (size / 2))
        third = field(a, b, h + second * (size / 2))
        fourth = field(a, b, h + third * size)
        h = h + (first + 2 * second + 2 * third + fourth) * (size / 6)
    return h
