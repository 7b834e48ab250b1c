"""Points that experiments train on.

The thesis (§3.1) learns the absolute value of 20 points, drawn once and kept in the order they were drawn.
"""

from __future__ import annotations

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
    """

    x: NDArray[np.float64]
    t: NDArray[np.float64]
    target_factor: float | None = None

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
        """Unbiased standard deviation of the targets, or 1 / c: what the networks' unit is in original units."""
        return float(self.t.std(ddof=1)) if self.target_factor is None else 1.0 / self.target_factor


def absolute_value(target_factor: float | None = None) -> Data:
    """The thesis's data: 20 points uniform on [-1, 1] and their absolute values (Table 3.1), each shape (20, 1).

    Args:
        target_factor: see `Data`.
    """
    x = np.random.RandomState(42).uniform(-1, 1, 20).reshape(-1, 1)
    return Data(x=x, t=np.abs(x), target_factor=target_factor)
