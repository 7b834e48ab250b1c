"""How far a long sampling is, and how long it will take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Progress", "Step"]


@dataclass(frozen=True)
class Step:
    """How far the sampling of one population is.

    Attributes:
        label: the population's.
        start: the first of the seeds that are sampled now.
        done: how many of them are done.
        total: how many they are.
        left: seconds until all are done; None where no estimate exists yet.
    """

    label: str
    start: int
    done: int
    total: int
    left: float | None = None


class Progress:
    """Counts the seeds of one population that are done, and tells a watcher.

    Args:
        watch: called after every seed; None for no calls.
        label: the population's.
        start: the first seed.
        total: seeds to run.
        at_once: how many run at once.
    """

    def __init__(self, watch: Callable[[Step], None] | None, label: str, start: int, total: int, at_once: int) -> None:
        self._watch, self._label, self._start, self._total, self._at_once = watch, label, start, total, at_once
        self._done, self._seconds = 0, 0.0
        self._tell(None)

    def add(self, seconds: float) -> None:
        """Counts one more finished seed.

        Args:
            seconds: how long it took.
        """
        self._done += 1
        self._seconds += seconds
        rounds = -(-(self._total - self._done) // self._at_once)
        self._tell(rounds * self._seconds / self._done)

    def _tell(self, left: float | None) -> None:
        if self._watch is not None:
            self._watch(Step(self._label, self._start, self._done, self._total, left))
