"""Shorter labels for people: the settings of a function's population that are its defaults go without saying."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from lrn.verdicts import MeasuredQuantity, Verdict

__all__ = ["ShortLabels"]


@dataclass(frozen=True)
class ShortLabels:
    """Replaces labels in texts that a person reads; the record keeps them whole.

    Attributes:
        by_label: the shorter text of each label that has one.
    """

    by_label: dict[str, str]

    @classmethod
    def of(cls, populations: Iterable[Any]) -> Self:
        """Returns the shorter labels of populations, where they differ among these.

        Args:
            populations: all that a text may name.
        """
        labels: dict[str, str] = {}
        for population in populations:
            labels[population.label] = getattr(population, "short_label", population.label)
        uses = Counter(labels.values())
        return cls({label: short for label, short in labels.items() if uses[short] == 1})

    def text(self, text: str) -> str:
        """Returns a text with shorter labels."""
        if not self.by_label:
            return text
        longest_first = sorted(self.by_label, key=len, reverse=True)
        pattern = rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})"
        return re.sub(pattern, lambda match: self.by_label[match[1]], text)

    def verdict(self, verdict: Verdict) -> Verdict:
        """Returns a verdict with shorter labels in its reason, its quantities' names and its notes."""
        return dataclasses.replace(
            verdict,
            reason=self.text(verdict.reason),
            estimates=tuple(map(self._quantity, verdict.estimates)),
            notes=tuple(map(self.text, verdict.notes)),
        )

    def _quantity(self, quantity: MeasuredQuantity) -> MeasuredQuantity:
        return quantity.replace(name=self.text(quantity.name))
