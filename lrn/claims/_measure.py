"""Measuring: from populations and metrics to estimates, at the number of seeds that each expression has reached."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.claims._leaves import Leaf, Observe
from lrn.claims._metrics import resolve
from lrn.claims._populations import (
    MeasurementError,
    NoMoreSeeds,
    Population,
    Sampler,
    available,
    boolean,
    bounds_of,
    columns,
    counts_of,
    is_experiment,
    label_of,
    name_of,
    numbers,
)
from lrn.claims._ratio import Ratio
from lrn.claims._samples import Conditional, Intervals, Mean, Quantile, Sample
from lrn.intervals import QUANTITIES, Estimate, Evidence, Expression, Side, Terms, Undecided, goal_of
from lrn.verdicts import MeasuredQuantity, Quantity, expression_key, expression_name

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.metrics import Metric

__all__ = ["FIRST_SEEDS", "FUTILE_SEEDS", "MAX_SEEDS", "Measure", "NewMeasurement"]

FIRST_SEEDS = 8
"""Seeds that an expression starts with."""

MAX_SEEDS = 131072
"""Most seeds of an expression."""

SMALLEST_STEP, LARGEST_STEP = 0.01, 0.25
"""By which part the seeds grow while a claim is undecided: by half of what is likely to be missing, within these."""

FUTILE_SEEDS = 32768
"""From here on a claim that would take far more seeds than it may use is given up."""

_FUTILE_FACTOR = 8
_FORM = "first_seeds and max_seeds must be whole numbers, 1 <= first_seeds <= max_seeds"


class NewMeasurement(BaseException):
    """Something was measured that had not been measured before, while that was not allowed."""


@dataclass
class _Tracked:
    """How far one expression has come.

    Attributes:
        seeds: how many seeds it uses.
        thresholds: the numbers it was compared with, and whether it was asked if it is at least so much, not more.
        computed: whether its interval was computed with.
        cached: what its seeds say, and comparisons of it.
    """

    seeds: int
    thresholds: dict[tuple[float, bool], None] = field(default_factory=dict)
    computed: bool = False
    cached: tuple[int, Sample] | None = None
    compared: dict[tuple[int, float], Evidence] = field(default_factory=dict)

    @property
    def shares(self) -> int:
        """What it takes of the error budget: one for each end, of each interval, that a decision rests on."""
        pieces = 1 if self.cached is None else self.cached[1].pieces
        return pieces * (2 if self.computed else min(len(self.thresholds), 2))


class Measure:
    """What a claim measures with: rates, means and quantiles that compare and combine (`lrn.intervals.Estimate`).

    A population is an `Experiment`, or any object with a `label` and `sample(seeds)` (see `Population`). A metric is a
    name (for an Experiment one of `lrn.metrics.METRICS`, else a key of what `sample` returned) or a
    `lrn.metrics.Metric`. With `given`, a boolean metric, only the seeds for which it is true count.

    What is compared is measured directly, seed by seed: `rate(a, m) > rate(b, m) + 0.2` observes the difference of a
    and b. Each expression starts with a few seeds. While the claim is undecided, the seeds of the expressions that keep
    it open grow by a quarter, or by less where less is likely to do; only new seeds are sampled.

    All methods that measure raise TypeError for what is not a population or metric and for values of the wrong type,
    and ValueError for an unknown metric and for values of the wrong shape; whatever sampling raises comes through.

    Args:
        sampler: draws a population's seeds.
        alpha: error budget of the whole suite.
        quantities: how many quantities share it.
        first_seeds: seeds that an expression starts with; a population's own `first_seeds` goes before it.
        max_seeds: most seeds of one expression.
        step: most seeds that are added at once; None for a quarter of those there are.
        seed_offset: the first seed.

    Raises:
        TypeError, ValueError: a number is out of range.
    """

    def __init__(
        self,
        sampler: Sampler,
        *,
        alpha: float = 0.001,
        quantities: int = QUANTITIES,
        first_seeds: int = FIRST_SEEDS,
        max_seeds: int = MAX_SEEDS,
        step: int | None = None,
        seed_offset: int = 0,
    ) -> None:
        for n in (first_seeds, max_seeds, 1 if step is None else step):
            if isinstance(n, bool) or not isinstance(n, int) or n < 1:
                raise ValueError(f"{_FORM}; got {n!r}")
        if isinstance(seed_offset, bool) or not isinstance(seed_offset, int) or not 0 <= seed_offset <= 2**63:
            raise ValueError(f"seed_offset must be a whole number from 0 to 2**63; got {seed_offset!r}")
        self.max_seeds = max_seeds
        self._sampler = sampler
        self._goal = goal_of(alpha, quantities)
        self._first_seeds = min(first_seeds, max_seeds)
        self._step = step
        self._offset = seed_offset
        self._leaves: dict[Quantity, Leaf] = {}
        self._tracked: dict[Terms, _Tracked] = {}
        self._closed = ""
        self._frozen = False
        self._lack = ""

    def rate(
        self, population: Population | Experiment, metric: str | Metric, given: str | Metric | None = None
    ) -> Estimate:
        """Returns how often a boolean metric is true."""

        def observe(seeds: range) -> tuple[NDArray[Any], NDArray[np.bool_]]:
            (values,), counts = self._observe([population], metric, given, seeds)
            return boolean(values, metric), counts

        quantity = _quantity("rate", [population], metric, given)
        return self._estimate(quantity, [population], (metric, given), (0.0, 1.0), observe)

    def mean(
        self,
        population: Population | Experiment,
        metric: str | Metric,
        given: str | Metric | None = None,
        *,
        bounds: tuple[float, float] | None = None,
    ) -> Estimate:
        """Returns the mean of a bounded metric.

        Args:
            population: what to sample.
            metric: its values must be numbers within the bounds.
            given: which seeds count.
            bounds: the smallest and the largest value that is possible; needed unless the metric has its own.

        Raises:
            ValueError: there are no bounds, or a value lies outside them or is NaN.
        """
        ends = bounds_of(population, metric, bounds)

        def observe(seeds: range) -> tuple[NDArray[Any], NDArray[np.bool_]]:
            (values,), counts = self._observe([population], metric, given, seeds)
            return _bounded(values, counts, ends, metric), counts

        quantity = _quantity("mean", [population], metric, given, bounds=None if bounds is None else ends)
        return self._estimate(quantity, [population], (metric, given), ends, observe)

    def median(
        self, population: Population | Experiment, metric: str | Metric, given: str | Metric | None = None
    ) -> Estimate:
        """Returns the median of a metric: `quantile` with q = 0.5."""
        return self.quantile(population, metric, 0.5, given)

    def quantile(
        self,
        population: Population | Experiment,
        metric: str | Metric,
        q: float,
        given: str | Metric | None = None,
    ) -> Estimate:
        """Returns the q-quantile of a metric, by order statistics; values may be `inf` (it never happened).

        Raises:
            ValueError: q is not strictly between 0 and 1, or a value is NaN.
        """
        if not isinstance(q, (int, float)) or not 0 < q < 1:
            raise ValueError(f"q must be strictly between 0 and 1; got {q!r}")

        def observe(seeds: range) -> tuple[NDArray[Any], NDArray[np.bool_]]:
            (values,), counts = self._observe([population], metric, given, seeds)
            return _where(numbers(values[counts], metric), counts), counts

        quantity = _quantity("quantile", [population], metric, given, q=float(q))
        return self._estimate(quantity, [population], (metric, given), (-math.inf, math.inf), observe)

    def paired_rate(
        self,
        a: Population | Experiment,
        b: Population | Experiment,
        metric: str | Metric,
        given: str | Metric | None = None,
        *,
        margin: float = 0.0,
    ) -> Estimate:
        """Returns how often the metric of `a` exceeds that of `b`, for the same seed, by more than a margin.

        A tie counts as not. It needs no bounds. With `given`, only the seeds for which it is true of both count.

        Raises:
            ValueError: a value is NaN, or the margin is not finite.
        """
        if not isinstance(margin, (int, float)) or not math.isfinite(margin):
            raise ValueError(f"margin must be a finite number; got {margin!r}")

        def observe(seeds: range) -> tuple[NDArray[Any], NDArray[np.bool_]]:
            (of_a, of_b), counts = self._observe([a, b], metric, given, seeds)
            larger = numbers(of_a[counts], metric) > numbers(of_b[counts], metric) + margin
            return _where(larger, counts), counts

        larger_by = f"{name_of(metric)} by more than {margin!r}" if margin else metric
        quantity = _quantity("rate of larger", [a, b], larger_by, given)
        return self._estimate(quantity, [a, b], (metric, given), (0.0, 1.0), observe)

    def mean_difference(
        self,
        a: Population | Experiment,
        b: Population | Experiment,
        metric: str | Metric,
        given: str | Metric | None = None,
        *,
        bounds: tuple[float, float] | None = None,
    ) -> Estimate:
        """Returns the mean, over seeds, of the metric of `a` less that of `b`.

        Without a condition it is the difference of the two means. With `given`, only the seeds for which it is true of
        both count, which the two means by themselves do not ask.

        Args:
            a: what to sample.
            b: what to sample for the same seeds.
            metric: its values must be numbers within the bounds.
            given: which seeds count.
            bounds: the metric's smallest and largest possible value; needed unless the metric has its own.

        Raises:
            ValueError: there are no bounds, or a value lies outside them or is NaN.
        """
        if given is None:
            return self.mean(a, metric, bounds=bounds) - self.mean(b, metric, bounds=bounds)
        of_a, of_b = (bounds_of(population, metric, bounds) for population in (a, b))

        def observe(seeds: range) -> tuple[NDArray[Any], NDArray[np.bool_]]:
            (first, second), counts = self._observe([a, b], metric, given, seeds)
            return _bounded(first, counts, of_a, metric) - _bounded(second, counts, of_b, metric), counts

        quantity = _quantity("mean difference", [a, b], metric, given, bounds=None if bounds is None else of_a)
        ends = of_a[0] - of_b[1], of_a[1] - of_b[0]
        return self._estimate(quantity, [a, b], (metric, given), ends, observe)

    def difference(
        self,
        a: Population | Experiment,
        b: Population | Experiment,
        metric: str | Metric,
        given: str | Metric | None = None,
        *,
        bounds: tuple[float, float] | None = None,
    ) -> Estimate:
        """Returns the rate or mean of `a` less that of `b`; a name for what `rate(a, …) - rate(b, …)` gives.

        It is a difference of rates where the metric is boolean and no bounds are given, else of means.
        """
        measure_one = self.rate if bounds is None and self._is_boolean(a, metric) else self.mean
        options: dict[str, Any] = {} if bounds is None else {"bounds": bounds}
        return measure_one(a, metric, given, **options) - measure_one(b, metric, given, **options)

    def ratio(
        self,
        a: Population | Experiment,
        b: Population | Experiment,
        metric: str | Metric,
        given: str | Metric | None = None,
        *,
        bounds: tuple[float, float] | None = None,
    ) -> Ratio:
        """Returns the rate or mean of `a` over that of `b`, to compare with a number.

        `ratio(a, b, m) > 2` is decided as `rate(a, m) - 2 * rate(b, m) > 0`, so that b may be 0. Values of b must not
        be negative.

        Raises:
            ValueError: the lower bound is negative.
        """
        boolean_metric = bounds is None and self._is_boolean(b, metric)
        if not boolean_metric and bounds_of(b, metric, bounds)[0] < 0:
            raise ValueError(
                f"a ratio needs values that are not negative; got a lower bound of {name_of(metric)} below 0"
            )
        measure_one = self.rate if boolean_metric else self.mean
        options: dict[str, Any] = {} if bounds is None else {"bounds": bounds}
        return Ratio(measure_one(a, metric, given, **options), measure_one(b, metric, given, **options))

    @property
    def quantities(self) -> tuple[MeasuredQuantity, ...]:
        """Everything that was compared or computed with so far, in order of first use, with its intervals."""
        return tuple(
            self._record(terms, tracked)
            for terms, tracked in self._tracked.items()
            if tracked.shares and tracked.cached is not None
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What is odd about the populations that were measured, though not an error: one sentence each."""
        labels = {label for quantity in self._leaves for label in quantity.populations}
        of_source = (
            note for note in getattr(self._sampler, "source_notes", ()) if any(name in note for name in labels)
        )
        of_values = (note for leaf in self._leaves.values() for note in leaf.notes)
        return tuple(dict.fromkeys([*of_source, *of_values]))

    def seeds_needed(self, undecided: Undecided) -> float:
        """Returns about how many seeds of each open expression would settle it; `inf` if none can be said to."""
        seeds = [self._tracked[terms].seeds for terms in self._open(undecided)]
        return undecided.growth * max(seeds) if seeds and undecided.growth < math.inf else math.inf

    def widen(self, undecided: Undecided) -> bool:
        """Gives more seeds to the expressions that keep a decision open; False if there is no point in asking again.

        There is none once all of them have the most seeds allowed, or when all have at least `FUTILE_SEEDS` and several
        times the seeds allowed would still not settle it.
        """
        terms = self._open(undecided)
        growing = [self._tracked[t] for t in terms if self._tracked[t].seeds < self._most(t)]
        tried = all(self._tracked[t].seeds >= FUTILE_SEEDS for t in terms)
        if not growing or (tried and self.seeds_needed(undecided) > _FUTILE_FACTOR * self.max_seeds):
            return False
        step = min(max((undecided.growth - 1) / 2, SMALLEST_STEP), LARGEST_STEP)
        for t in terms:
            tracked = self._tracked[t]
            more = max(1.0, min(math.ceil(step * tracked.seeds), self._most_new(t)))
            tracked.seeds = max(tracked.seeds, min(tracked.seeds + int(more), self._most(t)))
        return True

    @property
    def lack(self) -> str:
        """Why seeds were missing, one sentence; empty where none were."""
        return self._lack

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Within, everything measured before comes out as it did, and anything new raises NewMeasurement."""
        self._frozen = True
        try:
            yield
        finally:
            self._frozen = False

    def close(self, why: str) -> None:
        """Refuses to measure, with this reason, until `reopen`."""
        self._closed = why

    def reopen(self) -> None:
        """Measures again."""
        self._closed = ""

    # What an expression asks of its source (`lrn.intervals.Source`).

    def point(self, terms: Terms) -> float:
        """Returns the estimate of an expression."""
        return self._sample(terms).point

    def observations(self, terms: Terms) -> int:
        """Returns how many observations are behind an expression."""
        return self._sample(terms).n

    def ends(self, terms: Terms) -> tuple[float, float]:
        """Returns the interval of an expression, to compute with."""
        self._check_open()
        tracked = self._track(terms)
        if not tracked.computed:
            self._new()
            tracked.computed = True
        return self._sample(terms).ends

    def shown(self, terms: Terms) -> tuple[float, float]:
        """Returns the interval of an expression, to show it."""
        return self._sample(terms).ends

    def compare(self, terms: Terms, threshold: float, inclusive: bool) -> Evidence:
        """Returns on which side of a threshold an expression lies."""
        self._check_open()
        tracked = self._track(terms)
        if (threshold, inclusive) not in tracked.thresholds:
            self._new()
            tracked.thresholds[threshold, inclusive] = None
        place = tracked.seeds, threshold
        if place not in tracked.compared:
            tracked.compared[place] = self._sample(terms).compare(threshold)
        return tracked.compared[place]

    def label(self, terms: Terms) -> str:
        """Returns what an expression is, for people."""
        return _named(terms, expression_name)

    def _estimate(
        self,
        quantity: Quantity,
        populations: Sequence[Population | Experiment],
        metrics: Sequence[str | Metric | None],
        bounds: tuple[float, float],
        observe: Observe,
    ) -> Estimate:
        self._check_open()
        leaf = self._leaves.get(quantity)
        if leaf is None:
            self._new()
            for population in populations:
                for metric in metrics:  # an unknown name is refused before anything is sampled
                    if metric is not None:
                        resolve(population, metric)
            self._leaves[quantity] = Leaf(quantity, tuple(populations), tuple(metrics), *bounds, observe)
        else:
            leaf.check_same(populations, metrics)
        return Estimate.of(Expression(self, ((quantity, 1.0),)))

    def _track(self, terms: Terms) -> _Tracked:
        if terms not in self._tracked:
            self._new()
            self._tracked[terms] = _Tracked(self._first(terms))
        return self._tracked[terms]

    def _sample(self, terms: Terms) -> Sample:
        """What the seeds of an expression say."""
        tracked = self._track(terms)
        if tracked.cached is None or tracked.cached[0] != tracked.seeds:
            try:
                sample = self._make(terms, tracked.seeds)
            except NoMoreSeeds as error:  # time was over on the way
                self._lack = str(error)
                tracked.seeds = min(tracked.seeds, self._most(terms))
                sample = self._make(terms, tracked.seeds)
            tracked.cached = tracked.seeds, sample
        return tracked.cached[1]

    def _make(self, terms: Terms, seeds: int) -> Sample:
        leaves = [(self._leaf(quantity), coefficient) for quantity, coefficient in terms]
        if any(seeds > leaf.seen() for leaf, _ in leaves):
            self._new()
        sides = [(leaf.first(seeds, self._offset), coefficient) for leaf, coefficient in leaves]
        if len(leaves) == 1:
            return self._single(leaves[0][0], *sides[0], seeds)
        parts = [] if any(leaf.is_quantile for leaf, _ in leaves) else _parts(leaves, sides)
        if len(parts) not in (1, 2):
            singles = [self._single(leaf, side, 1.0, seeds) for (leaf, _), (side, _) in zip(leaves, sides, strict=True)]
            return Intervals(singles, [coefficient for _, coefficient in terms], seeds, self._goal)
        if len(parts) == 1:
            return Mean(parts[0].values, parts[0].low, parts[0].high, seeds, self._goal)
        return Conditional(parts[0], parts[1].mirrored(), seeds, self._goal)

    def _single(self, leaf: Leaf, side: Side, coefficient: float, seeds: int) -> Sample:
        if leaf.is_quantile:
            assert leaf.quantity.q is not None
            values = side.values[side.counts]
            quantile = Quantile(values, leaf.quantity.q, seeds, self._goal)
            return quantile if coefficient == 1 else Intervals([quantile], [coefficient], seeds, self._goal)
        part = scaled(side, coefficient)
        return Mean(part.values[part.counts], part.low, part.high, seeds, self._goal)

    def _leaf(self, quantity: Any) -> Leaf:
        return self._leaves[quantity]

    def _first(self, terms: Terms) -> int:
        """How many seeds an expression starts with."""
        own = [n for n in self._own(terms, "first_seeds") if n is not None]
        return min([self._first_seeds if not own else min(own), self._most(terms)])

    def _most(self, terms: Terms) -> int:
        """The most seeds that an expression can have: those allowed, and there."""
        most, seeds = self.max_seeds, range(self._offset, self._offset + self.max_seeds)
        for quantity, _ in terms:
            for population in self._leaf(quantity).populations:
                there, why = available(self._sampler, population, seeds)
                if len(there) < most:
                    most, self._lack = len(there), why
        return most

    def _most_new(self, terms: Terms) -> float:
        """How many seeds may be added to an expression at once."""
        return min([n for n in (self._step, *self._own(terms, "step")) if n is not None], default=math.inf)

    def _own(self, terms: Terms, name: str) -> Iterator[int | None]:
        """What the populations of an expression say themselves."""
        for quantity, _ in terms:
            for population in self._leaf(quantity).populations:
                n = None if is_experiment(population) else getattr(population, name, None)
                if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
                    raise ValueError(f"{name} of {label_of(population)} must be a whole number, at least 1; got {n!r}")
                yield n

    def _open(self, undecided: Undecided) -> list[Terms]:
        expressions = [q for q in undecided.quantities if isinstance(q, Expression)]
        return [expression.terms for expression in expressions if expression.terms in self._tracked]

    def _check_open(self) -> None:
        if self._closed:
            raise MeasurementError(self._closed)

    def _new(self) -> None:
        if self._frozen:
            raise NewMeasurement

    def _record(self, terms: Terms, tracked: _Tracked) -> MeasuredQuantity:
        assert tracked.cached is not None
        seeds, sample = tracked.cached
        recorded = self._shown(terms, sample).replace(
            thresholds=tuple(threshold for threshold, _ in tracked.thresholds),
            inclusive=tuple(inclusive for _, inclusive in tracked.thresholds),
            shares=tracked.shares,
        )
        if len(terms) == 1:
            return recorded
        parts = (((quantity, 1.0),) for quantity, _ in terms)
        return recorded.replace(
            terms=tuple(self._shown(part, self._make(part, seeds)) for part in parts),
            coefficients=tuple(coefficient for _, coefficient in terms),
        )

    def _shown(self, terms: Terms, sample: Sample) -> MeasuredQuantity:
        low, high = sample.ends
        quantity: Any = terms[0][0] if len(terms) == 1 and terms[0][1] == 1 else None
        name, key = _named(terms, expression_name), _named(terms, expression_key)
        return MeasuredQuantity(key, name, sample.point, low, high, sample.n, sample.seeds, (), 0, quantity)

    def _is_boolean(self, population: Population | Experiment, metric: str | Metric) -> bool:
        (values,) = columns(self._sampler, population, [metric], range(self._offset, self._offset + 1))
        return bool(values.dtype == np.bool_)

    def _observe(
        self,
        populations: Sequence[Population | Experiment],
        metric: str | Metric,
        given: str | Metric | None,
        seeds: range,
    ) -> tuple[list[NDArray[Any]], NDArray[np.bool_]]:
        """The metric's values (S,) for each population, and which seeds count (S,)."""
        observed, counts = [], np.ones(len(seeds), np.bool_)
        for population in populations:
            conditions = [which for which in (given, counts_of(population)) if which is not None]
            values, *true = columns(self._sampler, population, [metric, *conditions], seeds)
            observed.append(values)
            for condition, column in zip(conditions, true, strict=True):
                counts &= boolean(column, condition)
        for values in observed:
            if values.dtype.kind == "f":  # NaN is refused, with its seed
                numbers(values[counts], metric, np.arange(seeds.start, seeds.stop, dtype=np.uint64)[counts])
        return observed, counts


