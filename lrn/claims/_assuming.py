"""Means of values without bounds, under an assumption that the claim's author declares."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from lrn.claims._samples import Betting
from lrn.intervals import (
    normal_capital,
    normal_ends,
    subgaussian_capital,
    subgaussian_ends,
    symmetric_capital,
    symmetric_ends,
)
from lrn.verdicts import Quantity

__all__ = ["Assumed", "Assumption", "shared_assumption"]

_Values = NDArray[np.float64]


@dataclass(frozen=True)
class Assumption:
    """An assumption about values, one per seed.

    Attributes:
        kind: "normal", "symmetric" or "subgaussian".
        sd: the scale of subgaussian values.
    """

    kind: str
    sd: float | None = None

    def __str__(self) -> str:
        return Quantity("", "", (), assume=self.kind, sd=self.sd).assumption

    def log_capital(self, values: _Values, mean: float) -> float:
        """Returns the logarithm of the stake bet on a larger mean of the values (n,)."""
        if self.kind == "subgaussian":
            assert self.sd is not None
            return subgaussian_capital(values, mean, self.sd)
        capitals: dict[str, Callable[[_Values, float], float]] = {
            "normal": normal_capital,
            "symmetric": symmetric_capital,
        }
        return capitals[self.kind](values, mean)

    def ends(self, values: _Values, goal: float) -> tuple[float, float]:
        """Returns the interval for the mean of the values (n,)."""
        if self.kind == "subgaussian":
            assert self.sd is not None
            return subgaussian_ends(values, goal, self.sd)
        return {"normal": normal_ends, "symmetric": symmetric_ends}[self.kind](values, goal)


class Assumed(Betting):
    """The mean of values that are taken to be normal, symmetric or subgaussian.

    Args:
        values: (n,) the observations, in the order of their seeds.
        assumption: the one made about them.
        seeds: seeds sampled.
        goal: logarithm of the stake that decides.
    """

    low, high = -math.inf, math.inf

    def __init__(self, values: _Values, assumption: Assumption, seeds: int, goal: float) -> None:
        super().__init__(len(values), seeds, goal)
        self._values, self._assumption = values, assumption

    @property
    def assumption(self) -> str:
        """The assumption about the values, for people."""
        return str(self._assumption)

    @cached_property
    def point(self) -> float:
        """The mean."""
        return float(self._values.mean()) if self.n else math.nan

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The interval."""
        low, high = self._assumption.ends(self._values, self.goal)
        return (low, high) if not self.n else (min(low, self.point), max(high, self.point))

    def _capital(self, threshold: float, above: bool) -> float:
        if above:
            return self._assumption.log_capital(self._values, threshold)
        return self._assumption.log_capital(-self._values, -threshold)

    def _rate(self, threshold: float, above: bool) -> float:
        gap, sd = self.point - threshold, self._assumption.sd
        variance = float(self._values.var()) if sd is None else sd * sd
        return self.n / max(self.seeds, 1) * math.log1p(gap * gap / variance) / 2 if variance > 0 else 0.0


def shared_assumption(quantities: Sequence[Quantity], coefficients: Sequence[float]) -> Assumption | None:
    """Returns the assumption about a linear expression of the same seeds; None where its terms do not share one.

    Values that are normal together, or symmetric together, have normal or symmetric sums. Subgaussian ones have
    subgaussian sums, whose scale is at most the sum of their scales, whatever they have in common.
    """
    kinds = set(map(attrgetter("assume"), quantities))
    kind = kinds.pop()
    if kinds or kind is None:
        return None
    if kind != "subgaussian":
        return Assumption(kind)
    return Assumption(kind, sum(abs(c) * (q.sd or 0.0) for q, c in zip(quantities, coefficients, strict=True)))
