"""What a suite measured, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lrn.verdicts import MeasuredQuantity, SuiteVerdicts

__all__ = ["Quantities"]


class Quantities(Mapping[str, MeasuredQuantity]):
    """The measured quantities of a suite by name, each at the look with the most seeds.

    All looks of all claims hold at once, so any of them may be shown; the one with the most seeds is the narrowest.

    Args:
        suite: the verdicts.
    """

    def __init__(self, suite: SuiteVerdicts) -> None:
        self._by_name: dict[str, MeasuredQuantity] = {}
        for verdict in suite.claims:
            for quantity in verdict.estimates:
                known = self._by_name.get(quantity.name)
                if known is None or quantity.seeds > known.seeds:
                    self._by_name[quantity.name] = quantity

    def __getitem__(self, name: str) -> MeasuredQuantity:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)
