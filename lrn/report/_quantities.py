"""A suite's measured quantities of single populations, to look up by statistic, metric and population."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from operator import attrgetter

from lrn.verdicts import MeasuredQuantity, SuiteVerdicts, Verdict

__all__ = ["Quantities", "count_of_quantities", "estimates_of"]

_Key = tuple[str, str, str | None, tuple[str, ...], float | None]


def estimates_of(verdicts: Iterable[Verdict]) -> Iterator[MeasuredQuantity]:
    """The measured quantities of all verdicts; several may have measured the same."""
    return chain.from_iterable(map(attrgetter("estimates"), verdicts))


def count_of_quantities(verdicts: Iterable[Verdict]) -> int:
    """How many different quantities were measured."""
    return len(set(map(attrgetter("key"), estimates_of(verdicts))))


class Quantities:
    """The measured quantities of a suite, each as the claim with the most seeds measured it.

    A term of a comparison is one of them: `late > plain` measured the rates of both. All intervals of all claims hold
    at once, so any of them may be shown; the one with the most seeds is the narrowest.

    Args:
        suite: the verdicts.
    """

    def __init__(self, suite: SuiteVerdicts) -> None:
        self._by_key: dict[_Key, MeasuredQuantity] = {}
        for measured in estimates_of(suite.claims):
            for leaf in measured.leaves:
                self._add(leaf)

    def _add(self, leaf: MeasuredQuantity) -> None:
        if leaf.quantity is None:
            return
        quantity = leaf.quantity
        key = quantity.statistic, quantity.metric, quantity.given, quantity.populations, quantity.q
        known = self._by_key.get(key)
        if known is None or leaf.seeds > known.seeds:
            self._by_key[key] = leaf

    def find(
        self, statistic: str, metric: str, *populations: str, given: str | None = None, q: float | None = None
    ) -> MeasuredQuantity | None:
        """Returns the measured quantity; None if the suite did not measure it.

        Args:
            statistic: as in `lrn.verdicts.Quantity`; "median" for a quantile with q = 0.5.
            metric: name of the metric.
            populations: their labels.
            given: name of the condition.
            q: which quantile.
        """
        if statistic == "median":
            statistic, q = "quantile", 0.5
        return self._by_key.get((statistic, metric, given, populations, q))

    def __iter__(self) -> Iterator[MeasuredQuantity]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)
