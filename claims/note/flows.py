"""Residual networks with steps of 1/L beside the flow of the differential equation that they take steps of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from torch import Tensor, nn

from claims.note import SOURCES
from claims.versions import code_and_arithmetic
from lrn.nets import EulerNet

Array = NDArray[np.float64]


class Field(nn.Module):
    """f(h) = tanh(A h + b) of stacked systems: A (S, W, W), b and h (S, W)."""

    def __init__(self, a: Array, b: Array) -> None:
        super().__init__()
        self.a, self.b = torch.as_tensor(a), torch.as_tensor(b)

    def forward(self, h: Tensor) -> Tensor:
        return torch.tanh((self.a @ h[..., None])[..., 0] + self.b)


@dataclass(frozen=True)
class Flows:
    """Random smooth fields f(h) = tanh(A h + b), followed for one unit of time from a random start.

    A's entries are normal with variance 4 / W, those of b and of the start standard normal. Observes the error of the
    residual network of L layers against scipy's solution ("error at L"), and the order of its decrease: minus the
    least-squares slope of log-error against log L ("order").
    """

    width: int = 4
    steps: tuple[int, ...] = (16, 32, 64, 128, 256)

    @property
    def label(self) -> str:
        return f"random fields of width {self.width}, {self.steps[0]} to {self.steps[-1]} Euler steps"

    @property
    def version(self) -> str:
        return code_and_arithmetic(*SOURCES)

    def sample(self, seeds: range) -> dict[str, Array]:
        a, b, start = (np.stack(parts) for parts in zip(*map(self._draw, seeds), strict=True))
        exact = np.stack([flow(*system) for system in zip(a, b, start, strict=True)])
        field = Field(a, b)
        ends = [EulerNet(field, steps)(torch.as_tensor(start)).numpy() for steps in self.steps]
        errors = np.stack([np.linalg.norm(end - exact, axis=1) for end in ends], axis=1)
        order = -np.polyfit(np.log(self.steps), np.log(errors).T, 1)[0]
        return {"order": order} | {f"error at {n}": errors[:, i] for i, n in enumerate(self.steps)}

    def _draw(self, seed: int) -> tuple[Array, Array, Array]:
        generator = np.random.Generator(np.random.Philox(key=seed))
        a = generator.standard_normal((self.width, self.width)) * 2 / np.sqrt(self.width)
        return a, generator.standard_normal(self.width), generator.standard_normal(self.width)


def flow(a: Array, b: Array, start: Array) -> Array:
    """Where dh/dt = tanh(A h + b) leads from `start` in one unit of time, to about ten digits."""
    return solve_ivp(lambda _, h: np.tanh(a @ h + b), (0, 1), start, method="DOP853", rtol=1e-11, atol=1e-12).y[:, -1]
