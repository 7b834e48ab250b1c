"""Populations and metrics: what a claim can measure, and how its values are drawn and checked."""

from __future__ import annotations

import math
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

from lrn.intervals import Undecided

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.ledger import Ledger
    from lrn.metrics import Metric

__all__ = [
    "Draw",
    "MeasurementError",
    "Population",
    "RecentSamples",
    "Sampler",
    "boolean",
    "bounds_of",
    "columns",
    "is_experiment",
    "label_of",
    "name_of",
    "numbers",
]


class Population(Protocol):
    """Anything that can be observed for a range of seeds; what authors of other papers write.

    What is dear to observe is remembered on disk between runs if the population also has a `version`: a text that names
    the code, the arithmetic and the data behind its observations, so that they are made again when one of them changes.
    Its `sample` then returns a mapping of numbers or truths.

    Attributes:
        label: unique and stable text; it identifies the population in every process and run.
    """

    @property
    def label(self) -> str:
        """Unique and stable text."""
        ...

    def sample(self, seeds: range) -> Any:
        """What was observed for each seed: a mapping (or an object with attributes) from metric to array (S,).

        What is observed for a seed must depend on that seed alone, not on the others.
        """
        ...


Sampler: TypeAlias = "Callable[[Population | Experiment, range, bool], Any]"
"""(population, seeds, whether the loss of every epoch is needed) -> what was observed."""


class MeasurementError(RuntimeError):
    """An assertion failed while sampling, which says nothing about the claim."""


@dataclass(frozen=True)
class _Column:
    """A metric of a population that is no Experiment: a column of what it observed."""

    name: str
    bounds: None = None
    trace: bool = False

    def function(self, sample: Any) -> Any:
        if isinstance(sample, Mapping) and self.name in sample:
            return sample[self.name]
        if not isinstance(sample, Mapping) and hasattr(sample, self.name):
            return getattr(sample, self.name)
        names = sample if isinstance(sample, Mapping) else (n for n in dir(sample) if not n.startswith("_"))
        known = ", ".join(sorted(map(str, names))) or "those that were sampled, and none was"
        raise ValueError(f"metric must be one of {known}; got {self.name!r}")


@dataclass(frozen=True)
class Draw:
    """The sampler of a session: an Experiment and a population with a version through the ledger, any other directly.

    Attributes:
        ledger: folder of the ledger; None remembers nothing.
        engine: what trains, as in `lrn.train`.
        device: where, as in `lrn.train`.
        threads: processor threads; None for as many as this process may use.
        scheduler: of a Dask cluster that trains experiments; all else is observed here.
    """

    ledger: Path | None
    engine: str = "auto"
    device: str = "cpu"
    threads: int | None = None
    scheduler: str | None = None

    def __call__(self, population: Population | Experiment, seeds: range, trace: bool) -> Any:
        """What was observed for each seed."""
        if is_experiment(population):
            return self._trained.runs(population, seeds, trace)
        other: Any = population
        version = getattr(other, "version", None)
        if version is None or self.ledger is None:
            return other.sample(seeds)
        from lrn.ledger.samples import Samples

        return Samples(self.ledger).sample(other.label, version, other.sample, seeds)

    def close(self) -> None:
        """Lets go of the cluster, if there is one."""
        if "_trained" in vars(self):
            self._trained.close()

    @cached_property
    def _trained(self) -> Ledger:
        from lrn.ledger import Ledger

        return Ledger(
            self.ledger, engine=self.engine, device=self.device, threads=self.threads, scheduler=self.scheduler
        )


class RecentSamples:
    """A sampler that remembers what it drew last, as neighbouring claims ask for the same populations.

    Args:
        sampler: what draws.
        most_seeds: how many seeds to remember in all; samples with the loss of every epoch are too large to keep.
    """

    def __init__(self, sampler: Sampler, most_seeds: int = 1 << 19) -> None:
        self._sampler = sampler
        self._most_seeds = most_seeds
        # The population is kept too, so that no other object can come to have its id.
        self._kept: OrderedDict[tuple[Any, range], tuple[Any, Any]] = OrderedDict()

    def __call__(self, population: Population | Experiment, seeds: range, trace: bool) -> Any:
        """What was observed for each seed."""
        if trace:
            return self._sampler(population, seeds, trace)
        place = (population.key if is_experiment(population) else id(population), seeds)
        if place not in self._kept:
            self._kept[place] = (population, self._sampler(population, seeds, trace))
        self._kept.move_to_end(place)
        sample = self._kept[place][1]
        while sum(len(kept) for _, kept in self._kept) > self._most_seeds:
            self._kept.popitem(last=False)
        return sample


