"""The sampler of a session: where observations come from."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrn.claims._contract import FROZEN, TIME_OVER, NoMoreSeeds, Population, PopulationError, is_experiment, label_of
from lrn.claims._function import FunctionPopulation
from lrn.claims._progress import Step
from lrn.claims._state import State, settings_of
from lrn.verdicts.text import check_text, plain_text

if TYPE_CHECKING:
    from lrn.claims._crew import Crew
    from lrn.claims._editions import Editions
    from lrn.claims._observe import Observer
    from lrn.experiment import Experiment
    from lrn.ledger import Ledger
    from lrn.ledger.samples import Samples, Shelf

__all__ = ["Cost", "Draw"]

_OPTIONS = re.compile(r"(seeds_per_block|counts|first_seeds|most|step|varies|version)($|[.\[])")
"""Attributes of a population that say how to sample it, and do not change the observations."""


@dataclass
class Cost:
    """What sampling a population has cost so far.

    Attributes:
        seeds: how many were sampled, not read.
        seconds: how long that took.
    """

    seeds: int = 0
    seconds: float = 0.0

    @property
    def per_seed(self) -> float:
        """Seconds per seed; 0 where nothing was sampled."""
        return self.seconds / self.seeds if self.seeds else 0.0

    def add(self, seeds: int, seconds: float) -> None:
        """Adds what some seeds took."""
        self.seeds += seeds
        self.seconds += seconds


@dataclass(frozen=True)
class Draw:
    """The sampler of a session: an Experiment and a population with a version through the ledger, any other directly.

    Attributes:
        ledger: folder of the ledger; None remembers nothing.
        engine: what trains, as in `lrn.train`.
        device: where, as in `lrn.train`.
        threads: processor threads; None for as many as this process may use.
        scheduler: of a Dask cluster that trains experiments, and the seeds of expensive functions.
        workers: how many seeds of an expensive function run at once on this machine; None for as many as it has cores.
        slots: folder of locks that several pytest processes share, so that together they run `workers` seeds.
        processes: how many pytest processes share them.
        stale: how to treat seeds that earlier code has trained: "retrain", "use" or "fail".
        frozen: whether nothing may be trained.
        deadline: of the clock `time.monotonic`, after which nothing is trained; None for none.
        waits: whether networks that train in less than a second together are written by `write` only.
        say: shows a message at once; None shows nothing.
        watch: called with the progress of a population's sampling; None for no calls.
    """

    ledger: Path | None
    engine: str = "auto"
    device: str = "cpu"
    threads: int | None = None
    scheduler: str | None = None
    workers: int | None = None
    slots: str | None = None
    processes: int = 1
    stale: str = "retrain"
    frozen: bool = False
    deadline: float | None = None
    waits: bool = False
    say: Callable[[str], None] | None = field(default=None, compare=False)
    watch: Callable[[Step], None] | None = field(default=None, compare=False)
    _settings: dict[str, State] = field(default_factory=dict, init=False, repr=False, compare=False)
    _sound: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    _costs: dict[str, Cost] = field(default_factory=dict, init=False, repr=False, compare=False)
    _late: set[str] = field(default_factory=set, init=False, repr=False, compare=False)  # not trained any more

    def __call__(self, population: Population | Experiment, seeds: range, trace: bool) -> Any:
        """The observations of each seed.

        Raises:
            NoMoreSeeds: some cannot be had (see `available`).
            PopulationError: the population was found to break its contract when it was last sampled.
        """
        self._refuse_condemned(population)
        if isinstance(population, FunctionPopulation):
            try:
                return self._observer.columns(population, seeds)
            except NoMoreSeeds:
                self._late.add(population.label)
                raise
        self._foresee(population, seeds)
        if self.frozen or self.deadline is not None or getattr(population, "most", None) is not None:
            ready, why = self.available(population, seeds)
            if len(ready) < len(seeds):
                raise NoMoreSeeds(why)
        if self.watch is not None:
            self.watch(Step(population.label, seeds.start, 0, len(seeds)))
        if is_experiment(population):
            return self._trained.runs(population, seeds, trace)
        return self._sampled(population, seeds)

    def available(self, population: Population | Experiment, seeds: range) -> tuple[range, str]:
        """The first of these seeds that are available now, and the reason why others are not; "" where all are."""
        most = getattr(population, "most", None)
        if most is not None and seeds.stop > most:
            part, why = self.available_trained(population, range(seeds.start, max(most, seeds.start)))
            return part, why or f"there are only {most} seeds of {population.label}"
        return self.available_trained(population, seeds)

    def available_trained(self, population: Population | Experiment, seeds: range) -> tuple[range, str]:
        """`available`, whatever `most` says."""
        late = population.label in self._late or (self.deadline is not None and time.monotonic() >= self.deadline)
        if not (self.frozen or late) or not seeds:
            return seeds, ""
        ready = self.known(population, seeds)
        label = population.label
        known = f"only {ready} seeds of {label} are known" if ready else f"no seed of {label} is known"
        shown = f"{FROZEN if self.frozen else TIME_OVER}, and {known}"
        return seeds[:ready], "" if ready == len(seeds) else shown

    def known(self, population: Any, seeds: range) -> int:
        """How many of these seeds are known from the first on."""
        if getattr(population, "recorded", False):
            return len(seeds)
        if is_experiment(population):
            runs = self._trained.remembered(population, seeds)
            return 0 if runs is None else len(runs)
        if isinstance(population, FunctionPopulation):
            rows = self._observer.known(population, seeds, self._editions.shelves(population))
            return len(list(takewhile(rows.__contains__, seeds)))
        version = _version_of(population)
        if version is None or self.ledger is None:
            return 0
        return self._samples.known(population.label, version, seeds)

    def again(self, population: Any, seeds: range) -> Any:
        """The observations of each seed now, whatever the ledger holds."""
        if isinstance(population, FunctionPopulation):
            return self._observer.again(population, seeds)
        if is_experiment(population):
            return self._anew.runs(population, seeds)
        start = time.perf_counter()
        sample = population.sample(seeds)
        self.cost(population.label).add(len(seeds), time.perf_counter() - start)
        return sample

    def condemn(self, population: Any, metric: str, why: str) -> None:
        """Notes on disk that a population breaks its contract, so that no later run uses its seeds on disk."""
        from lrn.ledger.locks import lock

        for shelf in self._shelves(population)[:1]:
            with lock(shelf.folder, "population.lock"):
                shelf.describe(broken={"metric": metric, "why": why})

    def seconds_per_seed(self, population: Any) -> float:
        """How long a seed takes, as noted on disk when some were trained last, else by this run; 0 where none tells."""
        shelves = self._editions.shelves(population) if isinstance(population, FunctionPopulation) else []
        for shelf in shelves:
            seconds = shelf.described().get("seconds")
            if isinstance(seconds, (int, float)):
                return float(seconds)
        return self.cost(label_of(population)).per_seed

    def cost(self, label: str) -> Cost:
        """What sampling a population has cost so far."""
        return self._costs.setdefault(label, Cost())

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence about each population that uses seeds of earlier code."""
        return tuple(self._editions.notes.values()) if "_editions" in vars(self) else ()

    def write(self) -> None:
        """Writes trained networks that are in memory only."""
        if "_trained" in vars(self):
            self._trained.write()

    def tidy(self) -> None:
        """Joins files of the ledger, before anybody notes which there are."""
        if "_trained" in vars(self):
            self._trained.tidy()

    def close(self) -> None:
        """Lets go of the cluster, if there is one."""
        if "_trained" in vars(self):
            self._trained.close()
        if "_crew" in vars(self):
            self._crew.close()

    def _foresee(self, population: Any, seeds: range) -> None:
        """Notes a population that is sampled many seeds at once, if these would likely end after the deadline."""
        per_seed = self.cost(population.label).per_seed
        if self.deadline is None or not per_seed:
            return
        missing = len(seeds) - self.known(population, seeds)
        if time.monotonic() + missing * per_seed >= self.deadline:
            self._late.add(population.label)

    def _sampled(self, population: Any, seeds: range) -> Any:
        """The observations of a population written as a class, through the ledger if it has a version."""
        version = _version_of(population)
        if version is None or self.ledger is None or getattr(population, "recorded", False):
            return self.again(population, seeds)

        label: str = population.label

        def draw(part: range) -> Any:
            sample = self.again(population, part)
            for name in sample if isinstance(sample, Mapping) else ():
                check_text(f"the name of a metric of {label}", str(name))
            return sample

        # As they were at first: sampling may count, or remember.
        if label not in self._settings:
            self._settings[label] = _without_options(settings_of(population))
        block = getattr(population, "seeds_per_block", None)
        return self._samples.sample(label, version, draw, seeds, block=block, settings=self._settings[label])

    def _shelves(self, population: Any) -> list[Shelf]:
        """The files of a population; none of one that is not kept on disk."""
        if isinstance(population, FunctionPopulation):
            return self._editions.shelves(population)
        version = _version_of(population)
        if self.ledger is None or version is None or is_experiment(population):
            return []
        from lrn.ledger.samples import Shelf

        return [Shelf(self.ledger, population.label, version)]

    def _refuse_condemned(self, population: Any) -> None:
        """Raises PopulationError for a population that an earlier run found broken, unless its metric now varies."""
        if is_experiment(population) or population.label in self._sound:
            return
        varies = getattr(population, "varies", ())
        for shelf in self._shelves(population):
            broken = shelf.described().get("broken")
            if isinstance(broken, dict) and varies is not True and str(broken.get("metric")) not in varies:
                hint = "Found in an earlier run; what was kept is not used until the version changes."
                raise PopulationError(f"{plain_text(str(broken.get('why')))} ({hint})")
        self._sound.add(population.label)

    @cached_property
    def _samples(self) -> Samples:
        from lrn.ledger.samples import Samples

        assert self.ledger is not None
        return Samples(self.ledger)

    @cached_property
    def _editions(self) -> Editions:
        from lrn.claims._editions import Editions

        return Editions(self.ledger, self.stale, self.say)

    @cached_property
    def _crew(self) -> Crew:
        from lrn.claims._crew import Crew

        return Crew(self.workers, self.scheduler, self.slots, self.processes)

    @cached_property
    def _observer(self) -> Observer:
        from lrn.claims._observe import Observer

        def spent(label: str, seeds: int, seconds: float) -> None:
            self.cost(label).add(seeds, seconds)

        return Observer(self._crew, self._editions.shelves, spent, self.frozen, self.deadline, self.say, self.watch)

    @cached_property
    def _anew(self) -> Ledger:
        from lrn.ledger import Ledger

        return Ledger(None, engine=self.engine, device=self.device, threads=self.threads)

    @cached_property
    def _trained(self) -> Ledger:
        from lrn.ledger import Ledger

        return Ledger(
            self.ledger,
            engine=self.engine,
            device=self.device,
            threads=self.threads,
            scheduler=self.scheduler,
            waits=self.waits,
        )


def _version_of(population: Any) -> Any:
    """A population's version; None if it has none. The ledger refuses a version that is not text."""
    version = getattr(population, "version", None)
    return check_text(f"the version of {population.label}", version) if isinstance(version, str) else version


def _without_options(settings: State) -> State:
    return {name: text for name, text in settings.items() if not _OPTIONS.match(name)}
