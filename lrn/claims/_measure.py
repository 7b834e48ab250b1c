"""Measuring: the quantities of populations and metrics that a claim can compare."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.claims._measuring import Measuring
from lrn.claims._populations import Population, boolean, bounds_of, name_of, numbers
from lrn.claims._published import read_published
from lrn.claims._ratio import Ratio
from lrn.claims._reading import assumed, bounded, difference, finite, finite_difference, larger
from lrn.claims._records import quantity_of
from lrn.claims._tracked import NewMeasurement
from lrn.claims._tracker import FIRST_SEEDS, FUTILE_SEEDS, MAX_SEEDS
from lrn.intervals import Estimate

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.experiment.metrics import Metric

__all__ = ["FIRST_SEEDS", "FUTILE_SEEDS", "MAX_SEEDS", "Measure", "NewMeasurement"]

_ANYWHERE = -math.inf, math.inf


class Measure(Measuring):
    """The fixture `measure`: rates, means and quantiles that compare and combine (`lrn.intervals.Estimate`).

    A population is an `Experiment`, or any object with a `label` and `sample(seeds)` (see `Population`). A metric is a
    name (for an Experiment one of `lrn.experiment.metrics.METRICS`, else a key of what `sample` returned) or a
    `lrn.experiment.metrics.Metric`. With `given`, a boolean metric, only the seeds for which it is true count.

    A comparison is measured directly, seed by seed: `rate(a, m) > rate(b, m) + 0.2` observes the difference of a
    and b. Each expression starts with a few seeds. While the claim is undecided, the seeds of the expressions that keep
    it open grow by a quarter, or by less where less is likely to do; only new seeds are sampled.

    All methods that measure raise TypeError for anything but a population or metric and for values of the wrong type,
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

    def rate(
        self, population: Population | Experiment, metric: str | Metric, given: str | Metric | None = None
    ) -> Estimate:
        """Returns how often a boolean metric is true."""
        return self._measured("rate", [population], metric, given, partial(boolean, metric=metric), (0.0, 1.0))

    def mean(
        self,
        population: Population | Experiment,
        metric: str | Metric,
        given: str | Metric | None = None,
        *,
        bounds: tuple[float, float] | None = None,
        assume: str | None = None,
        sd: float | None = None,
    ) -> Estimate:
        """Returns the mean of a metric, from bounds that no value can leave, or from an assumption about its values.

        Differences of such means are measured per seed; then the assumption is about these differences.

        Args:
            population: what to sample.
            metric: its values must be numbers, within the bounds if there are any.
            given: which seeds count.
            bounds: the smallest and the largest value that is possible; needed unless the metric has its own.
            assume: an assumption about the values in place of bounds: "normal", "symmetric" (about their mean) or
                "subgaussian". The verdict then rests on that, and says so wherever it is shown.
            sd: for "subgaussian", the standard deviation that normal values would not exceed; half the distance of
                bounds that values cannot leave will do.

        Raises:
            ValueError: there are neither bounds nor an assumption, or both; a value lies outside the bounds, or is NaN,
                or infinite where something is assumed.
        """
        if assume is not None or sd is not None:
            rests_on = assumed(assume, sd, bounds)
            as_assumed = partial(finite, metric=metric)
            return self._measured("mean", [population], metric, given, as_assumed, _ANYWHERE, **rests_on)
        ends = bounds_of(population, metric, bounds)
        read = partial(bounded, bounds=ends, metric=metric)
        return self._measured("mean", [population], metric, given, read, ends, bounds=bounds and ends)

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
        read = partial(numbers, metric=metric)
        return self._measured("quantile", [population], metric, given, read, _ANYWHERE, q=float(q))

    def median_difference(
        self,
        a: Population | Experiment,
        b: Population | Experiment,
        metric: str | Metric,
        given: str | Metric | None = None,
    ) -> Estimate:
        """Returns the median, over seeds, of the metric of `a` less that of `b`, by order statistics.

        It needs no bounds, and nothing is assumed. With `given`, only the seeds for which it is true of both count. (It
        is not the difference of the two medians.)

        Raises:
            ValueError: a value is NaN, or both are infinite for one seed, so that they have no difference.
        """
        read = partial(difference, metric=metric)
        return self._measured("median difference", [a, b], metric, given, read, _ANYWHERE, q=0.5)

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

        A tie does not count as larger, nor does a difference that exceeds the margin by a rounding error only, such as
        0.8 and 0.7 with a margin of 0.1. It needs no bounds. With `given`, only the seeds for which it is true of both
        count.

        Raises:
            ValueError: a value is NaN, or the margin is not finite.
        """
        if not isinstance(margin, (int, float)) or not math.isfinite(margin):
            raise ValueError(f"margin must be a finite number; got {margin!r}")

        def read(of_a: NDArray[Any], of_b: NDArray[Any]) -> NDArray[np.bool_]:
            return larger(numbers(of_a, metric), numbers(of_b, metric), float(margin))

        larger_by = f"{name_of(metric)} by more than {margin!r}" if margin else None
        return self._measured("rate of larger", [a, b], metric, given, read, (0.0, 1.0), named=larger_by)

    def mean_difference(
        self,
        a: Population | Experiment,
        b: Population | Experiment,
        metric: str | Metric,
        given: str | Metric | None = None,
        *,
        bounds: tuple[float, float] | None = None,
        assume: str | None = None,
        sd: float | None = None,
    ) -> Estimate:
        """Returns the mean, over seeds, of the metric of `a` less that of `b`.

        Without a condition it is the difference of the two means. With `given`, only the seeds for which it is true of
        both count, which the two means by themselves do not ask.

        Args:
            a: the first population.
            b: the second one, sampled for the same seeds.
            metric: its values must be numbers within the bounds.
            given: which seeds count.
            bounds: the metric's smallest and largest possible value; needed unless the metric has its own.
            assume: as in `mean`, of the differences.
            sd: as in `mean`, of the metric.

        Raises:
            ValueError: as `mean`.
        """
        if given is None:
            options: dict[str, Any] = {"bounds": bounds, "assume": assume, "sd": sd}
            return self.mean(a, metric, **options) - self.mean(b, metric, **options)
        if assume is not None or sd is not None:
            rests_on = assumed(assume, None if sd is None else 2 * sd, bounds)
            as_assumed = partial(finite_difference, metric=metric)
            return self._measured("mean difference", [a, b], metric, given, as_assumed, _ANYWHERE, **rests_on)
        of_a, of_b = bounds_of(a, metric, bounds), bounds_of(b, metric, bounds)

        def read(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
            return bounded(first, of_a, metric) - bounded(second, of_b, metric)

        ends = of_a[0] - of_b[1], of_a[1] - of_b[0]
        return self._measured("mean difference", [a, b], metric, given, read, ends, bounds=bounds and of_a)

    def difference(
        self,
        a: Population | Experiment,
        b: Population | Experiment,
        metric: str | Metric,
        given: str | Metric | None = None,
        *,
        bounds: tuple[float, float] | None = None,
        assume: str | None = None,
        sd: float | None = None,
    ) -> Estimate:
        """Returns the rate or mean of `a` less that of `b`; a name for what `rate(a, …) - rate(b, …)` gives.

        It is a difference of rates where the metric is boolean and neither bounds nor an assumption are given, else of
        means, with the arguments of `mean`.
        """
        options: dict[str, Any] = {"bounds": bounds, "assume": assume, "sd": sd}
        options = {name: value for name, value in options.items() if value is not None}
        measure_one = self.rate if not options and self._is_boolean(a, metric) else self.mean
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

    def published(self, text: str, *, seeds: int, plus_minus: str = "sd") -> Estimate:
        """Returns a published mean, such as "93.1 ± 0.4" of five runs, with its interval, to compare a mean with.

        Its runs are assumed to be normal, which the verdict says. Nothing is sampled, and more seeds do not narrow it.

        Args:
            text: as it was published; with "%" it is divided by 100. Rounding is allowed for.
            seeds: of how many runs it is the mean.
            plus_minus: the kind of the figure behind the "±": "sd", "se" or "ci95", as in `lrn.claims.reproduces`.

        Raises:
            TypeError, ValueError: it cannot be read, or an argument is out of range.
        """
        theirs = read_published(text, seeds, plus_minus)

        def observe(seeds: range) -> tuple[NDArray[Any], NDArray[np.bool_]]:
            return np.zeros(len(seeds)), np.ones(len(seeds), np.bool_)

        quantity = quantity_of("published mean", [], f"{theirs.text} ({plus_minus})", None)
        quantity = replace(quantity, populations=(f"{seeds} published runs",), digests=("",))
        return self._estimate(quantity, [], (), _ANYWHERE, observe, theirs)