def is_experiment(population: object) -> TypeGuard[Experiment]:
    """Whether it is an Experiment, without loading what defines one."""
    module = sys.modules.get("lrn.experiment")
    return module is not None and isinstance(population, module.Experiment)


def label_of(population: Any) -> str:
    """Its label. Raises TypeError for what is no population."""
    label = getattr(population, "label", None)
    sampled = callable(getattr(population, "sample", None)) and not isinstance(population, type)
    if not (is_experiment(population) or sampled) or not isinstance(label, str):
        raise TypeError(f"a population is an Experiment, or has a text `label` and `sample(seeds)`; got {population!r}")
    return label


def name_of(metric: Any) -> str:
    """The metric's name. Raises TypeError for what is no metric."""
    name = metric if isinstance(metric, str) else getattr(metric, "name", None)
    if not isinstance(name, str):
        raise TypeError(f"a metric is a name or a Metric; got {metric!r}")
    return name


def bounds_of(
    population: Population | Experiment, metric: str | Metric, bounds: tuple[float, float] | None
) -> tuple[float, float]:
    """The bounds given, or else those of the metric. Raises ValueError where there are none, or that are none."""
    own = _resolve(population, metric).bounds
    if bounds is None and own is None:
        raise ValueError(f"the mean of {name_of(metric)} needs bounds=(low, high), which no value can leave")
    found: Any = bounds if bounds is not None else own(population)  # type: ignore[misc, arg-type]
    try:
        low, high = map(float, found)
    except (TypeError, ValueError):
        low, high = math.nan, math.nan
    if not (math.isfinite(high - low) and low <= high):
        raise ValueError(f"bounds of {name_of(metric)} must be finite, (low, high) with low <= high; got {found!r}")
    return low, high


def columns(
    sampler: Sampler, population: Population | Experiment, metrics: Sequence[str | Metric], seeds: range
) -> list[NDArray[Any]]:
    """The values (S,) of each metric.

    Raises:
        MeasurementError: an assertion failed on the way; it must not pass for a claim's own.
        ValueError: no such metric, or values of another shape.
    """
    wanted = [_resolve(population, metric) for metric in metrics]
    try:
        sample = sampler(population, seeds, any(metric.trace for metric in wanted))
        found = [np.asarray(metric.function(sample)) for metric in wanted]
    except (AssertionError, Undecided) as error:
        raise MeasurementError(f"sampling {label_of(population)} failed: {error!r}") from error
    for metric, values in zip(wanted, found, strict=True):
        if values.shape != (len(seeds),):
            raise ValueError(
                f"{metric.name} of {label_of(population)} must have shape ({len(seeds)},), one value a seed; "
                f"got {values.shape}"
            )
    return found


def boolean(values: NDArray[Any], metric: str | Metric) -> NDArray[np.bool_]:
    """The values, which must be boolean."""
    if values.dtype != np.bool_:
        raise TypeError(f"{name_of(metric)} must be boolean here; its values are {values.dtype}")
    return values


def numbers(values: NDArray[Any], metric: str | Metric) -> NDArray[np.float64]:
    """The values as floats; they must be numbers, not NaN."""
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{name_of(metric)} must be numbers; its values are {values.dtype}")
    found = values.astype(np.float64)
    if np.isnan(found).any():
        raise ValueError(f"{name_of(metric)} must be numbers; {np.isnan(found).sum()} of {len(found)} values are NaN")
    return found


def _resolve(population: Population | Experiment, metric: str | Metric) -> Metric | _Column:
    label_of(population), name_of(metric)
    if is_experiment(population):
        from lrn.metrics import metric as lookup

        return lookup(metric)
    return _Column(metric) if isinstance(metric, str) else metric
