"""The observations of a session: each population's sample grows, and no seed is sampled twice."""

from __future__ import annotations

import random
import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.claims._again import EXPENSIVE, allowed, compare, plan, suspicious
from lrn.claims._contract import (
    MeasurementError,
    Population,
    PopulationError,
    Source,
    is_experiment,
    label_of,
    shielded,
)
from lrn.claims._growing import Growing, gathered, merge, of_networks, rounded
from lrn.claims._metrics import Column, check_same_metrics, identity_of, needs_traces, tabular, values_of
from lrn.claims._recognising import Known, certain, check_one_object
from lrn.claims._state import difference, state_of

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.experiment.metrics import Metric

__all__ = ["RecentSamples", "check_one_object"]

_DEAR = 10.0  # seconds: samples that took longer stay in memory
_MOST_LABELS = 4096


class RecentSamples:
    """Remembers observations, so that only new seeds are sampled, and finds populations that break their contract.

    Claims share the observations of a population. Where memory is short, those that are cheap to repeat are forgotten
    first.

    Args:
        sampler: draws a population's seeds.
        most_seeds: how many seeds to remember in all; the loss of every epoch is too large to keep.
        recheck: how many seeds of each population to sample again, chosen at random, and to compare.
    """

    def __init__(self, sampler: Source, most_seeds: int = 1 << 19, recheck: int = 0) -> None:
        self._sampler = sampler
        self._recheck = recheck
        self._most_seeds = most_seeds
        self._growing: OrderedDict[Hashable, Growing] = OrderedDict()
        self._seeds = 0  # of all that are growing
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._metrics: dict[Hashable, Sequence[Metric | Column | None]] = {}
        self._traced: OrderedDict[Hashable, list[tuple[range, NDArray[Any]]]] = OrderedDict()
        self._broken: dict[str, PopulationError] = {}
        self._notes: dict[tuple[str, str], str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """Oddities of populations that are not errors: one sentence each, in the order they came up."""
        return (*self.source_notes, *self._notes.values())

    @property
    def source_notes(self) -> tuple[str, ...]:
        """Oddities of the source of observations, such as code that has changed since."""
        return tuple(getattr(self._sampler, "notes", ()))

    def available(self, population: Population | Experiment, seeds: range) -> tuple[range, str]:
        """The first of these seeds that are available now, and the reason why others are not; "" where all are."""
        name = population.key if is_experiment(population) else label_of(population)
        growing = self._growing.get((name, seeds.start))
        if growing is not None and len(growing) >= len(seeds):
            return seeds, ""
        if hasattr(self._sampler, "available"):
            return self._sampler.available(population, seeds)
        return seeds, ""

    def knows(self, population: Population | Experiment, seeds: range) -> bool:
        """Whether all these seeds were observed before, in this run or on disk."""
        name = population.key if is_experiment(population) else label_of(population)
        growing = self._growing.get((name, seeds.start))
        if growing is not None and len(growing) >= len(seeds):
            return True
        return hasattr(self._sampler, "known") and self._sampler.known(population, seeds) >= len(seeds)

    @property
    def seconds_per_seed(self) -> dict[str, float]:
        """How long a seed takes to train, by the label of each population observed so far, as far as it is known."""
        if not hasattr(self._sampler, "seconds_per_seed"):
            return {}
        seconds = {}
        for growing in self._growing.values():
            with suppress(MeasurementError):  # its seeds are of earlier code, and refused
                per_seed = self._sampler.seconds_per_seed(growing.population)
                if per_seed:
                    seconds[label_of(growing.population)] = per_seed
        return seconds

    def seconds(self, population: Population | Experiment, seeds: range) -> float:
        """About how many seconds of training those of the seeds take that were not observed before.

        A seed of a population of which none has been trained in this run, and of which nothing is noted on disk, counts
        as one second.
        """
        name = population.key if is_experiment(population) else label_of(population)
        growing = self._growing.get((name, seeds.start))
        known = 0 if growing is None else min(len(growing), len(seeds))
        if known < len(seeds) and hasattr(self._sampler, "known"):
            known = max(known, self._sampler.known(population, seeds))
        if hasattr(self._sampler, "seconds_per_seed"):
            per_seed = self._sampler.seconds_per_seed(population)
        else:
            per_seed = growing.cost.per_seed if growing is not None else 0.0
        return (len(seeds) - known) * (per_seed or 1.0)

    def write(self) -> None:
        """Writes trained networks that are in memory only, so that other processes find them."""
        if hasattr(self._sampler, "write"):
            self._sampler.write()

    def tidy(self) -> None:
        """Leaves the ledger as it is to be found by the next run."""
        if hasattr(self._sampler, "tidy"):
            self._sampler.tidy()

    def check_metrics(self, quantity: Hashable, metrics: Sequence[Metric | Column | None]) -> None:
        """Refuses a metric by the name of another one that an earlier claim measured: the record would count them once.

        Raises:
            MeasurementError: two metrics differ.
        """
        check_same_metrics(self._metrics.setdefault(quantity, metrics), metrics)

    def values(
        self, population: Population | Experiment, metrics: Sequence[Metric | Column], seeds: range
    ) -> list[NDArray[Any]]:
        """The values (S,) of each metric.

        Raises:
            PopulationError: the population breaks its contract; it does so again whenever it is asked.
            MeasurementError, TypeError, ValueError: as `lrn.claims._metrics.values_of`.
        """
        label = label_of(population)
        if is_experiment(population):
            if needs_traces(metrics):
                return [self._traced_values(population, metric, seeds) for metric in metrics]
            values = self._values(population, label, metrics, seeds, (population.key, seeds.start))
            self._compare(population, label, metrics, values, seeds, (population.key, seeds.start))
            return values
        if label in self._broken:
            raise self._broken[label]
        try:
            self._recognise(population, label)
            values = self._values(population, label, metrics, seeds, (label, seeds.start))
            self._compare(population, label, metrics, values, seeds, (label, seeds.start))
        except PopulationError as error:
            self._broken[label] = error
            raise
        return values

    def _values(
        self,
        population: Population | Experiment,
        label: str,
        metrics: Sequence[Metric | Column],
        seeds: range,
        key: Hashable,
    ) -> list[NDArray[Any]]:
        growing = self._growing.setdefault(key, Growing(population))
        self._growing.move_to_end(key)
        start = seeds.start + len(growing)
        if start < seeds.stop:
            new = range(start, rounded(population, seeds))
            if is_experiment(population) and hasattr(self._sampler, "available"):
                new = range(start, max(self._sampler.available(population, new)[0].stop, seeds.stop))
            self._grow(growing, label, new)
            self._forget()
        read = of_networks if is_experiment(population) else gathered
        return [read(growing, metric, seeds, label) for metric in metrics]

    def _grow(self, growing: Growing, label: str, new: range) -> None:
        population = growing.population
        with shielded(f"sampling {label}"):
            before = self._cost(label, growing)
            start = time.perf_counter()
            sample = tabular(self._sampler(population, new, False))
        if not hasattr(self._sampler, "cost"):
            growing.cost.add(len(new), time.perf_counter() - start)
        growing.parts.append((new, sample))
        merge(growing.parts)
        self._seeds += len(new)
        if is_experiment(population):
            return
        growing.on_disk = getattr(population, "version", None) is not None
        if self._cost(label, growing) > before:
            self._ask_again(growing, label)
        self._known[label].last = state_of(population)  # sampling may count, or remember

    def _cost(self, label: str, growing: Growing) -> int:
        """How many seeds were sampled, not read, by now."""
        if hasattr(self._sampler, "cost"):
            growing.cost = self._sampler.cost(label)
        return growing.cost.seeds

    def _ask_again(self, growing: Growing, label: str) -> None:
        """Samples a few old seeds again, if the sample has grown enough."""
        if getattr(growing.population, "varies", ()) is True or 4 * len(growing) < 5 * growing.checked:
            return
        if growing.cost.per_seed >= EXPENSIVE and (growing.again or len(growing) < 8):
            return
        block = (getattr(growing.population, "seeds_per_block", None) or 0) * growing.cost.per_seed
        growing.checked, seeds = len(growing), range(growing.parts[0][0].start, growing.parts[-1][0].stop)
        again = getattr(self._sampler, "again", None) or (lambda who, part: self._sampler(who, part, False))
        for part in plan(seeds, growing.turn):
            sampled_again = sum(len(part) for part, _ in growing.again)
            if not allowed(len(growing), sampled_again, growing.cost.seconds, growing.seconds_again, block):
                break
            start = time.perf_counter()
            with shielded(f"sampling {label}"):
                growing.again.append((part, tabular(again(growing.population, part))))
            growing.seconds_again += time.perf_counter() - start
            if growing.cost.per_seed >= EXPENSIVE:
                break
        growing.turn += 1

    def _check_again(self, growing: Growing, label: str, seeds: range) -> None:
        """Samples some seeds again, chosen anew in every run."""
        growing.rechecked = True
        again = getattr(self._sampler, "again", None) or (lambda who, part: self._sampler(who, part, False))
        for at in sorted(random.SystemRandom().sample(range(len(seeds)), min(self._recheck, len(seeds)))):
            with shielded(f"sampling {label}"):
                growing.again.append((seeds[at : at + 1], tabular(again(growing.population, seeds[at : at + 1]))))

    def _recognise(self, population: Any, label: str) -> None:
        """Refuses a second object of one label, and an object that was changed."""
        remembered = self._known.get(label)
        if remembered is None:
            state = state_of(population)
            self._known[label] = Known(population, state, state)
            if len(self._known) > _MOST_LABELS:
                self._known.popitem(last=False)
            return
        if remembered.population is population:
            where = difference(certain(remembered.last), certain(state_of(population)), "before", "now")
            if where is not None:
                raise PopulationError(
                    f"{label} was changed between two samplings: {where}; make a new object with a label of its own"
                )
            return
        check_one_object(label, remembered.population, population, remembered.first)

    def _compare(
        self,
        population: Any,
        label: str,
        metrics: Sequence[Metric | Column],
        columns: Sequence[NDArray[Any]],
        seeds: range,
        key: Hashable,
    ) -> None:
        """Compares values with those of seeds that were sampled again."""
        growing = self._growing.get(key)
        varies = getattr(population, "varies", ())
        if growing is not None and self._recheck and not growing.rechecked:
            self._check_again(growing, label, seeds)
        for metric, values in zip(metrics, columns, strict=True):
            notes = [] if is_experiment(population) else [suspicious(label, metric.name, values)]
            for part, sample in growing.again if growing and varies is not True and metric.name not in varies else ():
                if part.stop <= seeds.stop:
                    first = values[part.start - seeds.start : part.stop - seeds.start]
                    try:
                        notes.append(compare(label, metric.name, part, first, values_of(metric, sample, part, label)))
                    except PopulationError as error:
                        if hasattr(self._sampler, "condemn"):
                            self._sampler.condemn(population, metric.name, str(error))
                        raise
            for note in filter(None, notes):
                self._notes.setdefault((label, metric.name), note)
        for note in () if is_experiment(population) else getattr(population, "notes", ()):
            self._notes.setdefault((label, note), note)

    def _traced_values(self, experiment: Experiment, metric: Metric | Column, seeds: range) -> NDArray[Any]:
        """The values of a metric that may need the loss of every epoch, of which only the values are kept."""
        if not metric.trace:
            return self._values(experiment, experiment.label, [metric], seeds, (experiment.key, seeds.start))[0]
        parts = self._traced.setdefault((experiment.key, seeds.start, identity_of(metric)), [])
        start = parts[-1][0].stop if parts else seeds.start
        if start < seeds.stop:
            new = range(start, rounded(experiment, seeds))
            with shielded(f"sampling {experiment.label}"):
                sample = self._sampler(experiment, new, True)
            parts.append((new, values_of(metric, sample, new, experiment.label)))
            _, values = zip(*parts, strict=True)
            parts[:] = [(range(parts[0][0].start, new.stop), np.concatenate(values))]
        return parts[0][1][: len(seeds)]

    def _forget(self) -> None:
        """Forgets the observations used longest ago that can be repeated, until the rest fits; never the last ones."""
        if self._seeds <= self._most_seeds:
            return
        *others, _ = self._growing
        for key in others:
            if self._seeds <= self._most_seeds:
                return
            growing = self._growing[key]
            if growing.on_disk or growing.cost.seconds < _DEAR:
                self._seeds -= len(self._growing.pop(key))
