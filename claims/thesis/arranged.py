"""The thesis's 20 samples in another order, or with other signs: why does the loss of iterative training spike (§4.2.1)?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from claims.versions import code_and_arithmetic
from lrn import Experiment
from lrn.data import Data, absolute_value
from lrn.engines import choose
from lrn.experiment import CONVERGED_RMSE

__all__ = ["ORDERS", "Arranged", "switches"]

FIRST = 100
"""Epochs that Figure 4.4 shows."""


def _negative_first(x: NDArray[np.float64]) -> NDArray[np.float64]:
    negative = np.arange(len(x)) < (x < 0).sum()
    return np.where(negative, -np.abs(x), np.abs(x))


def _alternating(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.arange(len(x)) % 2, np.abs(x), -np.abs(x))


ORDERS = {
    "as drawn": lambda x: x,
    "by input": np.sort,
    "by target": lambda x: x[np.argsort(np.abs(x))],
    "with the first signs negative": _negative_first,
    "with signs alternating": _alternating,
}
"""The inputs that come one after the other: x (N,) to x (N,).

The last two change signs alone. A sample's target is the size of its input, so every target stays in its place: another
order of the samples would also change which targets follow each other.
"""


def switches(order: str) -> int:
    """How often one sample's input and the next one's, round and round, have different signs."""
    sign = np.sign(ORDERS[order](absolute_value().x[:, 0]))
    return int((sign != np.roll(sign, 1)).sum())


@dataclass(frozen=True, kw_only=True)
class _Ordered(Experiment):
    """An experiment on the same samples in another order, or with other signs."""

    order: str = "as drawn"

    @cached_property
    def data(self) -> Data:
        drawn = absolute_value(self.target_scale)
        x = ORDERS[self.order](drawn.x[:, 0]).reshape(-1, 1)
        return Data(x, np.abs(x), drawn.target_factor)


@dataclass(frozen=True)
class Arranged:
    """The networks of an experiment, trained on the samples in another order or with other signs.

    Observes the share of the first 100 epochs whose trained-on loss exceeds the one before by more than the convergence
    threshold ("spikes"), and which networks converged.
    """

    experiment: Experiment
    order: str

    @property
    def label(self) -> str:
        return f"{self.experiment.label}, samples {self.order}"

    @property
    def version(self) -> str:
        return code_and_arithmetic(Path(__file__))

    def sample(self, seeds: range) -> dict[str, NDArray[np.generic]]:
        fields = {name: getattr(self.experiment, name) for name in self.experiment.__dataclass_fields__}
        ordered = _Ordered(**fields, order=self.order)
        runs = choose().train(ordered, np.array(seeds, np.uint64), trace=True)
        assert runs.trace is not None
        change = np.diff(runs.trace[:, :FIRST].astype(np.float64), axis=1)
        return {"spikes": (change > CONVERGED_RMSE).mean(axis=1), "converged": runs.converged}
