"""Figures 4.3 to 4.18: ten runs per cell as published, beside the measured rates of convergence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from claims.thesis.grid import DEPTHS, STYLES, experiment_of, published
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
        """0 for the best agreement, 3 for a conflict."""
        return next((shade for least, shade in LEVELS if self.p >= least), 3)

    @property
    def published_ends(self) -> tuple[float, float]:
        """The exact interval of the published share: the rates at which its runs may well come out so."""
        return rate_interval(self.k, self.n, PUBLISHED_LEVEL)

    @property
    def published_text(self) -> str:
        """The published count, its share, and its p-value at the measured rate."""
        return f"{self.k} of {self.n} ({percent_text(self.k / self.n)}), p\u00a0=\u00a0{self.p_text}"

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
    for figure, group in groupby(sorted(published(), key=_place), key=lambda row: row["figure"]):
        rows = list(group)
        cells = {_key(row): cell for row in rows if (cell := _cell(context, row)) is not None}
        if not cells:
            continue
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
    every = [cell for *_, cells in figures for cell in cells.values()]
    conflicts = sum(cell.shade == 3 for cell in every)
    html = context.render(
        "convergence.html.j2",
        figures=figures,
        depths=DEPTHS,
        cells=len(every),
        conflicts=conflicts,
        holm=HOLM,
        certain=context.certain,
        level=100 * (1 - PUBLISHED_LEVEL),
    )
    lead = f"{len(every) - conflicts} of {len(every)} published counts are compatible with the measured rate."
    return Section("Convergence: Figures 4.3 to 4.18", html, "\n\n".join([lead, *notes]), files)


def _place(row: Mapping[str, str]) -> float:
    return float(row["figure"].split(".")[1])


def _key(row: Mapping[str, str]) -> tuple[int, str, str]:
    return int(row["depth"]), row["connection"], row["training_style"]


def _cell(context: Context, row: Mapping[str, str]) -> Cell | None:
    experiment = experiment_of(dict(row))
    rate = context.rate(experiment)
    if rate is None:
        return None
    k, n = int(row["converged"]), int(row["runs"])
    dead = []
    runs = context.runs(experiment)
    for metric, what in (("dead_neurons", "neurons"), ("dead_layers", "layers")):
        found = context.mean(experiment, metric, "converged")
        if found is not None:
            text = interval_text(found)
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
    rows = {
        "-".join(row[key] for key in ("figure", "training_style", "depth", "connection")): row for row in published()
    }
    found = {}
    for verdict in suite.claims:
        row = rows.get(verdict.test.partition("[")[2].removesuffix("]")) if verdict.id == "C0" else None
        if row is not None and verdict.estimates:
            k, n, rate = int(row["converged"]), int(row["runs"]), verdict.estimates[0]
            found[verdict.test] = Cell(k, n, rate, _compatibility(k, n, rate), ()).published_text
    return found


def _panel(cells: Mapping[tuple[int, str, str], Cell], style: str) -> Any:
    """Measured rates and published shares over depth, each with its interval."""
    with drawing(4.6, 2.5) as (figure, axes):
        for connection, colour, side, marker in (("plain", PLAIN, 1, "s"), ("late", LATE, -1, "o")):
            found = [(d, cells[d, connection, style]) for d in DEPTHS if (d, connection, style) in cells]
            x = [depth + 0.25 * side for depth, _ in found]
            rates = [cell.rate for _, cell in found]
            axes.vlines(x, [r.low for r in rates], [r.high for r in rates], color=colour, linewidth=3.2, alpha=0.4)
            axes.plot(x, [r.point for r in rates], color=colour, marker=marker, markersize=3.6)
            beside = [depth + 0.85 * side for depth, _ in found]
            ends = [cell.published_ends for _, cell in found]
            axes.vlines(beside, [low for low, _ in ends], [high for _, high in ends], color=colour, linewidth=0.8)
            axes.plot(
                beside, [cell.k / cell.n for _, cell in found], color=colour, linestyle="", marker="D", markersize=4.2,
                markerfacecolor=PAPER,
            )  # fmt: skip
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
    panel = [cell for (_, _, one), cell in cells.items() if one == style]
    fit = sum(cell.shade < 3 for cell in panel)
    pairs = [(cells.get((d, "plain", style)), cells.get((d, "late", style))) for d in DEPTHS]
    both = [(plain.rate, late.rate) for plain, late in pairs if plain is not None and late is not None]
    ahead = sum(late.low > plain.high for plain, late in both)
    lead = f"late ahead at {ahead} of {len(both)} depths" if ahead else "late nowhere ahead"
    return f"{lead}, {'all' if fit == len(panel) else f'{fit} of {len(panel)}'} counts fit"


def _markdown(figure: str, title: str, cells: Mapping[tuple[int, str, str], Cell]) -> str:
    pictures = " ".join(f"![Figure {figure}, {style}](figures/figure-{figure}-{style}.svg)" for style in STYLES)
    columns: Sequence[tuple[str, str]] = [(style, connection) for style in STYLES for connection in ("plain", "late")]
    head = " | ".join(f"{connection}, {style}" for style, connection in columns)
    lines = [f"### Figure {figure}: {title}", "", pictures, "", f"| depth | {head} |", "|---" * 5 + "|"]
    for depth in DEPTHS:
        found = [cells.get((depth, connection, style)) for style, connection in columns]
        texts = [f"{c.k} of {c.n}; {c.text}".replace("[", "\\[") if c else "–" for c in found]
        lines.append(f"| {depth} | {' | '.join(texts)} |")
    return "\n".join(lines)
