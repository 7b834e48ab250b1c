"""Metrics of a population: their names, their values, and the values that are refused."""

from __future__ import annotations

import math
import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.claims._contract import MeasurementError, Population, is_experiment, label_of, shielded
from lrn.claims._state import state_of
from lrn.claims._tables import columns_of_frame
from lrn.verdicts.text import check_text

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.experiment.metrics import Metric

__all__ = [
    "Column",
    "boolean",
    "bounds_of",
    "check_same_metrics",
    "identity_of",
    "name_of",
    "needs_traces",
    "numbers",
    "resolve",
    "tabular",
    "values_of",
]


@dataclass(frozen=True)
class Column:
    """A metric of a population that is not an Experiment: a column of its observations."""

    name: str
    bounds: None = None
    trace: bool = False

    def function(self, sample: Any) -> Any:
        """The column. Raises ValueError, which lists the columns, where there is none of that name."""
        if isinstance(sample, Mapping) and self.name in sample:
            return sample[self.name]
        if not isinstance(sample, Mapping) and hasattr(sample, self.name):
            return getattr(sample, self.name)
        names = sample if isinstance(sample, Mapping) else (n for n in dir(sample) if not n.startswith("_"))
        known = ", ".join(sorted(map(str, names))) or "those that were sampled, and none was"
        raise ValueError(f"metric must be one of {known}; got {self.name!r}")


def name_of(metric: Any) -> str:
    """The metric's name. Raises TypeError for anything else than a metric, ValueError for a name that no file holds."""
    with shielded("the name of a metric"):
        name = metric if isinstance(metric, str) else getattr(metric, "name", None)
    if not isinstance(name, str):
        raise TypeError(f"a metric is a name or a Metric; got {metric!r}")
    return check_text("the name of a metric", name)


def identity_of(metric: str | Metric | Column) -> Hashable:
    """The identity of a metric, different for two of one name: the name, and the code of its functions."""
    if isinstance(metric, str):
        return metric
    function, bounds = state_of(getattr(metric, "function", None)), state_of(getattr(metric, "bounds", None))
    return name_of(metric), getattr(metric, "trace", False), tuple(function.items()), tuple(bounds.items())


def check_same_metrics(metrics: Sequence[Metric | Column | None], others: Sequence[Metric | Column | None]) -> None:
    """Refuses metrics that have the names of others: they would be one quantity, and get its values or its bounds.

    Raises:
        MeasurementError: two metrics differ.
    """
    for metric, other in zip(metrics, others, strict=True):
        if metric is None or other is None or metric == other or identity_of(metric) == identity_of(other):
            continue
        raise MeasurementError(
            f"a metric's name must name one function with one pair of bounds; got two unequal metrics called "
            f"{other.name!r}"
        )


def bounds_of(
    population: Population | Experiment, metric: str | Metric, bounds: tuple[float, float] | None
) -> tuple[float, float]:
    """The bounds given, or else those of the metric. Raises ValueError where there are none, or invalid ones."""
    name = name_of(metric)
    own = resolve(population, metric).bounds
    if bounds is None and own is None:
        raise ValueError(f"the mean of {name} needs bounds=(low, high), which no value can leave")
    with shielded(f"the bounds of {name}"):
        pair: Any = bounds if bounds is not None else own(population)  # type: ignore[misc, arg-type]
    try:
        low, high = map(float, pair)
    except (TypeError, ValueError):
        low, high = math.nan, math.nan
    if not (math.isfinite(high - low) and low <= high):
        raise ValueError(f"bounds of {name} must be finite, (low, high) with low <= high; got {pair!r}")
    return low, high


def resolve(population: Population | Experiment, metric: str | Metric) -> Metric | Column:
    """The function behind a metric. Raises TypeError, or ValueError for a name that no Experiment has."""
    label_of(population), name_of(metric)
    if is_experiment(population):
        from lrn.experiment.metrics import metric as lookup

        return lookup(metric)
    return Column(metric) if isinstance(metric, str) else metric


def needs_traces(metrics: Sequence[Metric | Column]) -> bool:
    """Whether any of the metrics is computed from the loss of every epoch."""
    return any(metric.trace for metric in metrics)


def tabular(sample: Any) -> Any:
    """The observations, data frames and structured arrays as mappings."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(sample, pandas.DataFrame):
        return columns_of_frame(sample)
    if isinstance(sample, np.ndarray) and sample.dtype.names:
        return {name: sample[name] for name in sample.dtype.names}
    return sample


def values_of(metric: Metric | Column, sample: Any, seeds: range, label: str) -> NDArray[Any]:
    """The metric's values (S,) in the observations of `seeds`.

    Raises:
        MeasurementError: an assertion failed on the way; it must not pass for a claim's own.
        ValueError: no such metric, values of another shape, or masked ones.
    """
    with shielded(f"sampling {label}"):
        column = metric.function(sample)
    values = np.asarray(column)
    if values.shape != (len(seeds),):
        raise ValueError(
            f"{metric.name} of {label} must have shape ({len(seeds)},), one value per seed; got {values.shape}"
        )
    masked = np.ma.getmaskarray(column) if isinstance(column, np.ma.MaskedArray) else np.zeros(len(seeds), bool)
    if masked.any():
        raise ValueError(
            f"{metric.name} of {label} must not be masked; it is for seed {seeds[int(masked.argmax())]} (give NaN, and "
            f"say with given= which seeds count)"
        )
    return values


def boolean(values: NDArray[Any], metric: str | Metric) -> NDArray[np.bool_]:
    """The values, which must be boolean."""
    if values.dtype != np.bool_:
        raise TypeError(f"{name_of(metric)} must be boolean here; its values are {values.dtype}")
    return values


def numbers(
    values: NDArray[Any], metric: str | Metric, seeds: range | NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """The values as floats; they must be numbers, not NaN.

    Args:
        values: shape (S,).
        metric: whose they are.
        seeds: of each value, shape (S,), to name the first that is NaN; None where they are not known.
    """
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{name_of(metric)} must be numbers; its values are {values.dtype}")
    floats = values.astype(np.float64)
    missing = np.isnan(floats)
    if missing.any():
        first = "" if seeds is None else f", the first for seed {int(seeds[int(missing.argmax())])}"
        raise ValueError(f"{name_of(metric)} must be numbers; {missing.sum()} of {len(floats)} values are NaN{first}")
    return floats
