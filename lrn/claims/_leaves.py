"""What is measured of populations, seed by seed: values that grow as more seeds are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lrn.claims._again import suspicious
from lrn.claims._populations import MeasurementError, Population, check_one_object, identity_of, is_experiment
from lrn.intervals import Side
from lrn.verdicts import Quantity

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.metrics import Metric

__all__ = ["Leaf", "Observe", "check_same"]

Observe: TypeAlias = "Callable[[range], tuple[NDArray[Any], NDArray[np.bool_]]]"
"""Seeds (a range) -> values (S,), and which of the seeds count (S,)."""


@dataclass(eq=False)
class Leaf:
    """One measured quantity and what was observed of it so far.

    Args:
        quantity: what it is.
        populations: what is sampled.
        metrics: the metric and the condition, as the claim gave them.
        low: smallest possible value; -inf for a quantile.
        high: largest possible value; inf for a quantile.
        observe: samples seeds.
    """

    quantity: Quantity
    populations: tuple[Population | Experiment, ...]
    metrics: tuple[str | Metric | None, ...]
    low: float
    high: float
    observe: Observe
    _values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    _is_float: bool = False
    _counts: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))

    @property
    def conditional(self) -> bool:
        """Whether only some seeds count."""
        return self.quantity.given is not None

    @property
    def is_quantile(self) -> bool:
        """Whether it is a quantile, rather than a bounded mean."""
        return self.quantity.q is not None

    def first(self, n: int, offset: int) -> Side:
        """Returns what the first n seeds show; whoever samples them remembers those that it sampled before.

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
        """What is odd about its values: floats that repeat as those of independent trainings hardly do."""
        if not self._is_float or len(self.populations) > 1:
            return ()
        note = suspicious(self.quantity.populations[0], self.quantity.metric, self._values[self._counts])
        return (note,) if note else ()

    def seen(self) -> int:
        """Returns how many seeds have been observed."""
        return len(self._values)


def check_same(
    quantity: Quantity, populations: tuple[Sequence[Any], Sequence[Any]], metrics: tuple[Sequence[Any], Sequence[Any]]
) -> None:
    """Refuses two unequal populations, or metrics, that go by one name: the second would get the first one's values.

    Args:
        quantity: what both are called.
        populations: those seen first, and those given now.
        metrics: likewise.

    Raises:
        PopulationError: two populations differ.
        MeasurementError: two metrics differ.
    """
    for label, known, given in zip(quantity.populations, *populations, strict=True):
        if not is_experiment(given):
            check_one_object(label, known, given)
    for known, given in zip(*metrics, strict=True):
        if known is not given and (known is None or given is None or identity_of(known) != identity_of(given)):
            name = getattr(given, "name", given)
            raise MeasurementError(f"a metric's name must name one function; got two unequal metrics called {name!r}")
