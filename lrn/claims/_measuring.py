"""Measuring one quantity: its values are read from the observations of its populations, for the seeds that count."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lrn.claims._leaves import Leaf, Observe
from lrn.claims._metrics import Column, resolve
from lrn.claims._populations import Population, boolean, columns, counts_of, numbers
from lrn.claims._published import PublishedMean
from lrn.claims._records import quantity_of
from lrn.claims._tracker import Tracker
from lrn.intervals import Estimate, Expression
from lrn.verdicts import Quantity

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.experiment.metrics import Metric

__all__ = ["Measuring"]

Read: TypeAlias = "Callable[..., NDArray[Any]]"
"""The metric's values of each population, of the seeds that count -> one value per such seed."""


class Measuring(Tracker):
    """A tracker that measures quantities of populations; the arguments are those of `lrn.claims.Measure`."""

    def _estimate(
        self,
        quantity: Quantity,
        populations: Sequence[Population | Experiment],
        metrics: Sequence[str | Metric | None],
        bounds: tuple[float, float],
        observe: Observe,
        published: PublishedMean | None = None,
    ) -> Estimate:
        """The estimate of one quantity, which is refused if another one goes by its name."""
        self._check_open()
        leaf = self._leaves.get(quantity)
        # An unknown name is refused for each population before anything is sampled.
        by_population = [_resolved(population, metrics) for population in populations]
        resolved = by_population[0] if by_population else ()
        if leaf is None:
            self._new()
            if hasattr(self._sampler, "check_metrics"):
                self._sampler.check_metrics(quantity, resolved)
            self._leaves[quantity] = Leaf(quantity, tuple(populations), resolved, *bounds, observe, published)
        else:
            leaf.check_same(populations, resolved)
        return Estimate.of(Expression(self, ((quantity, 1.0),)))

    def _measured(
        self,
        statistic: str,
        populations: Sequence[Population | Experiment],
        metric: str | Metric,
        condition: str | Metric | None,
        read: Read,
        ends: tuple[float, float],
        *,
        named: str | None = None,
        **details: Any,
    ) -> Estimate:
        """The estimate of one quantity.

        Args:
            statistic: which one, as in `lrn.verdicts.Quantity`.
            populations: those to sample.
            metric: the one to measure on each.
            condition: which seeds count; None for all.
            read: makes one value of those of all populations, for each seed that counts.
            ends: the smallest and the largest such value.
            named: the metric's name in the record; its own by default.
            details: further fields of the `Quantity`.
        """

        def observe(seeds: range) -> tuple[NDArray[Any], NDArray[np.bool_]]:
            observed, counts = self._observe(populations, metric, condition, seeds)
            values = read(*[column[counts] for column in observed])
            everywhere = np.full(len(counts), ends[0] if math.isfinite(ends[0]) else 0, values.dtype)
            everywhere[counts] = values
            return everywhere, counts

        quantity = quantity_of(statistic, populations, metric if named is None else named, condition, **details)
        return self._estimate(quantity, populations, (metric, condition), ends, observe)

    def _is_boolean(self, population: Population | Experiment, metric: str | Metric) -> bool:
        (values,) = columns(self._sampler, population, [metric], range(self._offset, self._offset + 1))
        return bool(values.dtype == np.bool_)

    def _observe(
        self,
        populations: Sequence[Population | Experiment],
        metric: str | Metric,
        condition: str | Metric | None,
        seeds: range,
    ) -> tuple[list[NDArray[Any]], NDArray[np.bool_]]:
        """The metric's values (S,) for each population, and which seeds count (S,)."""
        observed, counts = [], np.ones(len(seeds), np.bool_)
        for population in populations:
            conditions = [] if condition is None else [condition]
            own = counts_of(population)
            if own is not None:
                conditions.append(own)
            values, *truths = columns(self._sampler, population, [metric, *conditions], seeds)
            observed.append(values)
            for name, column in zip(conditions, truths, strict=True):
                counts &= boolean(column, name)
        for values in observed:
            if values.dtype.kind == "f":  # NaN is refused, with its seed
                numbers(values[counts], metric, np.arange(seeds.start, seeds.stop, dtype=np.uint64)[counts])
        return observed, counts


def _resolved(
    population: Population | Experiment, metrics: Sequence[str | Metric | None]
) -> tuple[Metric | Column | None, ...]:
    """The function behind each metric of a population; None for no condition."""
    return tuple(None if metric is None else resolve(population, metric) for metric in metrics)
