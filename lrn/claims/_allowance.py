"""The seeds that an expression may use: those that the suite and its populations allow, as far as there are any."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lrn.claims._populations import Population, Sampler, available, is_experiment, label_of

if TYPE_CHECKING:
    from lrn.experiment import Experiment

__all__ = ["Allowance"]

_FORM = "first_seeds and max_seeds must be whole numbers, 1 <= first_seeds <= max_seeds"


class Allowance:
    """How many seeds an expression starts with, may have, and may get at once.

    Args:
        sampler: draws a population's seeds.
        first_seeds: seeds that an expression starts with.
        max_seeds: most seeds of one expression.
        step: most seeds that are added at once; None for no limit.
        offset: the first seed.

    Attributes:
        lack: why seeds were missing, one sentence; empty where none were.

    Raises:
        ValueError: a number is out of range.
    """

    def __init__(self, sampler: Sampler, first_seeds: int, max_seeds: int, step: int | None, offset: int) -> None:
        for n in (first_seeds, max_seeds, 1 if step is None else step):
            if not _is_count(n):
                raise ValueError(f"{_FORM}; got {n!r}")
        if isinstance(offset, bool) or not isinstance(offset, int) or not 0 <= offset <= 2**63:
            raise ValueError(f"seed_offset must be a whole number from 0 to 2**63; got {offset!r}")
        self.max_seeds = max_seeds
        self.lack = ""
        self._sampler = sampler
        self._first_seeds = min(first_seeds, max_seeds)
        self._step = step
        self._offset = offset

    def seeds(self, n: int) -> range:
        """Returns the first n seeds."""
        return range(self._offset, self._offset + n)

    def first(self, populations: Iterable[Population | Experiment]) -> int:
        """Returns how many seeds an expression of these populations starts with."""
        measured = list(populations)
        return min(min(_own(measured, "first_seeds"), default=self._first_seeds), self.most(measured))

    def most(self, populations: Iterable[Population | Experiment]) -> int:
        """Returns the most seeds that an expression can have: those allowed, and available."""
        most = self.max_seeds
        for population in populations:
            ready, why = available(self._sampler, population, self.seeds(self.max_seeds))
            if len(ready) < most:
                most, self.lack = len(ready), why
        return most

    def most_new(self, populations: Iterable[Population | Experiment]) -> float:
        """Returns how many seeds may be added to an expression at once; `inf` for any number."""
        limits = list(_own(populations, "step"))
        if self._step is not None:
            limits.append(self._step)
        return min(limits, default=math.inf)


def _own(populations: Iterable[Population | Experiment], name: str) -> Iterator[int]:
    """The values of an attribute of those populations that have it."""
    for population in populations:
        n = None if is_experiment(population) else getattr(population, name, None)
        if n is None:
            continue
        if not _is_count(n):
            raise ValueError(f"{name} of {label_of(population)} must be a whole number, at least 1; got {n!r}")
        yield n


def _is_count(n: object) -> bool:
    return isinstance(n, int) and not isinstance(n, bool) and n >= 1
