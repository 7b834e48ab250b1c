"""How far an expression has come: its seeds, its sample, and the share of the error budget that it takes."""

from __future__ import annotations

from dataclasses import dataclass, field

from lrn.claims._samples import Sample
from lrn.intervals import Evidence

__all__ = ["CannotResume", "NewMeasurement", "Tracked"]


class NewMeasurement(BaseException):
    """Something was measured that had not been measured before, while that was not allowed."""


class CannotResume(BaseException):
    """An earlier run did not measure this, or its seeds would have to be sampled again."""


@dataclass
class Tracked:
    """How far one expression has come.

    Attributes:
        seeds: how many seeds it uses.
        thresholds: the numbers it was compared with, each with whether equality counts (at least, rather than more).
        computed: whether its interval entered a computation.
        cached: its sample, with the number of seeds.
        compared: the evidence about each threshold, by the number of seeds and the threshold.
    """

    seeds: int
    thresholds: dict[tuple[float, bool], None] = field(default_factory=dict)
    computed: bool = False
    cached: tuple[int, Sample] | None = None
    compared: dict[tuple[int, float], Evidence] = field(default_factory=dict)

    @property
    def shares(self) -> int:
        """Its shares of the error budget: one for each end, of each interval, that a decision rests on."""
        pieces = 1 if self.cached is None else self.cached[1].pieces
        return pieces * (2 if self.computed else min(len(self.thresholds), 2))
