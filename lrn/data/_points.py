"""Points that experiments train on.

The thesis (§3.1) learns the absolute value of 20 points, drawn once and kept in the order they were drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Data", "absolute_value"]


@dataclass(frozen=True, eq=False)
class Data:
    """Inputs and targets in original units, and how they are standardised.

    Attributes:
        x: inputs, shape (N, F), float64.
        t: targets, shape (N, O), float64.
        target_factor: None, or c: nothing is standardised, and networks read x and learn c t.

    Raises:
        ValueError: x and t are not arrays with as many rows, or the factor is not positive.
    """

    x: NDArray[np.float64]
    t: NDArray[np.float64]
    target_factor: float | None = None

    def __post_init__(self) -> None:
        if not len(np.shape(self.x)) == len(np.shape(self.t)) == 2 or len(self.x) != len(self.t):
            shapes = f"{np.shape(self.x)} and {np.shape(self.t)}"
            raise ValueError(f"x and t must have shapes (N, F) and (N, O), with as many rows; got {shapes}")
        factor = self.target_factor
        if factor is not None and not (isinstance(factor, int | float) and 0 < factor < math.inf):
            raise ValueError(f"target_factor must be None or a positive number; got {factor!r}")

    @property
    def samples(self) -> int:
        """N."""
        return len(self.x)

    @cached_property
    def x_standardised(self) -> NDArray[np.float64]:
        """Inputs with mean 0 and unbiased standard deviation 1, feature by feature, shape (N, F)."""
        if self.target_factor is not None:
            return self.x
        return (self.x - self.x.mean(axis=0)) / self.x.std(axis=0, ddof=1)

    @cached_property
    def t_standardised(self) -> NDArray[np.float64]:
        """Targets less `target_mean`, in units of `target_scale`, shape (N, O): all outputs share one scale."""
        return (self.t - self.target_mean) / self.target_scale

    @cached_property
    def target_mean(self) -> float:
        """Mean of the targets, in original units; 0 where nothing is standardised."""
        return float(self.t.mean()) if self.target_factor is None else 0.0

    @cached_property
    def target_scale(self) -> float:
        """Unbiased standard deviation of the targets, or 1 / c: the networks' unit in original units."""
        return float(self.t.std(ddof=1)) if self.target_factor is None else 1.0 / self.target_factor


def absolute_value(target_factor: float | None = None) -> Data:
    """The thesis's data: 20 points uniform on [-1, 1] and their absolute values (Table 3.1), each shape (20, 1).

    Args:
        target_factor: see `Data`.
    """
    x = np.random.RandomState(42).uniform(-1, 1, 20).reshape(-1, 1)
    return Data(x=x, t=np.abs(x), target_factor=target_factor)
