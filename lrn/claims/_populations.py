"""Populations and metrics that a claim can measure, and how their values are sampled and checked.

- `_contract`: the contract of a population. `_metrics`: metrics, and the values that are refused.
- `_draw`: where observations come from (`Draw`). `_store`: the observations so far (`RecentSamples`).
- `_state`, `_again`: the checks that a population keeps its contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.claims._contract import (
    MeasurementError,
    NoMoreSeeds,
    Population,
    PopulationError,
    Sampler,
    is_experiment,
    label_of,
    shielded,
)
from lrn.claims._draw import Draw
from lrn.claims._metrics import (
    boolean,
    bounds_of,
    identity_of,
    name_of,
    needs_traces,
    numbers,
    resolve,
    tabular,
    values_of,
)
from lrn.claims._store import RecentSamples, check_one_object

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.experiment.metrics import Metric

__all__ = [
    "Draw",
    "MeasurementError",
    "NoMoreSeeds",
    "Population",
    "PopulationError",
    "RecentSamples",
    "Sampler",
    "available",
    "boolean",
    "bounds_of",
    "check_one_object",
    "columns",
    "counts_of",
    "identity_of",
    "is_experiment",
    "knows",
    "label_of",
    "name_of",
    "numbers",
]


def columns(
    sampler: Sampler,
    population: Population | Experiment,
    metrics: Sequence[str | Metric],
    seeds: range,
) -> list[NDArray[Any]]:
    """The values (S,) of each metric.

    Args:
        sampler: draws seeds; one that remembers samples new seeds only, and detects broken populations.
        population: the one to observe.
        metrics: names or Metrics.
        seeds: a range of step 1.

    Raises:
        MeasurementError: an assertion failed on the way; it must not pass for a claim's own.
        PopulationError: the population breaks its contract.
        TypeError: not a population, or not a metric.
        ValueError: no such metric, values of another shape, or masked ones.
    """
    resolved = [resolve(population, metric) for metric in metrics]
    if not len(seeds):
        return [np.empty(0, np.bool_)] * len(resolved)
    if not callable(sampler):
        return sampler.values(population, resolved, seeds)
    label = label_of(population)
    with shielded(f"sampling {label}"):
        sample = tabular(sampler(population, seeds, needs_traces(resolved)))
    return [values_of(metric, sample, seeds, label) for metric in resolved]


def available(sampler: Sampler, population: Population | Experiment, seeds: range) -> tuple[range, str]:
    """The first of these seeds that are available now, and the reason why others are not.

    Args:
        sampler: draws a population's seeds.
        population: the one to observe.
        seeds: a range of step 1.

    Returns:
        The seeds, and a sentence; "" where they are all of them.
    """
    if hasattr(sampler, "available"):
        ready: tuple[range, str] = sampler.available(population, seeds)
        return ready
    return seeds, ""


def knows(sampler: Sampler, population: Population | Experiment, seeds: range) -> bool:
    """Whether a sampler has the observations of all these seeds, in memory or on disk, and need not sample any."""
    return hasattr(sampler, "knows") and bool(sampler.knows(population, seeds))


def counts_of(population: Population | Experiment) -> str | None:
    """The boolean metric that says which seeds of a population count, whatever is measured; None where all do."""
    counts: str | None = getattr(population, "counts", None)
    if counts is not None and not isinstance(counts, str):
        raise TypeError(f"the counts of {label_of(population)} must be the name of a metric; got {counts!r}")
    return counts
