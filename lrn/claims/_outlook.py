"""The outlook of an undecided claim: the seeds of its next test, and about how long training takes to a verdict.

Claims are ordered by the seeds that a verdict takes if the estimate is true. The estimates of a few seeds are rough,
and those of a claim that is never given more stay so. So whether a verdict is likely at all is told as if the truth lay
one standard error further from the threshold than the estimate does: a claim with bad luck in its first seeds comes
late, but it does come.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from lrn.claims._populations import Population, Sampler, knows, label_of

if TYPE_CHECKING:
    from lrn.experiment import Experiment

__all__ = ["Outlook", "PutOff", "Seeds", "each_once", "least_growth"]

_STANDARD_ERRORS = 4.0
"""Standard errors in half an interval at a suite's level, about."""

Seeds: TypeAlias = "Sequence[tuple[Population | Experiment, range]]"
"""Populations, each with its seeds."""


class PutOff(BaseException):
    """A claim must wait, as another one is to train first."""


@dataclass(frozen=True)
class Outlook:
    """The seeds that an undecided claim lacks.

    Attributes:
        sampler: draws the populations' seeds.
        next_test: the seeds that its next test uses.
        verdict: about the seeds that a verdict takes, or all that are allowed; each population once.
        is_likely: whether the seeds allowed are likely to bring a verdict.
    """

    sampler: Sampler
    next_test: Seeds
    verdict: Seeds
    is_likely: bool

    @property
    def is_free(self) -> bool:
        """Whether the seeds of the next test are all known, so that nothing is trained for it."""
        return all(knows(self.sampler, population, seeds) for population, seeds in self.next_test)

    def cost(self, factor: float = 1.0) -> tuple[bool, float]:
        """Returns the cost of a verdict from now on, to compare claims by; seeds that others have trained are free.

        Args:
            factor: multiplies the seconds.

        Returns:
            Whether none is likely, and about how many seconds of training it takes, or all that is allowed.
        """
        seconds = sum(self.sampler.seconds(population, seeds) for population, seeds in self.verdict)  # type: ignore[union-attr]
        return not self.is_likely, factor * seconds


def each_once(needs: Seeds) -> Seeds:
    """Returns each population once, with the most seeds that it has; expressions of one claim may share populations.

    Args:
        needs: populations, each with seeds that begin alike.
    """
    most: dict[str, tuple[Population | Experiment, range]] = {}
    for population, seeds in needs:
        label = label_of(population)
        if label not in most or len(most[label][1]) < len(seeds):
            most[label] = population, seeds
    return list(most.values())


def least_growth(growth: float) -> float:
    """Returns by about which factor the seeds must grow, at best: as if the truth lay one standard error further off.

    Args:
        growth: the factor by the estimate as it is.
    """
    return max(1.0 / (1.0 / math.sqrt(growth) + 1.0 / _STANDARD_ERRORS) ** 2, 1.0)
