"""What is measured of populations, seed by seed: values that grow as more seeds are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lrn.claims._populations import MeasurementError, Population, is_experiment
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
        """Returns what the first n seeds show; only those not seen yet are sampled.

        Args:
            n: how many seeds.
            offset: the first seed.
        """
        known = len(self._values)
        if n > known:
            values, counts = self.observe(range(offset + known, offset + n))
            self._values = np.concatenate([self._values, values.astype(np.float64)])
            self._counts = np.concatenate([self._counts, counts])
        return Side(self._values[:n], self._counts[:n], self.low, self.high)

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
        MeasurementError: they differ.
    """
    for label, known, given in zip(quantity.populations, *populations, strict=True):
        if not is_experiment(given) and not _alike(known, given):
            raise MeasurementError(
                f"a population's label must name all that it depends on; got two unequal populations called {label!r}"
            )
    for known, given in zip(*metrics, strict=True):
        if not _alike_metrics(known, given):
            name = getattr(given, "name", given)
            raise MeasurementError(f"a metric's name must name one function; got two unequal metrics called {name!r}")


def _alike(a: Any, b: Any) -> bool:
    """Whether two objects are the same, or equal, or of one class with equal attributes."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    try:
        return bool(a == b) or (_without_equality(a) and _same_parts(vars(a), vars(b)))
    except Exception:  # whatever comparing them raises: they cannot be told to be the same
        return False


def _without_equality(a: Any) -> bool:
    """Whether a class leaves it to object to say what is equal."""
    return getattr(type(a), "__eq__", None) is object.__eq__


def _same_parts(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a.keys() == b.keys() and all(_same_value(a[name], b[name]) for name in a)


def _same_value(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return bool(np.array_equal(a, b))
    if callable(a) and callable(b):
        return _same_function(a, b)
    return bool(a == b)


def _alike_metrics(a: Any, b: Any) -> bool:
    if isinstance(a, str) or isinstance(b, str) or a is None or b is None:
        return bool(a is b or a == b)
    return _same_function(a.function, b.function)


def _same_function(a: Any, b: Any) -> bool:
    """Whether two functions are one, or were made by the same code with equal variables of its surroundings."""
    if a is b or getattr(a, "__code__", None) is None:
        return bool(a is b or a == b)
    if a.__code__ != getattr(b, "__code__", None) or a.__defaults__ != b.__defaults__:
        return False
    cells = zip(a.__closure__ or (), b.__closure__ or (), strict=True)
    return all(_same_value(one.cell_contents, other.cell_contents) for one, other in cells)
