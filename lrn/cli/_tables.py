"""What `lrn run` prints: the thesis's table, CSV and JSON, each with intervals."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.intervals import mean_interval, rate_interval

if TYPE_CHECKING:
    from lrn.cli._fleet import Cell
    from lrn.experiment import Experiment

__all__ = ["Intervals", "as_csv", "as_json", "as_text"]

PER_CELL = 4
HEAD = ("depth", "connection", "converged", "dead neurons", "dead layers")


@dataclass(frozen=True)
class Measured:
    """A point and its interval; the point is None without any observation."""

    point: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """Intervals that hold all at once with probability 1 - alpha, as each gets an equal share of alpha.

    Attributes:
        alpha: the share of tables with any interval that misses.
        cells: how many cells share it.
    """

    alpha: float
    cells: int

    @property
    def count(self) -> int:
        """How many intervals there are."""
        return PER_CELL * self.cells

    def rate(self, hits: int, n: int) -> Measured:
        """By Clopper and Pearson."""
        return Measured(hits / n, *rate_interval(hits, n, self.alpha / self.count))

    def mean(self, values: NDArray[Any], most: int) -> Measured:
        """Of values from 0 to `most`, by betting (`lrn.intervals.mean_interval`)."""
        point = float(values.mean()) if len(values) else None
        return Measured(point, *mean_interval(values, 0, most, self.alpha / self.count))

    def of(self, cell: Cell) -> dict[str, Measured]:
        """Everything that is measured of a cell."""
        depth, neurons = cell.experiment.depth, cell.experiment.neurons
        return {
            "converged_rate": self.rate(int(cell.converged.sum()), len(cell.converged)),
            "dead_neurons_of_converged": self.mean(cell.dead_neurons[cell.converged], neurons),
            "dead_layers_of_converged": self.mean(cell.dead_layers[cell.converged], depth),
            "dead_neurons_of_all": self.mean(cell.dead_neurons, neurons),
        }


def as_text(cells: Sequence[Cell], intervals: Intervals, seeds: range) -> str:
    """Tables for people, one for each optimizer, learning rate, width and training style."""
    blocks = [_table(heading, list(group), intervals) for heading, group in groupby(cells, _heading)]
    certain = f"{100 * (1 - intervals.alpha):.10g} %"
    last = seeds[-1]
    foot = (
        f"Seeds {seeds[0]} to {last}, {len(seeds):,} networks a cell. Dead neurons and layers: means over the networks\n"
        f"that converged (RMSE at most 0.07), as in the thesis. With probability {certain} all intervals hold at once."
    )
    return "\n\n".join([*blocks, foot])


def as_csv(cells: Sequence[Cell], intervals: Intervals) -> str:
    """A row for each cell: the experiment's fields, then what was measured."""
    rows = [_record(cell, intervals) for cell in cells]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_json(cells: Sequence[Cell], intervals: Intervals, seeds: range) -> str:
    """The same rows as JSON, with the seeds and the guarantee."""
    about = {"seeds": [seeds.start, seeds.stop], "alpha": intervals.alpha, "intervals": intervals.count}
    return json.dumps(about | {"cells": [_record(cell, intervals) for cell in cells]}, indent=1) + "\n"


def _record(cell: Cell, intervals: Intervals) -> dict[str, Any]:
    found: dict[str, Any] = dataclasses.asdict(cell.experiment)
    found |= {"seeds": len(cell.converged), "converged": int(cell.converged.sum())}
    for name, measured in intervals.of(cell).items():
        found |= {name: measured.point, f"{name}_low": measured.low, f"{name}_high": measured.high}
    at = cell.converged_at[cell.converged]
    found["median_epochs_of_converged"] = float(np.median(at)) if len(at) else None
    return found


def _heading(cell: Cell) -> str:
    e: Experiment = cell.experiment
    return e.replace(depth=1, connection="late").label.removeprefix("late, depth 1, ")


def _table(heading: str, cells: Sequence[Cell], intervals: Intervals) -> str:
    rows = [HEAD, *(_row(cell, intervals) for cell in cells), *_totals(cells, intervals)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = ["  ".join(text.ljust(n) for text, n in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([heading, "-" * len(heading), *lines])


def _row(cell: Cell, intervals: Intervals) -> tuple[str, ...]:
    rate, neurons, layers, _ = intervals.of(cell).values()
    e = cell.experiment
    return str(e.depth), e.connection, _shown(rate, 100, 1, " %"), _shown(neurons), _shown(layers)


def _totals(cells: Sequence[Cell], intervals: Intervals) -> list[tuple[str, ...]]:
    """The thesis's bottom rows: how many converge over all depths. The mean of intervals holds where they all do."""
    found = []
    for connection in dict.fromkeys(cell.experiment.connection for cell in cells):
        rates = [intervals.of(cell)["converged_rate"] for cell in cells if cell.experiment.connection == connection]
        ends = np.mean([(rate.point, rate.low, rate.high) for rate in rates], axis=0)
        found.append(("all", connection, _shown(Measured(*map(float, ends)), 100, 1, " %"), "", ""))
    return found if len({cell.experiment.depth for cell in cells}) > 1 else []


def _shown(measured: Measured, scale: float = 1, digits: int = 2, unit: str = "") -> str:
    if measured.point is None:
        return "none converged"
    point, low, high = (f"{scale * value:.{digits}f}" for value in (measured.point, measured.low, measured.high))
    return f"{point}{unit} [{low}, {high}]"
