"""Observing a function's seeds: those in the ledger are read, all others run once, and each result is kept at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lrn.claims._contract import FROZEN, TIME_OVER, NoMoreSeeds
from lrn.claims._crew import Crew
from lrn.claims._editions import is_duration
from lrn.claims._function import FunctionPopulation
from lrn.claims._progress import Progress, Step
from lrn.claims._rows import Failure, Row, rows_of
from lrn.claims._work import Work
from lrn.claims._worker import Answer, limited, observe_timed
from lrn.ledger.locks import lock
from lrn.ledger.samples import Columns, Shelf

__all__ = ["Observer"]

CHEAP = 0.05
"""Seconds below which a seed runs in this process: sending it elsewhere would take as long."""


_SAME = 0.1
"""By how much the seconds of a seed may differ, relatively, without being noted again."""


@dataclass
class Observer:
    """Observes populations that are functions of a seed.

    Attributes:
        crew: who runs expensive seeds.
        shelves: the files of a population, those of earlier code last; none where nothing is kept on disk.
        spent: called with the time that seeds took: (label, seeds, seconds).
        frozen: whether nothing may run.
        deadline: of the clock `time.monotonic`, after which nothing starts any more; None for none.
        say: shows a message at once; None shows nothing.
        watch: called with the progress of a population's sampling; None for no calls.
    """

    crew: Crew
    shelves: Callable[[FunctionPopulation], list[Shelf]]
    spent: Callable[[str, int, float], None]
    frozen: bool = False
    deadline: float | None = None
    say: Callable[[str], None] | None = None
    watch: Callable[[Step], None] | None = None
    _unkept: dict[str, dict[int, Row | Failure]] = field(default_factory=dict)
    _gpu: dict[str, bool] = field(default_factory=dict)
    _seconds: dict[str, float] = field(default_factory=dict)
    _finished: dict[str, Row] = field(default_factory=dict)  # of one seed that did not fail, by label

    def columns(self, population: FunctionPopulation, seeds: range) -> Columns:
        """The results of the seeds, as columns (S,).

        Raises:
            MeasurementError: a seed failed where none may; all others that had begun are kept.
            NoMoreSeeds: the seeds may not run, or not any more.
            OSError: the ledger cannot be written to.
        """
        shelves = self.shelves(population)
        rows = self.known(population, seeds, shelves)
        if population.definition.failed == "error":
            self._refuse_failures(population, rows)
        missing = _without(rows, seeds)
        if missing:
            self._run(population, missing, shelves[0] if shelves else None)
            rows |= self.known(population, seeds, shelves)
            self._unkept.pop(population.label, None)
        return self._tabulated(population, rows, seeds)

    def known(self, population: FunctionPopulation, seeds: range, shelves: Sequence[Shelf]) -> dict[int, Row | Failure]:
        """The known results of these seeds; none is run."""
        rows: dict[int, Row | Failure] = {}
        for shelf in reversed(shelves):
            for part, columns in shelf.read(seeds):
                rows |= dict(zip(part, rows_of(columns, len(part)), strict=True))
            failures = shelf.failures() if population.definition.failed != "error" else {}
            for seed, why in failures.items():
                if seed in seeds:
                    rows[seed] = Failure(why)
        for seed, row in self._unkept.get(population.label, {}).items():
            if seed in seeds:
                rows[seed] = row
        return rows

    def again(self, population: FunctionPopulation, seeds: range) -> Columns:
        """The result of each seed now, whatever the ledger holds."""
        rows = {}
        with closing(self._answers(population, iter(seeds))) as answers:
            for answer in answers:
                self.spent(population.label, 1, answer.seconds)
                rows[answer.seed] = answer.row
        return self._tabulated(population, rows, seeds)

    def _tabulated(
        self, population: FunctionPopulation, rows: Mapping[int, Row | Failure], seeds: Sequence[int]
    ) -> Columns:
        """The results of the seeds as columns, in the order of the seeds; all may have failed if another has not."""
        in_order = [rows[seed] for seed in seeds]
        for row in in_order:
            if not isinstance(row, Failure):
                self._finished[population.label] = row
                break
        return population.tabulated(in_order, seeds, self._finished.get(population.label))

    def _run(self, population: FunctionPopulation, missing: list[int], shelf: Shelf | None) -> None:
        """Runs seeds: one first if it is not known how long one takes, and last what another process runs just now."""
        if self.frozen:
            raise NoMoreSeeds(f"{FROZEN}, and seed {missing[0]} of {population.label} is not known")
        unkept = self._unkept.setdefault(population.label, {})
        at_once = self._at_once(population)
        per_seed = self._seconds_of(population, shelf)
        progress = Progress(self.watch, population.short_label, missing[0], len(missing), at_once, per_seed)
        with Work(population, shelf, unkept, progress, self.deadline, self.say) as work:
            if per_seed is None:
                self._take(work, population, missing[:1], wait=True)
                if shelf is not None and population.label in self._seconds:
                    shelf.describe(seconds=self._seconds[population.label], parts=population.parts)
            if shelf is not None and (self._seconds_of(population, shelf) or 0.0) < CHEAP:
                with lock(shelf.folder, "population.lock"):
                    finished = self.known(population, range(missing[0], missing[-1] + 1), [shelf])
                    self._take(work, population, _without(finished, missing), wait=None)
                    work.flush()
            else:
                for wait in (False, True):
                    self._take(work, population, missing, wait)
            self._note_seconds(shelf, progress.per_seed)
        self._refuse_failures(population, unkept)
        if work.late:
            raise NoMoreSeeds(f"{TIME_OVER}, and seed {work.late[0]} of {population.label} is not known")

    def _note_seconds(self, shelf: Shelf | None, seconds: float | None) -> None:
        """Notes on disk how long a seed takes, where that has changed; the first one may have imported a library."""
        if shelf is None or seconds is None:
            return
        with lock(shelf.folder, "population.lock"):
            noted = shelf.described().get("seconds")
            if not is_duration(noted) or abs(seconds - noted) > _SAME * noted:
                shelf.describe(seconds=seconds)

    def _take(self, work: Work, population: FunctionPopulation, seeds: list[int], wait: bool | None) -> None:
        with closing(self._answers(population, work.claimed(seeds, wait))) as answers:
            for answer in answers:
                work.keep(answer, at_once=answer.seconds >= CHEAP)
                self.spent(population.label, 1, answer.seconds)

    def _refuse_failures(self, population: FunctionPopulation, rows: dict[int, Row | Failure]) -> None:
        """Raises MeasurementError for seeds that failed where none may."""
        failed = sorted(seed for seed, row in rows.items() if isinstance(row, Failure))
        if failed and population.definition.failed == "error":
            self._tabulated(population, rows, failed)

    def _seconds_of(self, population: FunctionPopulation, shelf: Shelf | None) -> float | None:
        """How long one seed takes; None where that is not known yet."""
        seconds = self._seconds.get(population.label)
        if seconds is None and shelf is not None:
            described = shelf.described().get("seconds")
            if is_duration(described):
                seconds = self._seconds[population.label] = float(described)
        return seconds

    def _runs_here(self, population: FunctionPopulation) -> bool:
        """Whether seeds run in this process: one at a time where they use a GPU, and those that take no time."""
        if population.definition.gpu or self._gpu.get(population.definition.name) or not self.crew.works:
            return True
        return self._seconds.get(population.label, 0.0) < CHEAP

    def _at_once(self, population: FunctionPopulation) -> int:
        alone = population.definition.gpu or not self.crew.works
        return 1 if alone else max(1, self.crew.most // population.definition.threads)

    def _answers(self, population: FunctionPopulation, seeds: Iterator[int]) -> Generator[Answer, None, None]:
        if not self._runs_here(population):
            yield from self.crew.each(population, seeds)
            return
        with limited(population.definition.threads):
            for seed in seeds:
                with self._gpu_lock(population):
                    answer = observe_timed(population, seed)
                if population.label not in self._seconds:
                    self._seconds[population.label] = answer.seconds
                    self._gpu[population.definition.name] = population.definition.gpu is not False and _used_gpu()
                yield answer

    def _gpu_lock(self, population: FunctionPopulation) -> AbstractContextManager[Any]:
        """Held while a seed uses the GPU, so that the processes of a session take turns."""
        uses = population.definition.gpu or self._gpu.get(population.definition.name)
        return lock(Path(self.crew.slots), "gpu.lock") if uses and self.crew.slots is not None else nullcontext()


def _without(rows: Mapping[int, Row | Failure], seeds: Iterable[int]) -> list[int]:
    """The seeds that have no result yet."""
    return [seed for seed in seeds if seed not in rows]


def _used_gpu() -> bool:
    """Whether this process has started to use a GPU, as far as torch and JAX show without being started."""
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        return True
    return jax is not None and jax.default_backend() not in ("cpu", "METAL")
