"""Measuring: from a population and a metric to an estimate, at the number of seeds that its quantity has reached."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lrn.claims._populations import (
    Population,
    Sampler,
    boolean,
    bounds_of,
    columns,
    is_experiment,
    label_of,
    name_of,
    numbers,
)
from lrn.intervals import (
    Estimate,
    Undecided,
    look_alpha,
    look_index,
    mean_interval,
    quantile_interval,
    quantity_alpha,
    rate_interval,
)
from lrn.verdicts import MeasuredQuantity

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.metrics import Metric

__all__ = ["FUTILE_SEEDS", "Measure"]

FUTILE_SEEDS = 32768
"""From here on a claim that would take far more seeds than it may use is given up."""

_FUTILE_FACTOR = 8

_Interval: TypeAlias = "Callable[[NDArray[Any], float], tuple[float, float, float]]"
"""(values (n,), level) -> (point, low, high)."""


class Measure:
    """What a claim measures with: one estimate for each quantity it asks for.

    A population is an `Experiment`, or any object with a `label` and `sample(seeds)` (see `Population`). A metric is a
    name (for an Experiment one of `lrn.metrics.METRICS`, else a key of what `sample` returned) or a
    `lrn.metrics.Metric`. With `given`, a boolean metric, only the seeds for which it is true count.

    Each quantity starts at the claim's first look. While the claim is undecided, the quantities that keep it open
    double their seeds; everything else stays as it was.

    All methods that measure raise TypeError for what is no population or metric and for values of the wrong type, and
    ValueError for an unknown metric and for values of the wrong shape; whatever sampling raises comes through.

    Args:
        sampler: draws a population's seeds.
        alpha: error budget of the whole suite.
        first_look: seeds to begin with, 64 times a power of two.
        max_seeds: most seeds of one quantity, 64 times a power of two.
        seed_offset: the first seed.

    Raises:
        ValueError: a number is out of range.
    """

    def __init__(
        self,
        sampler: Sampler,
        *,
        alpha: float = 0.001,
        first_look: int = 256,
        max_seeds: int = 131072,
        seed_offset: int = 0,
    ) -> None:
        for n in (first_look, max_seeds):
            look_index(n)
        if isinstance(seed_offset, bool) or not isinstance(seed_offset, int) or not 0 <= seed_offset <= 2**63:
            raise ValueError(f"seed_offset must be a whole number from 0 to 2**63; got {seed_offset!r}")
        self.max_seeds = max_seeds
        self._sampler = sampler
        self._alpha = quantity_alpha(alpha)
        self._first_look = min(first_look, max_seeds)
        self._offset = seed_offset
        self._seeds: dict[str, int] = {}
        self._found: dict[str, tuple[int, Estimate]] = {}

    def rate(
        self, population: Population | Experiment, metric: str | Metric, given: str | Metric | None = None
    ) -> Estimate:
        """How often a boolean metric is true, by the Clopper-Pearson interval."""

        def observe(seeds: range) -> NDArray[Any]:
            (values,), kept = self._observe([population], metric, given, seeds)
            return boolean(values[kept], metric)

        return self._estimate(_name("rate of", metric, given, population), [population], observe, _rate)

    def mean(
        self,
        population: Population | Experiment,
        metric: str | Metric,
        given: str | Metric | None = None,
        *,
        bounds: tuple[float, float] | None = None,
    ) -> Estimate:
        """The mean of a bounded metric, by the betting interval.

        Args:
            population: what to sample.
            metric: its values must be numbers within the bounds.
            given: which seeds count.
            bounds: the smallest and the largest value that is possible; needed unless the metric has its own.

        Raises:
            ValueError: there are no bounds, or a value lies outside them or is NaN.
        """
        low, high = bounds_of(population, metric, bounds)
        within = "" if bounds is None else f" within {low!r} and {high!r}"

        def observe(seeds: range) -> NDArray[Any]:
            (values,), kept = self._observe([population], metric, given, seeds)
            return numbers(values[kept], metric)

        name = _name("mean of", metric, given, population, within)
        return self._estimate(name, [population], observe, _mean(low, high))

    def median(
        self, population: Population | Experiment, metric: str | Metric, given: str | Metric | None = None
    ) -> Estimate:
        """The median of a metric: `quantile` with q = 0.5."""
        return self.quantile(population, metric, 0.5, given)

    def quantile(
        self,
        population: Population | Experiment,
        metric: str | Metric,
        q: float,
        given: str | Metric | None = None,
    ) -> Estimate:
        """The q-quantile of a metric, by order statistics; values may be `inf` (it never happened).

        Raises:
            ValueError: q is not strictly between 0 and 1, or a value is NaN.
        """
        if not isinstance(q, (int, float)) or not 0 < q < 1:
            raise ValueError(f"q must be strictly between 0 and 1; got {q!r}")

        def observe(seeds: range) -> NDArray[Any]:
            (values,), kept = self._observe([population], metric, given, seeds)
            return numbers(values[kept], metric)

        def interval(values: NDArray[Any], level: float) -> tuple[float, float, float]:
            point = float(np.quantile(values, q, method="inverted_cdf")) if len(values) else math.nan
            return point, *quantile_interval(values, q, level)

        statistic = "median of" if q == 0.5 else f"{float(q)!r}-quantile of"
        return self._estimate(_name(statistic, metric, given, population), [population], observe, interval)

    def paired_rate(
        self,
        a: Population | Experiment,
        b: Population | Experiment,
        metric: str | Metric,
        given: str | Metric | None = None,
    ) -> Estimate:
        """How often the metric of `a` is strictly larger than that of `b` for the same seed; a tie counts as not.

        With `given`, only the seeds for which it is true of both count.

        Raises:
            ValueError: a value is NaN.
        """

        def observe(seeds: range) -> NDArray[Any]:
            (of_a, of_b), kept = self._observe([a, b], metric, given, seeds)
            return numbers(of_a[kept], metric) > numbers(of_b[kept], metric)

        name = f"{_name('rate of larger', metric, given, a)} than in {label_of(b)}"
        return self._estimate(name, [a, b], observe, _rate)

    def mean_difference(
        self,
        a: Population | Experiment,
        b: Population | Experiment,
        metric: str | Metric,
        given: str | Metric | None = None,
        *,
        bounds: tuple[float, float] | None = None,
    ) -> Estimate:
        """The mean, over seeds, of the metric of `a` less that of `b`, by the betting interval.

        Without a condition it is the difference of the two means, whatever the two have in common; one interval for it
        is narrower than the difference of two, so it takes half the seeds or fewer. With `given`, only the seeds for
        which it is true of both count, which the two means by themselves do not.

        Args:
            a: what to sample.
            b: what to sample for the same seeds.
            metric: its values must be numbers within the bounds.
            given: which seeds count.
            bounds: the metric's smallest and largest possible value; needed unless the metric has its own.

        Raises:
            ValueError: there are no bounds, or a value lies outside them or is NaN.
        """
        (low_a, high_a), (low_b, high_b) = (bounds_of(population, metric, bounds) for population in (a, b))
        within = "" if bounds is None else f" within {bounds[0]!r} and {bounds[1]!r}"

        def observe(seeds: range) -> NDArray[Any]:
            (of_a, of_b), kept = self._observe([a, b], metric, given, seeds)
            sides = [(of_a, low_a, high_a), (of_b, low_b, high_b)]
            first, second = (_within(numbers(values[kept], metric), low, high, metric) for values, low, high in sides)
            return first - second

        name = f"{_name('mean difference of', metric, given, a, within)} less {label_of(b)}"
        return self._estimate(name, [a, b], observe, _mean(low_a - high_b, high_a - low_b))

    @property
    def quantities(self) -> tuple[MeasuredQuantity, ...]:
        """Everything measured so far, each at its last look, in order of first use."""
        return tuple(
            MeasuredQuantity(key, e.name, e.point, e.low, e.high, e.n, seeds) for key, (seeds, e) in self._found.items()
        )

    def seeds_needed(self, undecided: Undecided) -> float:
        """About how many seeds of each open quantity would settle it; `inf` if none can be said to."""
        seeds = [self._seeds[q.key] for q in undecided.quantities if q.key in self._seeds]
        return undecided.growth * max(seeds) if seeds and undecided.growth < math.inf else math.inf

    def widen(self, undecided: Undecided) -> bool:
        """Doubles the seeds of the quantities that keep a decision open; False if there is no point in asking again.

        There is none once all of them have the most seeds allowed, or when all have at least `FUTILE_SEEDS` and several
        times the seeds allowed would still not settle it.
        """
        open_keys = [q.key for q in undecided.quantities if q.key in self._seeds]
        growing = [key for key in open_keys if self._seeds[key] < self.max_seeds]
        tried = all(self._seeds[key] >= FUTILE_SEEDS for key in open_keys)
        if not growing or (tried and self.seeds_needed(undecided) > _FUTILE_FACTOR * self.max_seeds):
            return False
        for key in growing:
            self._seeds[key] *= 2
        return True

    def _estimate(
        self,
        name: str,
        populations: Sequence[Population | Experiment],
        observe: Callable[[range], NDArray[Any]],
        interval: _Interval,
    ) -> Estimate:
        """The quantity's estimate at the number of seeds it has reached, measured now unless it is known."""
        digests = [p.key for p in populations if is_experiment(p)]
        key = f"{name} [{', '.join(digests)}]" if digests else name
        seeds = self._seeds.setdefault(key, self._first_look)
        if key not in self._found or self._found[key][0] != seeds:
            values = observe(range(self._offset, self._offset + seeds))
            point, low, high = interval(values, look_alpha(self._alpha, seeds))
            self._found[key] = seeds, Estimate.measured(key, point, low, high, len(values), name)
        return self._found[key][1]

    def _observe(
        self,
        populations: Sequence[Population | Experiment],
        metric: str | Metric,
        given: str | Metric | None,
        seeds: range,
    ) -> tuple[list[NDArray[Any]], NDArray[np.bool_]]:
        """The metric's values (S,) for each population, and which seeds count (S,)."""
        values, kept = [], np.ones(len(seeds), np.bool_)
        for population in populations:
            metrics = [which for which in (metric, given) if which is not None]
            found = columns(self._sampler, population, metrics, seeds)
            values.append(found[0])
            if given is not None:
                kept &= boolean(found[1], given)
        return values, kept


def _rate(values: NDArray[Any], level: float) -> tuple[float, float, float]:
    hits, n = int(values.sum()), len(values)
    return (hits / n if n else math.nan, *rate_interval(hits, n, level))


def _within(values: NDArray[Any], low: float, high: float, metric: str | Metric) -> NDArray[Any]:
    outside = values[(values < low) | (values > high)]
    if len(outside):
        raise ValueError(f"{name_of(metric)} must lie within {low:g} and {high:g}; got {outside[0]:g}")
    return values


def _mean(low: float, high: float) -> _Interval:
    """The mean of values within these bounds."""

    def interval(values: NDArray[Any], level: float) -> tuple[float, float, float]:
        ends = mean_interval(values, low, high, level)
        return (float(np.clip(values.mean(), *ends)) if len(values) else math.nan, *ends)

    return interval


def _name(statistic: str, metric: Any, given: Any, population: Any, within: str = "") -> str:
    condition = "" if given is None else f" given {name_of(given)}"
    return f"{statistic} {name_of(metric)}{within}{condition} in {label_of(population)}"
