"""Figures 4.3 to 4.18: ten runs per cell as published, beside the measured rates of convergence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np

from claims.bars import draw_intervals
from claims.thesis.grid import CONNECTIONS, DEPTHS, STYLES, case_name, experiment_of, published
from claims.thesis.report.context import Context
from lrn.intervals import Estimate, binomial_compatibility, rate_interval
from lrn.report import Section, interval_text, number_text, percent_text
from lrn.report.figures import LATE, PAPER, PLAIN, drawing, inline, standalone
from lrn.verdicts import MeasuredQuantity, SuiteVerdicts

__all__ = ["Cell", "convergence", "published_counts"]

HOLM = 0.05 / 168
PUBLISHED_LEVEL = 0.05
"""An interval of a published share misses at most this often."""
LEVELS = ((0.5, 0), (0.05, 1), (HOLM, 2))
"""From which p-value on a cell has which shade; below the last it is in conflict."""
CONFLICT = 3


@dataclass(frozen=True)
class Cell:
    """A published count beside the measured rate.

    Attributes:
        k: converged runs, as published.
        n: runs, as published.
        rate: the measured rate of convergence.
        p: how compatible they are: the p-value of the count at the measured rate.
        dead: the rows (what, published, measured) about dead neurons and layers of converged networks.
    """

    k: int
    n: int
    rate: MeasuredQuantity
    p: float
    dead: tuple[tuple[str, str, str], ...]

    @property
    def shade(self) -> int:
        """0 for the best agreement, CONFLICT for a conflict."""
        for least, shade in LEVELS:
            if self.p >= least:
                return shade
        return CONFLICT

    @property
    def published_share(self) -> float:
        """The published share of runs that converged."""
        return self.k / self.n

    @property
    def published_ends(self) -> tuple[float, float]:
        """The exact interval of the published share: the rates at which its runs may well come out so."""
        return rate_interval(self.k, self.n, PUBLISHED_LEVEL)

    @property
    def published_text(self) -> str:
        """The published count, its share, and its p-value at the measured rate."""
        return f"{self.k} of {self.n} ({percent_text(self.published_share)}), p\u00a0=\u00a0{self.p_text}"

    @property
    def text(self) -> str:
        """The measured rate and its interval."""
        return interval_text(self.rate)

    @property
    def p_text(self) -> str:
        """The p-value."""
        return f"{self.p:.2f}" if self.p >= 0.005 else number_text(self.p)


def convergence(context: Context) -> Section | None:
    """The six tables of convergence, each with its picture."""
    figures, files, notes = [], {}, []
    shades: Counter[int] = Counter()
    for figure, group in groupby(sorted(published(), key=_figure_number), key=itemgetter("figure")):
        rows = list(group)
        cells = _cells(context, rows)
        if not cells:
            continue
        shades.update(map(attrgetter("shade"), cells.values()))
        title = f"{rows[0]['optimizer']}, learning rate {rows[0]['learning_rate']}"
        panels = []
        for style in STYLES:
            label = f"Figure {figure}, {title}, {style} training: share of networks that converge, by depth"
            drawn = _panel(cells, style)
            panels.append(inline(drawn, label))
            files[f"figure-{figure}-{style}.svg"] = standalone(drawn, label)
        figures.append((figure, title, panels, cells))
        notes.append(_markdown(figure, title, cells))
    if not figures:
        return None
    total, conflicts = shades.total(), shades[CONFLICT]
    html = context.render(
        "convergence.html.j2",
        figures=figures,
        depths=DEPTHS,
        cells=total,
        conflicts=conflicts,
        holm=HOLM,
        certain=context.certain,
        level=100 * (1 - PUBLISHED_LEVEL),
    )
    lead = f"{total - conflicts} of {total} published counts are compatible with the measured rate."
    return Section("Convergence: Figures 4.3 to 4.18", html, "\n\n".join([lead, *notes]), files)


def _figure_number(row: Mapping[str, str]) -> float:
    return float(row["figure"].split(".")[1])


def _key(row: Mapping[str, str]) -> tuple[int, str, str]:
    return int(row["depth"]), row["connection"], row["training_style"]


def _cells(context: Context, rows: Sequence[Mapping[str, str]]) -> dict[tuple[int, str, str], Cell]:
    """The cells of these rows that were measured, by their keys."""
    cells = {}
    for row in rows:
        cell = _cell(context, row)
        if cell is not None:
            cells[_key(row)] = cell
    return cells


def _cell(context: Context, row: Mapping[str, str]) -> Cell | None:
    experiment = experiment_of(dict(row))
    rate = context.rate(experiment)
    if rate is None:
        return None
    k, n = int(row["converged"]), int(row["runs"])
    dead = []
    runs = context.runs(experiment)
    for metric, what in (("dead_neurons", "neurons"), ("dead_layers", "layers")):
        mean = context.mean(experiment, metric, "converged")
        if mean is not None:
            text = interval_text(mean)
        elif runs is not None and runs.converged.any():
            text = f"{number_text(float(getattr(runs, metric)[runs.converged].mean()))} of {runs.converged.sum():,}"
        else:
            text = "–"
        dead.append((what, row[f"mean_{metric}"] or "–", text))
    return Cell(k, n, rate, _compatibility(k, n, rate), tuple(dead))


def _compatibility(k: int, n: int, rate: MeasuredQuantity) -> float:
    measured = Estimate.measured(rate.key, rate.point, rate.low, rate.high, rate.n)
    return binomial_compatibility(k, n, measured).point


def published_counts(suite: SuiteVerdicts) -> dict[str, str]:
    """The published count beside each case of the claim that compares it with a rate, by the case's test."""
    rows = {case_name(row): row for row in published()}
    counts = {}
    for verdict in suite.claims:
        row = rows.get(verdict.test.partition("[")[2].removesuffix("]")) if verdict.id == "C0" else None
        if row is not None and verdict.estimates:
            k, n, rate = int(row["converged"]), int(row["runs"]), verdict.estimates[0]
            counts[verdict.test] = Cell(k, n, rate, _compatibility(k, n, rate), ()).published_text
    return counts


