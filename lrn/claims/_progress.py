"""Lines that say how far a long sampling is, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Progress", "duration"]

EVERY = 10.0
"""Seconds between two lines; what takes less says nothing."""


class Progress:
    """Says how far one population is.

    Args:
        say: shows a line; None shows nothing.
        label: the population's.
        total: seeds to run.
        at_once: how many run at once.
    """

    def __init__(self, say: Callable[[str], None] | None, label: str, total: int, at_once: int) -> None:
        self._say, self._label, self._total, self._at_once = say, label, total, at_once
        self._done, self._seconds, self._started = 0, 0.0, time.monotonic()
        self._next = self._started + EVERY

    def add(self, seconds: float) -> None:
        """One seed more is done, which took so many seconds."""
        self._done += 1
        self._seconds += seconds
        now = time.monotonic()
        if self._say is None or now < self._next:
            return
        self._next = now + EVERY
        each = self._seconds / self._done
        left = -(-(self._total - self._done) // self._at_once) * each
        self._say(
            f"{self._label}: {self._done} of {self._total} seeds, {duration(each)} each, about {duration(left)} left"
        )


def duration(seconds: float) -> str:
    """Seconds as people say them: "0.3 s", "12 s", "3 min", "2.5 h"."""
    if seconds < 100:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
