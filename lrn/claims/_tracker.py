"""Expressions and their seeds: each grows while it keeps a claim open, and takes its share of the error budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from lrn.claims._advice import cost_of_bounds
from lrn.claims._allowance import Allowance
from lrn.claims._expressions import sample_of
from lrn.claims._leaves import Leaf
from lrn.claims._outlook import Outlook, each_once, least_growth
from lrn.claims._populations import MeasurementError, NoMoreSeeds, Population, Sampler, knows
from lrn.claims._records import key_of_terms, measured, name_of_terms
from lrn.claims._samples import Mean, Sample, outward
from lrn.claims._tracked import CannotResume, NewMeasurement, Tracked
from lrn.intervals import QUANTITIES, Evidence, Expression, Terms, Undecided, goal_of
from lrn.verdicts import MeasuredQuantity, Quantity

if TYPE_CHECKING:
    from lrn.experiment import Experiment

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

_PATIENCE = 20  # looks


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
        self._allowance = Allowance(sampler, first_seeds, max_seeds, step, seed_offset)
        self.max_seeds = max_seeds
        self.on_growth: Callable[[Outlook], None] | None = None
        self._sampler = sampler
        self._goal = goal_of(alpha, quantities)
        self._offset = seed_offset
        self._leaves: dict[Quantity, Leaf] = {}
        self._tracked: dict[Terms, Tracked] = {}
        self._names: dict[Terms, str] = {}
        self._earlier: dict[str, MeasuredQuantity] | None = None
        self._closed = ""
        self._frozen = False
        self._asked: set[Terms] = set()  # since seeds were last added
        self._widened: frozenset[Terms] = frozenset()
        self._unused = 0  # consecutive looks that asked for none of the expressions that had been given more seeds

    @property
    def wanders(self) -> bool:
        """Whether a claim measured something else at each of its last looks, so that more seeds cannot decide it."""
        return self._unused > _PATIENCE

    @property
    def quantities(self) -> tuple[MeasuredQuantity, ...]:
        """Everything that was compared or computed with so far, in order of first use, with its intervals."""
        records = []
        for terms, tracked in self._tracked.items():
            if tracked.shares and tracked.cached is not None:
                records.append(self._record(terms, tracked))
        return tuple(records)

    @property
    def populations(self) -> tuple[Population | Experiment, ...]:
        """Everything that was sampled so far."""
        return tuple(chain.from_iterable(leaf.populations for leaf in self._leaves.values()))

    @property
    def notes(self) -> tuple[str, ...]:
        """Oddities of the populations that were measured, not errors: one sentence each."""
        labels: set[str] = set()
        of_values: list[str] = []
        for quantity, leaf in self._leaves.items():
            labels.update(quantity.populations)
            of_values += leaf.notes
        of_source = []
        for note in getattr(self._sampler, "source_notes", ()):
            if any(label in note for label in labels):
                of_source.append(note)
        return tuple(dict.fromkeys([*of_source, *of_values]))

    def seeds_needed(self, undecided: Undecided) -> float:
        """Returns about how many seeds of each open expression would settle it; `inf` if none can be said to."""
        tracked = self._open(undecided).values()
        if not tracked or not undecided.growth < math.inf:
            return math.inf
        return undecided.growth * max(map(attrgetter("seeds"), tracked))

    def advice(self, undecided: Undecided) -> tuple[str, ...]:
        """Returns other ways to decide the open comparisons sooner, one sentence each."""
        sentences = []
        for terms, tracked in self._open(undecided).items():
            if tracked.cached is not None and isinstance(tracked.cached[1], Mean):
                sentences.append(cost_of_bounds(self.label(terms), tracked.cached[1]))
        return tuple(filter(None, sentences))

    def widen(self, undecided: Undecided) -> bool:
        """Gives more seeds to the expressions that keep a decision open; False if there is no point in asking again.

        There is none once all of them have the most seeds allowed, or when all have at least `FUTILE_SEEDS` and several
        times the seeds allowed would still not settle it.
        """
        self._unused = self._unused + 1 if self._widened and self._widened.isdisjoint(self._asked) else 0
        self._widened = frozenset(self._open(undecided))
        self._asked.clear()
        can_grow, is_futile = False, self.seeds_needed(undecided) > _FUTILE_FACTOR * self.max_seeds
        for terms, tracked in self._open(undecided).items():
            can_grow |= tracked.seeds < self._most(terms)
            is_futile &= tracked.seeds >= FUTILE_SEEDS
        if not can_grow or is_futile:
            return False
        share = min(max((undecided.growth - 1) / 2, SMALLEST_STEP), LARGEST_STEP)
        for terms, tracked in self._open(undecided).items():
            more = min(math.ceil(share * tracked.seeds), self._allowance.most_new(self._populations(terms)))
            tracked.seeds = max(tracked.seeds, min(tracked.seeds + int(max(1.0, more)), self._most(terms)))
        if self.on_growth is not None:
            self.on_growth(self._outlook(undecided))
        return True

    @property
    def lack(self) -> str:
        """Why seeds were missing, one sentence; empty where none were."""
        return self._allowance.lack

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
        keys = frozenset[str](chain.from_iterable(map(attrgetter("digests"), self._leaves)))
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
        self._earlier = None
        self._allowance.lack = ""

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
        ends = self._sample(terms).ends
        return ends if all(float(coefficient).is_integer() for _, coefficient in terms) else outward(ends)

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

    def _track(self, terms: Terms) -> Tracked:
        self._asked.add(terms)
        if terms not in self._tracked:
            self._new()
            first = self._allowance.first(self._populations(terms)) if self._earlier is None else self._resumed(terms)
            self._tracked[terms] = Tracked(first)
        return self._tracked[terms]

    def _resumed(self, terms: Terms) -> int:
        """The number of seeds that an earlier run left an expression with."""
        assert self._earlier is not None
        was = self._earlier.get(key_of_terms(terms))
        if was is None or was.seeds > self.max_seeds:
            raise CannotResume
        seeds = self._allowance.seeds(was.seeds)
        for population in self._populations(terms):
            if not knows(self._sampler, population, seeds):
                raise CannotResume
        return was.seeds

    def _sample(self, terms: Terms) -> Sample:
        """The sample of an expression at its present seeds."""
        tracked = self._track(terms)
        if tracked.cached is None or tracked.cached[0] != tracked.seeds:
            try:
                sample = self._make(terms, tracked.seeds)
            except NoMoreSeeds as error:  # time was over on the way
                self._allowance.lack = str(error)
                tracked.seeds = min(tracked.seeds, self._most(terms))
                sample = self._make(terms, tracked.seeds)
            tracked.cached = tracked.seeds, sample
        return tracked.cached[1]

    def _make(self, terms: Terms, seeds: int) -> Sample:
        leaves, coefficients = [], []
        for quantity, coefficient in terms:
            leaves.append(self._leaf(quantity))
            coefficients.append(coefficient)
        if seeds > min(map(Leaf.seeds_observed, leaves)):
            self._new()
        sides = [leaf.first(seeds, self._offset) for leaf in leaves]
        return sample_of(leaves, sides, coefficients, seeds, self._goal)

    def _leaf(self, quantity: Any) -> Leaf:
        return self._leaves[quantity]

    def _populations(self, terms: Terms) -> Iterator[Population | Experiment]:
        """The populations of an expression's terms, one after another."""
        for quantity, _ in terms:
            yield from self._leaf(quantity).populations

    def _most(self, terms: Terms) -> int:
        """The most seeds that an expression can have: those allowed, and available."""
        return self._allowance.most(self._populations(terms))

    def _outlook(self, undecided: Undecided) -> Outlook:
        """The outlook of a claim whose open expressions have just been given more seeds."""
        next_test, verdict, likely = [], [], True
        for terms, tracked in self._open(undecided).items():
            tested = tracked.cached[0] if tracked.cached is not None else tracked.seeds
            needed, most = undecided.growth * tested, self._most(terms)
            likely = likely and least_growth(undecided.growth) * tested <= most
            until_verdict = self._allowance.seeds(math.ceil(min(max(needed, tracked.seeds), most)))
            for population in self._populations(terms):
                next_test.append((population, until_verdict[: tracked.seeds]))
                verdict.append((population, until_verdict))
        return Outlook(self._sampler, next_test, each_once(verdict), likely)

    def _open(self, undecided: Undecided) -> dict[Terms, Tracked]:
        """The expressions that keep a decision open, and how far each has come."""
        tracked = {}
        for quantity in undecided.quantities:
            if isinstance(quantity, Expression) and quantity.terms in self._tracked:
                tracked[quantity.terms] = self._tracked[quantity.terms]
        return tracked

    def _check_open(self) -> None:
        if self._closed:
            raise MeasurementError(self._closed)

    def _new(self) -> None:
        if self._frozen:
            raise NewMeasurement

    def _record(self, terms: Terms, tracked: Tracked) -> MeasuredQuantity:
        assert tracked.cached is not None
        seeds, sample = tracked.cached
        thresholds, inclusive = zip(*tracked.thresholds, strict=True) if tracked.thresholds else ((), ())
        recorded = measured(terms, sample).replace(
            name=self.label(terms), thresholds=thresholds, inclusive=inclusive, shares=tracked.shares
        )
        if len(terms) == 1:
            return recorded
        quantities, coefficients = zip(*terms, strict=True)
        singles = []
        for quantity in quantities:
            single = ((quantity, 1.0),)
            singles.append(measured(single, self._make(single, seeds)))
        return recorded.replace(terms=tuple(singles), coefficients=coefficients)