def _panel(cells: Mapping[tuple[int, str, str], Cell], style: str) -> Any:
    """Measured rates and published shares over depth, each with its interval."""
    with drawing(4.6, 2.5) as (figure, axes):
        for connection, colour, side, marker in (("plain", PLAIN, 1, "s"), ("late", LATE, -1, "o")):
            depths, rates, published_shares, published_ends = [], [], [], []
            for depth in DEPTHS:
                cell = cells.get((depth, connection, style))
                if cell is not None:
                    depths.append(depth)
                    rates.append(cell.rate)
                    published_shares.append(cell.published_share)
                    published_ends.append(cell.published_ends)
            draw_intervals(axes, np.array(depths) + 0.25 * side, rates, colour, marker)
            beside = np.array(depths) + 0.85 * side
            lows, highs = np.reshape(published_ends, (-1, 2)).T
            axes.vlines(beside, lows, highs, color=colour, linewidth=0.8)
            axes.plot(
                beside, published_shares, color=colour, linestyle="", marker="D", markersize=4.2, markerfacecolor=PAPER
            )
        axes.set(
            ylim=(-0.03, 1.03),
            xticks=DEPTHS,
            yticks=(0, 0.5, 1),
            xlabel="depth",
            title=f"{style.capitalize()}: {_finding(cells, style)}",
        )
        axes.set_yticklabels(["0", "50 %", "100 %"])
    return figure


def _finding(cells: Mapping[tuple[int, str, str], Cell], style: str) -> str:
    """At how many depths late networks lead with intervals apart, and how many counts fit the measured rates."""
    shades = [cell.shade for (_, _, cell_style), cell in cells.items() if cell_style == style]
    fit = len(shades) - shades.count(CONFLICT)
    both = ahead = 0
    for depth in DEPTHS:
        plain, late = cells.get((depth, "plain", style)), cells.get((depth, "late", style))
        if plain is not None and late is not None:
            both += 1
            ahead += late.rate.low > plain.rate.high
    lead = f"late ahead at {ahead} of {both} depths" if ahead else "late nowhere ahead"
    return f"{lead}, {'all' if fit == len(shades) else f'{fit} of {len(shades)}'} counts fit"


def _markdown(figure: str, title: str, cells: Mapping[tuple[int, str, str], Cell]) -> str:
    pictures = " ".join(f"![Figure {figure}, {style}](figures/figure-{figure}-{style}.svg)" for style in STYLES)
    columns = list(product(STYLES, CONNECTIONS))
    head = " | ".join(f"{connection}, {style}" for style, connection in columns)
    lines = [f"### Figure {figure}: {title}", "", pictures, "", f"| depth | {head} |", "|---" * 5 + "|"]
    for depth in DEPTHS:
        texts = [str(depth)]
        for style, connection in columns:
            cell = cells.get((depth, connection, style))
            texts.append(f"{cell.k} of {cell.n}; {cell.text}".replace("[", "\\[") if cell else "–")
        lines.append(f"| {' | '.join(texts)} |")
    return "\n".join(lines)
