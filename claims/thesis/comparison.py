"""The alternatives side by side: how often each converges, and its cost.

`python -m claims.thesis.comparison reports/verdicts.json` prints the table in Markdown.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from claims.thesis.alternatives import CHANGES, DEPTHS, RATES, alternative, multiply_adds
from lrn.report import Quantities
from lrn.verdicts import MeasuredQuantity, SuiteVerdicts

__all__ = ["Row", "markdown", "rows"]


@dataclass(frozen=True)
class Row:
    """One alternative at one depth and learning rate.

    Attributes:
        name: which alternative, a key of `CHANGES`.
        depth: hidden layers.
        lr: learning rate.
        rate: how often it converges, at the most seeds that a claim measured.
        parameters: of one network.
        multiply_adds: of one epoch in the Linear layers.
    """

    name: str
    depth: int
    lr: float
    rate: MeasuredQuantity
    parameters: int
    multiply_adds: int


def rows(suite: SuiteVerdicts) -> Iterator[Row]:
    """A row for each alternative that the suite measured, by learning rate, depth, and falling rate."""
    quantities = Quantities(suite)
    for lr in RATES:
        for depth in DEPTHS:
            measured = []
            for name in CHANGES:
                e = alternative(name, depth, lr)
                rate = quantities.find("rate", "converged", e.label)
                if rate is not None:
                    measured.append(Row(name, depth, lr, rate, e.parameters, multiply_adds(e)))
            yield from sorted(measured, key=lambda row: -row.rate.point)


def markdown(suite: SuiteVerdicts) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| lr | depth | alternative | converges | interval | seeds | parameters | multiply-adds an epoch |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows(suite):
        rate = row.rate
        cells = [f"{row.lr}", f"{row.depth}", row.name, f"{rate.point:.3f}", f"{rate.low:.3f} to {rate.high:.3f}"]
        lines.append(f"| {' | '.join([*cells, f'{rate.seeds}', f'{row.parameters}', f'{row.multiply_adds:,}'])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown(SuiteVerdicts.read(sys.argv[1])))
