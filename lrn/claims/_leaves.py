"""Measured quantities of populations, seed by seed: their values grow as a claim needs more seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lrn.claims._again import suspicious
from lrn.claims._metrics import Column, check_same_metrics
from lrn.claims._populations import Population, check_one_object, is_experiment
from lrn.claims._published import PublishedMean
from lrn.claims._state import State, state_of
from lrn.intervals import Side
from lrn.verdicts import Quantity

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.experiment.metrics import Metric

__all__ = ["Leaf", "Observe"]

Observe: TypeAlias = "Callable[[range], tuple[NDArray[Any], NDArray[np.bool_]]]"
"""Seeds (a range) -> values (S,), and which of the seeds count (S,)."""


@dataclass(eq=False)
class Leaf:
    """One measured quantity and its values so far.

    Args:
        quantity: as in the record.
        populations: those that are sampled.
        metrics: the metric and the condition.
        low: smallest possible value; -inf for a quantile.
        high: largest possible value; inf for a quantile.
        observe: samples seeds.
        published: a mean that others published, so that nothing is sampled; None where it is measured here.
    """

    quantity: Quantity
    populations: tuple[Population | Experiment, ...]
    metrics: tuple[Metric | Column | None, ...]
    low: float
    high: float
    observe: Observe
    published: PublishedMean | None = None
    _values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    _is_float: bool = False
    _counts: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    _states: tuple[State | None, ...] = ()

    def __post_init__(self) -> None:
        self._states = tuple(map(_state_before_sampling, self.populations))

    @property
    def conditional(self) -> bool:
        """Whether only some seeds count."""
        return self.quantity.given is not None

    @property
    def is_bounded(self) -> bool:
        """Whether it is a mean of values within bounds, for which nothing else is assumed."""
        return not self.is_quantile and self.quantity.assume is None and self.published is None

    @property
    def is_quantile(self) -> bool:
        """Whether it is a quantile, rather than a bounded mean."""
        return self.quantity.q is not None

    def first(self, n: int, offset: int) -> Side:
        """Returns the values of the first n seeds; the sampler remembers those that it sampled before.

        Args:
            n: how many seeds.
            offset: the first seed.
        """
        if n > len(self._values):
            values, self._counts = self.observe(range(offset, offset + n))
            self._values, self._is_float = values.astype(np.float64), values.dtype.kind == "f"
        return Side(self._values[:n], self._counts[:n], self.low, self.high)

    @property
    def notes(self) -> tuple[str, ...]:
        """A note if its values are odd: floats that repeat as those of independent trainings hardly do."""
        if not self._is_float or len(self.populations) > 1:
            return ()
        note = suspicious(self.quantity.populations[0], self.quantity.metric, self._values[self._counts])
        return (note,) if note else ()

    def check_same(self, populations: Sequence[Any], metrics: Sequence[Metric | Column | None]) -> None:
        """Refuses other populations, or metrics, by the same names: they would get the values of these.

        Raises:
            PopulationError: two populations differ.
            MeasurementError: two metrics differ.
        """
        if self.published is not None:
            return
        labels = self.quantity.populations
        for label, population, state, other in zip(labels, self.populations, self._states, populations, strict=True):
            if not is_experiment(other):
                check_one_object(label, population, other, state)
        check_same_metrics(self.metrics, metrics)

    def seeds_observed(self) -> int:
        """Returns how many seeds have been observed."""
        return len(self._values)


def _state_before_sampling(population: Population | Experiment) -> State | None:
    """The population's state now, since sampling may count or remember; None for an Experiment, which cannot change."""
    return None if is_experiment(population) else state_of(population)
