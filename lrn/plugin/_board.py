"""The progress of a running session: the claims that are done, the seeds in training, and the time that is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from types import SimpleNamespace
from typing import TYPE_CHECKING

from lrn.verdicts.text import duration, plain_text

if TYPE_CHECKING:
    from lrn.claims._progress import Step

__all__ = ["Board"]

_ENOUGH_CLAIMS, _ENOUGH_SECONDS = 5, 5.0
"""Claims done, and seconds passed, from which on they predict the time of the others where no earlier run does."""


@dataclass
class _Running:
    """A claim that is being tested."""

    test: str
    case: str
    since: float
    step: Step | SimpleNamespace | None = None

    @property
    def seconds_left(self) -> float:
        """Seconds until the seeds in training are done; 0 where that is not known."""
        return 0.0 if self.step is None else self.step.left or 0.0


class Board:
    """Keeps count of a session, and says in a line how far it is. It may be used from several threads.

    Args:
        recorded: seconds that each test took in an earlier run.
        seed_offset: the first seed of the session.
    """

    def __init__(self, recorded: Mapping[str, float], seed_offset: int = 0) -> None:
        self._recorded, self._offset = recorded, seed_offset
        self._lock = threading.RLock()
        self._expected: set[str] = set()
        self._seconds: dict[str, float] = {}  # of the claims that are done
        self._running: dict[str, _Running] = {}  # by worker
        self._workers: set[str] = set()
        self._began: float | None = None

    @property
    def total(self) -> int:
        """How many claims the session has."""
        return len(self._expected)

    def expect(self, tests: Iterable[str]) -> None:
        """Notes which claims are going to be tested."""
        with self._lock:
            self._expected.update(tests)

    def start(self, worker: str, test: str, case: str) -> None:
        """Notes that a worker begins with a claim."""
        with self._lock:
            now = time.monotonic()
            self._began = self._began or now
            self._workers.add(worker)
            if test not in self._seconds:  # what a worker tells may come late
                self._running[worker] = _Running(test, case, now)

    def step(self, worker: str, step: Step | SimpleNamespace) -> None:
        """Notes how far a worker is with a population."""
        with self._lock:
            if worker in self._running:
                self._running[worker].step = step

    def finish(self, test: str, seconds: float | None) -> None:
        """Notes how many seconds a claim took; None where its worker died, so that another one starts it again."""
        with self._lock:
            if seconds is not None and test in self._expected:
                self._seconds[test] = seconds
            for worker, running in list(self._running.items()):
                if running.test == test:
                    del self._running[worker]

    def line(self) -> str:
        """How far the session is; "" where there is nothing to say."""
        with self._lock:
            if not self._expected or self._began is None:
                return ""
            now = time.monotonic()
            running = sorted(self._running.values(), key=lambda run: run.since)
            text = f"{len(self._seconds)} of {self.total} claims, {self._time(now, running)}"
        return plain_text(f"{text}; {self._detail(running)}" if running else text)

    def _detail(self, running: list[_Running]) -> str:
        """The claim that has run longest, and its training."""
        first = next(filter(attrgetter("step"), running), running[0])
        more = f" and {len(running) - 1} more" if len(running) > 1 else ""
        if first.step is None:
            return f"{first.case}{more}"
        before = first.step.start - self._offset
        seeds = f"{before + first.step.done:,} of {before + first.step.total:,} seeds"
        left = f", these in about {_whole(first.seconds_left)}" if first.seconds_left else ""
        return f"{first.case}{more}: {seeds} of {first.step.label}{left}"

    def _time(self, now: float, running: list[_Running]) -> str:
        assert self._began is not None
        left = self._left(now, running)
        if left is not None:
            return f"about {_whole(max([left, *map(attrgetter('seconds_left'), running)]))} left"
        return f"{_whole(now - self._began)} so far"

    def _left(self, now: float, running: list[_Running]) -> float | None:
        """Seconds that are left: by an earlier run, else by the claims that are done; None while neither can tell."""
        assert self._began is not None
        waiting = self._expected - self._seconds.keys()
        done, elapsed = len(self._seconds), now - self._began
        if self._recorded and waiting <= self._recorded.keys():
            pace = self._pace()
            seconds = pace * sum(map(self._recorded.__getitem__, waiting))
            for run in running:
                seconds -= min(now - run.since, pace * self._recorded.get(run.test, 0.0))
            return max(seconds / max(len(self._workers), 1), 0.0)
        if done < _ENOUGH_CLAIMS or elapsed < _ENOUGH_SECONDS:
            return None
        return elapsed / done * len(waiting)

    def _pace(self) -> float:
        """The time of the claims that are done, relative to their time in the earlier run."""
        now = before = 1.0  # a second on either side: a handful of quick claims says little
        for test in self._seconds.keys() & self._recorded.keys():
            now += self._seconds[test]
            before += self._recorded[test]
        return now / before


def _whole(seconds: float) -> str:
    """Seconds without tenths, which would only flicker."""
    return f"{seconds:.0f} s" if seconds < 10 else duration(seconds)
