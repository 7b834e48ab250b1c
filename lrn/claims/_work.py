"""The seeds of a population that one process runs: claimed so that nobody else does, and kept when they are done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Self

from lrn.claims._function import FunctionPopulation
from lrn.claims._progress import Progress
from lrn.claims._rows import Failure, Row, columns_of
from lrn.claims._worker import Answer
from lrn.ledger.samples import Shelf

__all__ = ["Work"]

_FLUSH = 1.0  # seconds of cheap seeds that a crash may cost


class Work:
    """Seeds of one population that are to be run now; use it in a `with` statement, which keeps all that was finished.

    Args:
        population: of which.
        shelf: where results are kept; None for in memory only.
        rows: gets every result.
        progress: counts finished seeds.
        deadline: of the clock `time.monotonic`, after which no seed should end; None for none.
        say: shows a message at once; None shows nothing.

    Attributes:
        late: seeds that were not handed out, as time was over.
    """

    def __init__(
        self,
        population: FunctionPopulation,
        shelf: Shelf | None,
        rows: dict[int, Row | Failure],
        progress: Progress,
        deadline: float | None,
        say: Callable[[str], None] | None,
    ) -> None:
        self._population, self._shelf, self._rows, self._deadline, self._say = population, shelf, rows, deadline, say
        self._progress = progress
        self._locks: dict[int, Any] = {}
        self._waiting: dict[int, Row] = {}  # finished, and not on disk yet
        self._flushed = time.monotonic()
        self._stopped = False
        self._in_training: set[int] = set()
        self._time_is_over = False
        self.late: list[int] = []

    def __enter__(self) -> Self:
        if self._shelf is not None:
            self._shelf.get_ready()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if not isinstance(error, OSError):
                self.flush()
        finally:
            for held in self._locks.values():
                held.release()
        if isinstance(error, KeyboardInterrupt) and self._say is not None:
            where = "lost, as there is no ledger" if self._shelf is None else "kept"
            self._say(f"interrupted; the finished seeds of {self._population.label} are {where}")

    def claimed(self, seeds: Iterable[int], wait: bool | None) -> Iterator[int]:
        """The seeds that are still to run, each locked until it is kept.

        Args:
            seeds: the candidates.
            wait: whether to wait for seeds that another process runs just now; else they are left out. None where this
                process holds a lock of the whole population.
        """
        for seed in seeds:
            if seed in self._rows or self._stopped:
                continue
            if self._ends_late():
                self.late.append(seed)
                continue
            if self._shelf is None or wait is None or self._lock(seed, wait):
                self._in_training.add(seed)
                yield seed

    def keep(self, answer: Answer, at_once: bool) -> None:
        """Keeps a result: on disk now, or within a second."""
        seed, row = answer.seed, answer.row
        self._rows[seed] = row
        self._progress.add(answer.seconds)
        self._in_training.discard(seed)
        if isinstance(row, Failure):
            self._stopped = self._population.definition.failed == "error"
            if self._shelf is not None and not self._stopped:
                self._shelf.fail(seed, row.why)
        elif self._shelf is not None:
            self._waiting[seed] = row
            if at_once or time.monotonic() - self._flushed > _FLUSH:
                self.flush()
        if seed in self._locks and seed not in self._waiting:
            self._locks.pop(seed).release()

    def _ends_late(self) -> bool:
        """Whether one more seed would likely end after the deadline, behind those that are in training."""
        if self._deadline is not None and not self._time_is_over:
            seconds = self._progress.seconds_for(len(self._in_training) + 1) or 0.0
            self._time_is_over = time.monotonic() + seconds >= self._deadline
        return self._time_is_over

    def _lock(self, seed: int, wait: bool) -> bool:
        """Whether the seed is this process's to run."""
        assert self._shelf is not None
        if isinstance(self._shelf.folder, Path):
            from filelock import FileLock, Timeout

            self._shelf.folder.mkdir(parents=True, exist_ok=True)
            # Seeds are handed out by a thread of their own.
            held = FileLock(self._shelf.folder / f"{seed}.lock", thread_local=False)
            try:
                held.acquire(timeout=-1 if wait else 0)
            except Timeout:
                return False
            self._locks[seed] = held
        if self._shelf.missing(range(seed, seed + 1)) and seed not in self._shelf.failures():
            return True
        if seed in self._locks:  # another process has just finished it
            self._locks.pop(seed).release()
        return False

    def flush(self) -> None:
        """Writes the finished seeds, one file for neighbours. Raises OSError, which says how many are kept."""
        if self._shelf is None or not self._waiting:
            return
        for part in _runs(sorted(self._waiting)):
            columns = columns_of([self._waiting[seed] for seed in part], self._population.label, part)
            try:
                self._shelf.keep(part, columns)
            except OSError as error:
                on_disk = self._shelf.seeds_on_disk()
                why = f"{error.strerror or error}; {on_disk} seeds of {self._population.label} are kept"
                raise OSError(error.errno, why, error.filename) from error
            for seed in part:
                del self._waiting[seed]
                if seed in self._locks:
                    self._locks.pop(seed).release()
        self._flushed = time.monotonic()


def _runs(seeds: list[int]) -> Iterator[range]:
    """Neighbouring seeds as ranges."""
    start = 0
    for k in range(1, len(seeds) + 1):
        if k == len(seeds) or seeds[k] != seeds[k - 1] + 1:
            yield range(seeds[start], seeds[k - 1] + 1)
            start = k