def scaled(side: Side, coefficient: float) -> Side:
    """Returns a side whose values are multiplied."""
    if coefficient == 1:
        return side
    low, high = sorted((coefficient * side.low, coefficient * side.high))
    return Side(coefficient * side.values, side.counts, low, high)


def _parts(leaves: Sequence[tuple[Leaf, float]], sides: Sequence[tuple[Side, float]]) -> list[Side]:
    """The terms of an expression: each one that has a condition, and the sum of all that have none."""
    conditional = [scaled(*side) for side, (leaf, _) in zip(sides, leaves, strict=True) if leaf.conditional]
    everywhere = [scaled(*side) for side, (leaf, _) in zip(sides, leaves, strict=True) if not leaf.conditional]
    return conditional + ([_added(everywhere)] if everywhere else [])


def _added(sides: Sequence[Side]) -> Side:
    """The sum of sides for which every seed counts."""
    # Term by term, as the bounds are added: a value whose terms are all at their bounds is then exactly at the bound.
    values = sum((side.values for side in sides[1:]), sides[0].values)
    return Side(values, sides[0].counts, sum(side.low for side in sides), sum(side.high for side in sides))


def _where(values: NDArray[Any], counts: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Values (S,) for all seeds, 0 where a seed does not count."""
    everywhere = np.zeros(len(counts))
    everywhere[counts] = values
    return everywhere


def _bounded(
    values: NDArray[Any], counts: NDArray[np.bool_], bounds: tuple[float, float], metric: str | Metric
) -> NDArray[np.float64]:
    """Values (S,) that must lie within the bounds where a seed counts."""
    counted = numbers(values[counts], metric)
    outside = counted[(counted < bounds[0]) | (counted > bounds[1])]
    if len(outside):
        low, high = bounds
        raise ValueError(f"values must lie in [{low}, {high}]; got {outside[0]:g} for {name_of(metric)}")
    everywhere = np.full(len(counts), bounds[0])
    everywhere[counts] = counted
    return everywhere


def _quantity(
    statistic: str,
    populations: Sequence[Population | Experiment],
    metric: str | Metric,
    given: str | Metric | None,
    bounds: tuple[float, float] | None = None,
    q: float | None = None,
) -> Quantity:
    conditions = [] if given is None else [name_of(given)]
    conditions += [name for name in dict.fromkeys(map(counts_of, populations)) if name and name not in conditions]
    return Quantity(
        statistic,
        name_of(metric),
        tuple(label_of(population) for population in populations),
        " and ".join(conditions) or None,
        bounds,
        q,
        tuple(population.key if is_experiment(population) else "" for population in populations),
    )


def _named(terms: Any, name: Any) -> str:
    """The name or key of an expression; a single quantity has its own."""
    if len(terms) == 1 and terms[0][1] == 1:
        quantity: Quantity = terms[0][0]
        return quantity.name if name is expression_name else quantity.key
    return str(name(terms))
