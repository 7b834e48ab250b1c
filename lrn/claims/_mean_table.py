"""Tables of means for a paper, from the seeds that there are: mean ± sd with an interval, in Markdown or LaTeX."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.claims._measure import Measure
from lrn.claims._populations import Draw, Population, RecentSamples, available, columns, counts_of, label_of, name_of
from lrn.claims._reading import assumed
from lrn.intervals import Estimate

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.experiment.metrics import Metric

__all__ = ["table"]

_MOST = 1 << 16


@dataclass(frozen=True)
class _Cell:
    """One mean: of how many seeds, with which spread, and its interval."""

    mean: float
    sd: float
    low: float
    high: float
    n: int
    is_rate: bool


def table(
    populations: Mapping[str, Population | Experiment] | Sequence[Population | Experiment],
    metrics: Sequence[str | Metric],
    *,
    seeds: int | None = None,
    style: str = "markdown",
    assume: str = "normal",
    sd: float | None = None,
    alpha: float = 0.05,
    ledger: str | os.PathLike[str] | None = ".ledger",
    train: bool = False,
) -> str:
    """Returns a table of mean ± standard deviation, with an interval for each mean, one row per population.

    The intervals are those of `Measure.mean(assume=...)`, or of a rate where a metric is true or false. Each one alone
    holds its mean with probability 1 - alpha, at any number of seeds; they take no part in a suite's error budget, and
    the table's last line names their assumption.

    Args:
        populations: one per row; a mapping gives the rows names of their own.
        metrics: one per column.
        seeds: how many seeds, the first ones; by default all that can be had without training.
        style: "markdown" or "latex" (a tabular for the package booktabs).
        assume: "normal", "symmetric" or "subgaussian", of values that are numbers.
        sd: the scale of subgaussian values.
        alpha: the error probability of each interval.
        ledger: the folder that claims keep their seeds in; None for none.
        train: whether seeds that are not there are trained; `seeds` must then say how many.

    Raises:
        TypeError: a population or metric is not one.
        ValueError: an argument is out of range, or there are no seeds.
        NoMoreSeeds: fewer than `seeds` seeds exist, and none may be trained.

    Example:
        >>> from lrn.claims import recorded, table
        >>> runs = recorded({"seed": [0, 1, 2, 3], "lr": [0.1] * 4, "accuracy": [0.91, 0.93, 0.92, 0.92]}, by=["lr"])
        >>> print(table({"lr 0.1": runs(lr=0.1)}, ["accuracy"]).splitlines()[2])
        | lr 0.1 | 0.92 ± 0.0082 [0.882, 0.958] | 4 |
    """
    writers: dict[str, Callable[..., str]] = {"markdown": _markdown, "latex": _latex}
    if style not in writers:
        raise ValueError(f"style must be one of {', '.join(writers)}; got {style!r}")
    assumed(assume, sd, None)
    rows = _rows(populations)
    if not rows or not metrics or isinstance(metrics, str):
        raise ValueError(f"a table needs a list of populations and a list of metrics; got {rows!r} and {metrics!r}")
    if train and seeds is None:
        raise ValueError("seeds must say how many are trained; got None with train=True")
    sampler = RecentSamples(Draw(None if ledger is None else Path(ledger), frozen=not train))
    cells = {}
    for name, population in rows.items():
        n = _seeds_of(sampler, population, seeds)
        measure = Measure(sampler, alpha=alpha / 2, quantities=1, first_seeds=n)
        cells[name] = [_cell(sampler, measure, population, metric, n, assume, sd) for metric in metrics]
    assumption = assume if sd is None else f"{assume} with sd {sd:g}"
    note = f"mean ± standard deviation of seeds [interval with {100 * (1 - alpha):.10g} % at any number of seeds"
    numbers = not all(map(attrgetter("is_rate"), itertools.chain.from_iterable(cells.values())))
    note += f", if {assumption}]" if numbers else "]"
    return writers[style](list(map(name_of, metrics)), cells, note)


def _rows(
    populations: Mapping[str, Population | Experiment] | Sequence[Population | Experiment],
) -> dict[str, Population | Experiment]:
    """The population of each row, by the row's name."""
    if isinstance(populations, Mapping):
        return dict(populations)
    return {label_of(population): population for population in populations}


