"""Quantities that several claims compare: of the networks that meet a condition, or over several settings together."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lrn.claims import Measure, every
from lrn.experiment.metrics import Metric
from lrn.intervals import Decision, Estimate

__all__ = ["Among", "falling", "none_converges", "rising", "sum_of_means", "sum_of_rates"]


@dataclass(frozen=True)
class Among:
    """Quantities of those networks for which a boolean metric is true, such as those that converged.

    Attributes:
        measure: the fixture.
        condition: the boolean metric.

    Example:
        `Among(measure, "converged").mean(late, "dead_neurons")` is the mean that the thesis's tables report.
    """

    measure: Measure
    condition: str | Metric

    def rate(self, population: Any, metric: str | Metric = "converged") -> Estimate:
        """How often a boolean metric is true of them."""
        return self.measure.rate(population, metric, self.condition)

    def mean(self, population: Any, metric: str | Metric) -> Estimate:
        """The mean of a metric over them."""
        return self.measure.mean(population, metric, self.condition)

    def median(self, population: Any, metric: str | Metric) -> Estimate:
        """The median of a metric over them."""
        return self.measure.median(population, metric, self.condition)

    def paired_rate(self, a: Any, b: Any, metric: str | Metric) -> Estimate:
        """How often a metric is larger for `a` than for `b`, over seeds for which the condition is true of both."""
        return self.measure.paired_rate(a, b, metric, self.condition)


def sum_of_rates(measure: Measure, populations: Iterable[Any], metric: str | Metric = "converged") -> Estimate:
    """The sum over populations of how often a boolean metric is true."""
    total = 0.0
    for population in populations:
        total += measure.rate(population, metric)
    return total


def sum_of_means(measure: Measure | Among, populations: Iterable[Any], metric: str | Metric) -> Estimate:
    """The sum over populations of the mean of a metric."""
    total = 0.0
    for population in populations:
        total += measure.mean(population, metric)
    return total


def none_converges(measure: Measure, populations: Iterable[Any]) -> Decision:
    """Whether networks of none of the populations ever converge."""
    return every(measure.rate(population, "converged") == 0 for population in populations)


def rising(quantities: Sequence[Estimate]) -> Decision:
    """Whether each quantity is less than the next."""
    return every(map(operator.lt, quantities, quantities[1:]))


def falling(quantities: Sequence[Estimate]) -> Decision:
    """Whether each quantity is more than the next."""
    return every(map(operator.lt, quantities[1:], quantities))
