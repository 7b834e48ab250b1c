"""The parts of a simulated suite: synthetic populations, and claims whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.efficiency.populations import uniform
from lrn.claims import Decision, Estimate, Measure

__all__ = ["Group", "Kind", "Metric", "Quantity", "Setting", "Stated", "Synthetic"]

LITTLE = 0.02
"""How far from the truth the margins beside it lie, as a part of the quantity's range."""

Metric = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Synthetic:
    """Functions of two uniform numbers per seed; populations of one stream share them, as networks share weights.

    Attributes:
        label: its name.
        stream: which numbers it observes.
        metrics: for each metric the function of the numbers (S,), (S,) that it is.
    """

    label: str
    stream: int
    metrics: Mapping[str, Metric]

    def sample(self, seeds: range) -> dict[str, NDArray[np.generic]]:
        """The observations of each seed, in arrays (S,)."""
        u, v = uniform(seeds, 2 * self.stream), uniform(seeds, 2 * self.stream + 1)
        return {name: metric(u, v) for name, metric in self.metrics.items()}


@dataclass(frozen=True, eq=False)
class Stated:
    """A claim of known truth.

    Attributes:
        decide: the decision that it asserts.
        truth: whether that is so.
    """

    decide: Callable[[Measure], Decision]
    truth: bool


Group = tuple[Stated, ...]
"""Claims about the same quantities, tested on the same seeds."""

Quantity = Callable[[Measure], Estimate]


@dataclass(frozen=True)
class Kind:
    """Quantities that are measured in one way.

    Attributes:
        name: which way.
        quantities: each quantity, with its true value and the width of its range.
        shares: shares of the budget that the claims about one of them take.
        exact: the rates behind them, where they are independent rates; else ().
    """

    name: str
    quantities: tuple[tuple[Quantity, float, float], ...]
    shares: int = 2
    exact: tuple[float, ...] = ()

    @property
    def all_shares(self) -> int:
        """The shares of the budget that the claims about all quantities take."""
        return self.shares * len(self.quantities)

    def groups(self) -> tuple[Group, ...]:
        """Four claims about each quantity."""
        return tuple(_stated(quantity, truth, LITTLE * span) for quantity, truth, span in self.quantities)


@dataclass(frozen=True)
class Setting:
    """Suites to simulate.

    Attributes:
        name: of the whole group.
        groups: the claims of one suite.
        shares: by how many shares the budget is divided: as many as the claims take.
        suites: how many suites, on other seeds each.
        step: most seeds added at once; None for lrn's own growth.
        first_seeds: seeds at first.
        max_seeds: most seeds.
        alpha: error budget of a suite.
        exact: as for a `Kind`.
        first_suite: number of the first suite, so that settings share no seeds.
    """

    name: str
    groups: tuple[Group, ...]
    shares: int
    suites: int
    step: int | None = None
    first_seeds: int = 8
    max_seeds: int = 128
    alpha: float = 0.2
    exact: tuple[float, ...] = ()
    first_suite: int = 0


def _stated(quantity: Quantity, truth: float, little: float) -> Group:
    """Both directions at the true value, and beside it."""
    return (
        Stated(lambda measure: quantity(measure) > truth, False),
        Stated(lambda measure: quantity(measure) < truth, False),
        Stated(lambda measure: quantity(measure) > truth + little, False),
        Stated(lambda measure: quantity(measure) >= truth - little, True),
    )
