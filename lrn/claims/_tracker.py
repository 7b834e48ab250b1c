"""Expressions and their seeds: each grows while it keeps a claim open, and takes its share of the error budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from lrn.claims._advice import cost_of_bounds
from lrn.claims._expressions import sample_of
from lrn.claims._leaves import Leaf, Observe
from lrn.claims._metrics import Column, resolve
from lrn.claims._outlook import Outlook, each_once, least_growth
from lrn.claims._populations import (
    MeasurementError,
    NoMoreSeeds,
    Population,
    Sampler,
    available,
    is_experiment,
    knows,
    label_of,
)
from lrn.claims._published import PublishedMean
from lrn.claims._records import key_of_terms, measured, name_of_terms
from lrn.claims._samples import Mean, Sample
from lrn.intervals import QUANTITIES, Estimate, Evidence, Expression, Terms, Undecided, goal_of
from lrn.verdicts import MeasuredQuantity, Quantity

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.metrics import Metric

__all__ = ["FIRST_SEEDS", "FUTILE_SEEDS", "MAX_SEEDS", "CannotResume", "NewMeasurement", "Tracker"]

FIRST_SEEDS = 8
"""Seeds that an expression starts with."""

MAX_SEEDS = 131072
"""Most seeds of an expression."""

SMALLEST_STEP, LARGEST_STEP = 0.01, 0.25
"""The share by which the seeds grow while a claim is undecided: half of the seeds probably missing, within these."""

FUTILE_SEEDS = 32768
"""From here on a claim that would take far more seeds than it may use is given up."""

_FUTILE_FACTOR = 8
_FORM = "first_seeds and max_seeds must be whole numbers, 1 <= first_seeds <= max_seeds"


class NewMeasurement(BaseException):
    """Something was measured that had not been measured before, while that was not allowed."""


class CannotResume(BaseException):
    """An earlier run did not measure this, or its seeds would have to be sampled again."""


@dataclass
class Tracked:
    """How far one expression has come.

    Attributes:
        seeds: how many seeds it uses.
        thresholds: the numbers it was compared with, each with whether equality counts (at least, rather than more).
        computed: whether its interval entered a computation.
        cached: its sample, with the number of seeds.
    """

    seeds: int
    thresholds: dict[tuple[float, bool], None] = field(default_factory=dict)
    computed: bool = False
    cached: tuple[int, Sample] | None = None
    compared: dict[tuple[int, float], Evidence] = field(default_factory=dict)

    @property
    def shares(self) -> int:
        """Its shares of the error budget: one for each end, of each interval, that a decision rests on."""
        pieces = 1 if self.cached is None else self.cached[1].pieces
        return pieces * (2 if self.computed else min(len(self.thresholds), 2))


class Tracker:
    """Keeps the observations of each quantity, and how far each expression has come (`lrn.intervals.Source`).

    The arguments are those of `lrn.claims.Measure`.

    Attributes:
        max_seeds: most seeds of one expression.
        on_growth: is called with the outlook of an undecided claim that is given more seeds; it may raise PutOff.
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
        self.on_growth: Callable[[Outlook], None] | None = None
        self._sampler = sampler
        self._goal = goal_of(alpha, quantities)
        self._first_seeds = min(first_seeds, max_seeds)
        self._step = step
        self._offset = seed_offset
        self._leaves: dict[Quantity, Leaf] = {}
        self._tracked: dict[Terms, Tracked] = {}
        self._names: dict[Terms, str] = {}
        self._earlier: dict[str, MeasuredQuantity] | None = None
        self._closed = ""
        self._frozen = False
        self._lack = ""

    @property
    def quantities(self) -> tuple[MeasuredQuantity, ...]:
        """Everything that was compared or computed with so far, in order of first use, with its intervals."""
        return tuple(
            self._record(terms, tracked)
            for terms, tracked in self._tracked.items()
            if tracked.shares and tracked.cached is not None
        )

    @property
    def populations(self) -> tuple[Population | Experiment, ...]:
        """Everything that was sampled so far."""
        return tuple(chain.from_iterable(leaf.populations for leaf in self._leaves.values()))

    @property
    def notes(self) -> tuple[str, ...]:
        """Oddities of the populations that were measured, not errors: one sentence each."""
        labels = set(chain.from_iterable(quantity.populations for quantity in self._leaves))
        of_source = []
        for note in getattr(self._sampler, "source_notes", ()):
            if any(label in note for label in labels):
                of_source.append(note)
        of_values = chain.from_iterable(leaf.notes for leaf in self._leaves.values())
        return tuple(dict.fromkeys([*of_source, *of_values]))

    def seeds_needed(self, undecided: Undecided) -> float:
        """Returns about how many seeds of each open expression would settle it; `inf` if none can be said to."""
        seeds = [self._tracked[terms].seeds for terms in self._open(undecided)]
        return undecided.growth * max(seeds) if seeds and undecided.growth < math.inf else math.inf

    def advice(self, undecided: Undecided) -> tuple[str, ...]:
        """Returns other ways to decide the open comparisons sooner, one sentence each."""
        samples = ((terms, self._tracked[terms].cached) for terms in self._open(undecided))
        means = ((terms, cached[1]) for terms, cached in samples if cached and isinstance(cached[1], Mean))
        sentences = (cost_of_bounds(self.label(terms), mean) for terms, mean in means)
        return tuple(filter(None, sentences))

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
        if self.on_growth is not None:
            self.on_growth(self._outlook(undecided))
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

    @property
    def experiments(self) -> frozenset[str]:
        """Keys of the experiments that all measurements so far rest on; none if some rest on anything else."""
        keys = frozenset[str]().union(*(quantity.digests for quantity in self._leaves))
        return frozenset() if "" in keys else keys

    def resume(self, earlier: Sequence[MeasuredQuantity]) -> None:
        """From now on each expression starts at the seeds where an earlier run left it.

        An expression that this run did not measure, or whose seeds are not all known, raises CannotResume.
        """
        self._earlier = {quantity.key: quantity for quantity in earlier}

    def restart(self) -> None:
        """Forgets everything that was measured, and an earlier run."""
        self._leaves.clear()
        self._tracked.clear()
        self._names.clear()
        self._earlier, self._lack = None, ""

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
        key = tracked.seeds, threshold
        if key not in tracked.compared:
            tracked.compared[key] = self._sample(terms).compare(threshold)
        return tracked.compared[key]

    def label(self, terms: Terms) -> str:
        """Returns the name of an expression, for people."""
        return self._names.get(terms) or name_of_terms(terms)

    def name(self, terms: Terms, name: str) -> None:
        """Gives an expression a name, in place of one that lists its coefficients."""
        self._names[terms] = name

    def _estimate(
        self,
        quantity: Quantity,
        populations: Sequence[Population | Experiment],
        metrics: Sequence[str | Metric | None],
        bounds: tuple[float, float],
        observe: Observe,
        published: PublishedMean | None = None,
    ) -> Estimate:
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

    def _track(self, terms: Terms) -> Tracked:
        if terms not in self._tracked:
            self._new()
            self._tracked[terms] = Tracked(self._first(terms)) if self._earlier is None else self._resumed(terms)
        return self._tracked[terms]

    def _resumed(self, terms: Terms) -> Tracked:
        """An expression with the seeds that an earlier run left it with."""
        assert self._earlier is not None
        was = self._earlier.get(key_of_terms(terms))
        if was is None or was.seeds > self.max_seeds:
            raise CannotResume
        seeds = range(self._offset, self._offset + was.seeds)
        populations = chain.from_iterable(self._leaf(quantity).populations for quantity, _ in terms)
        if not all(knows(self._sampler, population, seeds) for population in populations):
            raise CannotResume
        return Tracked(was.seeds)

    def _sample(self, terms: Terms) -> Sample:
        """The sample of an expression at its present seeds."""
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
        leaves = [self._leaf(quantity) for quantity, _ in terms]
        if any(seeds > leaf.seeds_observed() for leaf in leaves):
            self._new()
        sides = [leaf.first(seeds, self._offset) for leaf in leaves]
        return sample_of(leaves, sides, [coefficient for _, coefficient in terms], seeds, self._goal)

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
                ready, why = available(self._sampler, population, seeds)
                if len(ready) < most:
                    most, self._lack = len(ready), why
        return most

    def _most_new(self, terms: Terms) -> float:
        """How many seeds may be added to an expression at once."""
        return min([n for n in (self._step, *self._own(terms, "step")) if n is not None], default=math.inf)

    def _own(self, terms: Terms, name: str) -> Iterator[int | None]:
        """The values of an attribute of the expression's populations."""
        for quantity, _ in terms:
            for population in self._leaf(quantity).populations:
                n = None if is_experiment(population) else getattr(population, name, None)
                if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
                    raise ValueError(f"{name} of {label_of(population)} must be a whole number, at least 1; got {n!r}")
                yield n

    def _outlook(self, undecided: Undecided) -> Outlook:
        """The outlook of a claim whose open expressions have just been given more seeds."""
        next_test, verdict, likely = [], [], True
        for terms in self._open(undecided):
            tracked = self._tracked[terms]
            tested = tracked.cached[0] if tracked.cached is not None else tracked.seeds
            needed, most = undecided.growth * tested, self._most(terms)
            likely = likely and least_growth(undecided.growth) * tested <= most
            wanted = range(self._offset, self._offset + math.ceil(min(max(needed, tracked.seeds), most)))
            for population in chain.from_iterable(self._leaf(quantity).populations for quantity, _ in terms):
                next_test.append((population, wanted[: tracked.seeds]))
                verdict.append((population, wanted))
        return Outlook(self._sampler, next_test, each_once(verdict), likely)

    def _open(self, undecided: Undecided) -> list[Terms]:
        expressions = [q for q in undecided.quantities if isinstance(q, Expression)]
        return [expression.terms for expression in expressions if expression.terms in self._tracked]

    def _check_open(self) -> None:
        if self._closed:
            raise MeasurementError(self._closed)

    def _new(self) -> None:
        if self._frozen:
            raise NewMeasurement

    def _record(self, terms: Terms, tracked: Tracked) -> MeasuredQuantity:
        assert tracked.cached is not None
        seeds, sample = tracked.cached
        recorded = measured(terms, sample).replace(
            name=self.label(terms),
            thresholds=tuple(threshold for threshold, _ in tracked.thresholds),
            inclusive=tuple(inclusive for _, inclusive in tracked.thresholds),
            shares=tracked.shares,
        )
        if len(terms) == 1:
            return recorded
        parts = (((quantity, 1.0),) for quantity, _ in terms)
        return recorded.replace(
            terms=tuple(measured(part, self._make(part, seeds)) for part in parts),
            coefficients=tuple(coefficient for _, coefficient in terms),
        )


def _resolved(
    population: Population | Experiment, metrics: Sequence[str | Metric | None]
) -> tuple[Metric | Column | None, ...]:
    """The function behind each metric of a population; None for no condition."""
    return tuple(None if metric is None else resolve(population, metric) for metric in metrics)