def _seeds_of(sampler: RecentSamples, population: Population | Experiment, seeds: int | None) -> int:
    """The number of seeds in the argument, else the number that exist."""
    if seeds is not None and (isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1):
        raise ValueError(f"seeds must be a whole number, at least 1; got {seeds!r}")
    if seeds is not None:
        return seeds
    ready, why = available(sampler, population, range(_MOST))
    if not len(ready) or len(ready) == _MOST:
        reason = why or "it can have any number of seeds"
        raise ValueError(f"seeds must say how many seeds of {label_of(population)} the table is about; {reason}")
    return len(ready)


def _cell(
    sampler: RecentSamples,
    measure: Measure,
    population: Population | Experiment,
    metric: str | Metric,
    n: int,
    assume: str,
    sd: float | None,
) -> _Cell:
    """A mean with its spread and interval."""
    condition = counts_of(population)
    observed = columns(sampler, population, [metric, *([condition] if condition else [])], range(n))
    values: NDArray[Any] = observed[0][observed[1]] if condition else observed[0]
    is_rate = bool(values.dtype == np.bool_)
    estimate: Estimate
    estimate = measure.rate(population, metric) if is_rate else measure.mean(population, metric, assume=assume, sd=sd)
    spread = float(values.std(ddof=1)) if len(values) > 1 and not is_rate else math.nan
    return _Cell(float(estimate.point), spread, float(estimate.low), float(estimate.high), len(values), is_rate)


def _text(cell: _Cell, plus_minus: str = "±") -> str:
    """A cell such as "0.931 ± 0.004 [0.92, 0.94]"; rates have no spread of their own."""
    spread = "" if math.isnan(cell.sd) else f" {plus_minus} {cell.sd:.2g}"
    return f"{cell.mean:.4g}{spread} [{cell.low:.3g}, {cell.high:.3g}]"


def _markdown(metrics: Sequence[str], cells: Mapping[str, Sequence[_Cell]], note: str) -> str:
    names = " | ".join(map(_without_bars, metrics))
    lines = [f"| | {names} | seeds |", f"|---|{'---:|' * len(metrics)}---:|"]
    for name, row in cells.items():
        texts = " | ".join(map(_text, row))
        lines.append(f"| {_without_bars(name)} | {texts} | {_counts(row)} |")
    return "\n".join([*lines, "", note[0].upper() + note[1:] + "."])


def _without_bars(text: str) -> str:
    """The text as a cell of a Markdown table, in which a bar would end it."""
    return text.replace("|", "\\|")


def _latex(metrics: Sequence[str], cells: Mapping[str, Sequence[_Cell]], note: str) -> str:
    lines = [f"\\begin{{tabular}}{{l{'r' * (len(metrics) + 1)}}}", "\\toprule"]
    lines += [" & ".join(["", *map(_escaped, metrics), "seeds"]) + " \\\\", "\\midrule"]
    for name, row in cells.items():
        lines.append(" & ".join([_escaped(name), *map(_latex_text, row), _counts(row)]) + " \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}", f"% {note}"])


def _latex_text(cell: _Cell) -> str:
    return f"${_text(cell, '@')}$".replace("@", "\\pm").replace("inf", "\\infty")


def _counts(row: Sequence[_Cell]) -> str:
    """The seeds of a row, which may be fewer for some metrics."""
    numbers = sorted(map(attrgetter("n"), row))
    return "–".join(map(str, dict.fromkeys([numbers[0], numbers[-1]])))


def _escaped(text: str) -> str:
    """The text as LaTeX shows it."""
    for character in "&%$#_{}":
        text = text.replace(character, "\\" + character)
    return text
