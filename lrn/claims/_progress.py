"""How far a long sampling is, and how long it will take."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

__all__ = ["Progress", "Step"]

_RECENT = 32
"""Seeds whose time tells how long the next one takes; an import in the first one should not count for ever."""


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
        per_seed: seconds that a seed took earlier; None where that is not known.
    """

    def __init__(
        self,
        watch: Callable[[Step], None] | None,
        label: str,
        start: int,
        total: int,
        at_once: int,
        per_seed: float | None = None,
    ) -> None:
        self._watch, self._label, self._start, self._total, self._at_once = watch, label, start, total, at_once
        self._per_seed = per_seed
        self._done = 0
        self._times: deque[float] = deque(maxlen=_RECENT)
        self._tell()

    @property
    def per_seed(self) -> float | None:
        """Seconds that a seed takes: the median of the last ones, else as it was earlier; None if that is not known."""
        return median(self._times) if self._times else self._per_seed

    def add(self, seconds: float) -> None:
        """Counts one more finished seed.

        Args:
            seconds: how long it took.
        """
        self._done += 1
        self._times.append(seconds)
        self._tell()

    def seconds_for(self, seeds: int) -> float | None:
        """Returns about how many seconds some seeds take, as many at once as may be; None if that is not known."""
        per_seed = self.per_seed
        return None if per_seed is None else -(-seeds // self._at_once) * per_seed

    def _tell(self) -> None:
        if self._watch is not None:
            left = self.seconds_for(self._total - self._done)
            self._watch(Step(self._label, self._start, self._done, self._total, left))
