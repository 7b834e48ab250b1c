"""What `lrn run` prints: the thesis's table, CSV and JSON, each with intervals."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.intervals import mean_interval, rate_interval

if TYPE_CHECKING:
    from lrn.cli._fleet import Cell
    from lrn.experiment import Experiment

__all__ = ["Measured", "Row", "Table", "as_csv", "as_json", "as_text", "measure"]

PER_ROW = 4
HEAD = ("depth", "connection", "converged", "dead neurons", "dead layers")


@dataclass(frozen=True)
class Measured:
    """A point and its interval; without observations there is no point (None)."""

    point: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """The results of one cell.

    Attributes:
        experiment: how its networks were trained.
        networks: how many they are.
        converged: how many of them converged.
        median_epochs: median epochs that those took; None if there are none.
        rate: of convergence.
        dead_neurons: mean over those that converged.
        dead_layers: likewise.
        dead_neurons_of_all: mean over all.
    """

    experiment: Experiment
    networks: int
    converged: int
    median_epochs: float | None
    rate: Measured
    dead_neurons: Measured
    dead_layers: Measured
    dead_neurons_of_all: Measured


@dataclass(frozen=True)
class Table:
    """The rows of a grid; with probability 1 - alpha all their intervals hold at once."""

    seeds: range
    alpha: float
    rows: tuple[Row, ...]

    @property
    def intervals(self) -> int:
        """How many intervals share alpha, each an equal part."""
        return PER_ROW * len(self.rows)


def measure(cells: Sequence[Cell], seeds: range, alpha: float) -> Table:
    """Exact intervals for each cell: Clopper-Pearson for the rate, `lrn.intervals.mean_interval` for the means."""
    level = alpha / (PER_ROW * len(cells))
    return Table(seeds, alpha, tuple(map(_row, cells, repeat(level))))


def as_text(table: Table) -> str:
    """Tables for people, one for each optimizer, learning rate, width and training style."""
    blocks = []
    for heading, rows in groupby(table.rows, _heading):
        blocks.append(_block(heading, list(rows)))
    first, last = table.seeds[0], table.seeds[-1]
    certain = f"{100 * (1 - table.alpha):.10g} %"
    foot = (
        f"Seeds {first} to {last}: {len(table.seeds):,} networks per row. Dead neurons and layers: mean of\n"
        f"the networks that converged (RMSE at most 0.07), as in the thesis.\n"
        f"With probability at least {certain} all intervals hold at once."
    )
    return "\n\n".join([*blocks, foot])


def as_csv(table: Table) -> str:
    """Returns a line per row: the experiment's fields, then the results."""
    records = list(map(_record, table.rows))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def as_json(table: Table) -> str:
    """The same rows as JSON, with the seeds and the guarantee."""
    about = {"first_seed": table.seeds[0], "alpha": table.alpha, "intervals": table.intervals}
    return json.dumps(about | {"cells": list(map(_record, table.rows))}, indent=1) + "\n"


def _row(cell: Cell, level: float) -> Row:
    hits, n, e = int(cell.converged.sum()), len(cell.converged), cell.experiment
    at = cell.converged_at[cell.converged]
    return Row(
        experiment=e,
        networks=n,
        converged=hits,
        median_epochs=float(np.median(at)) if hits else None,
        rate=Measured(hits / n, *rate_interval(hits, n, level)),
        dead_neurons=_mean(cell.dead_neurons[cell.converged], e.neurons, level),
        dead_layers=_mean(cell.dead_layers[cell.converged], e.depth, level),
        dead_neurons_of_all=_mean(cell.dead_neurons, e.neurons, level),
    )


def _mean(values: NDArray[Any], most: int, level: float) -> Measured:
    return Measured(float(values.mean()) if len(values) else None, *mean_interval(values, 0, most, level))


def _record(row: Row) -> dict[str, Any]:
    record: dict[str, Any] = dataclasses.asdict(row.experiment)
    record |= {"networks": row.networks, "converged": row.converged, "median_epochs_of_converged": row.median_epochs}
    for name, measured in (
        ("rate", row.rate),
        ("dead_neurons_of_converged", row.dead_neurons),
        ("dead_layers_of_converged", row.dead_layers),
        ("dead_neurons_of_all", row.dead_neurons_of_all),
    ):
        record |= {name: measured.point, f"{name}_low": measured.low, f"{name}_high": measured.high}
    return record


def _heading(row: Row) -> str:
    return row.experiment.replace(depth=1, connection="late").label.removeprefix("late, depth 1, ")


def _block(heading: str, rows: Sequence[Row]) -> str:
    lines = [HEAD, *map(_line, rows), *_totals(rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = []
    for line in lines:
        shown.append("  ".join(map(str.ljust, line, widths)).rstrip())
    return "\n".join([heading, "-" * len(heading), *shown])


def _line(row: Row) -> tuple[str, ...]:
    e = row.experiment
    return str(e.depth), e.connection, _percent(row.rate), _count(row.dead_neurons), _count(row.dead_layers)


def _totals(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """The thesis's bottom rows: how many converge over all depths. Where intervals hold, so does their mean."""
    depths = set(map(attrgetter("experiment.depth"), rows))
    if len(depths) < 2:
        return []
    rates_of = defaultdict(list)
    for row in rows:
        rates_of[row.experiment.connection].append(dataclasses.astuple(row.rate))
    totals: list[tuple[str, ...]] = []
    for connection, rates in rates_of.items():
        point, low, high = map(float, map(np.mean, zip(*rates, strict=True)))
        totals.append(("all", connection, _percent(Measured(point, low, high)), "", ""))
    return totals


def _percent(rate: Measured) -> str:
    assert rate.point is not None
    return f"{100 * rate.point:.1f} % [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"


def _count(mean: Measured) -> str:
    return "none converged" if mean.point is None else f"{mean.point:.2f} [{mean.low:.2f}, {mean.high:.2f}]"
