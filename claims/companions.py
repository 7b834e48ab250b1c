"""The report's section on the journal and the note: what their networks were measured to do, by depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

from claims.bars import draw_intervals
from lrn.report import Quantities, Section
from lrn.report.figures import LATE, PLAIN, drawing, inline, standalone
from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts

__all__ = ["companions"]

START = "train 64, test 64, epochs 0"
NOTE = "width 2, adam 0.01, batch"


@dataclass(frozen=True)
class Line:
    """One line of a figure: a quantity by depth; "{}" in a population's label stands for the depth."""

    label: str
    statistic: str
    metric: str
    population: str
    depths: tuple[int, ...]
    residual: bool = False
    dashed: bool = False
    nudge: int = 0

    def points(self, quantities: Quantities) -> list[tuple[int, MeasuredQuantity]]:
        """Its measured points, by depth."""
        points = []
        for depth in self.depths:
            quantity = quantities.find(self.statistic, self.metric, self.population.format(depth))
            if quantity is not None:
                points.append((depth, quantity))
        return points


@dataclass(frozen=True)
class Figure:
    """Quantities by depth.

    Attributes:
        name: its file.
        title: its subject, in a few words.
        finding: its title where the verdicts bear it out.
        claims: the claims that bear the finding out, with the verdict that every case of theirs must have.
        caption: a description.
        lines: its lines.
        scale: "linear", "log", or "percent" for shares.
    """

    name: str
    title: str
    finding: str
    claims: Mapping[str, Outcome]
    caption: str
    lines: tuple[Line, ...]
    scale: str = "linear"

    def headed(self, suite: SuiteVerdicts) -> str:
        """The finding where every case of its claims ended as it must, else the title."""
        ends: dict[str, set[Outcome]] = {}
        for verdict in suite.claims:
            ends.setdefault(verdict.id, set()).add(verdict.verdict)
        for id, end in self.claims.items():
            if ends.get(id) != {end}:
                return self.title
        return self.finding


def by_kind(statistic: str, metric: str, population: str, depths: tuple[int, ...]) -> tuple[Line, Line]:
    """A plain and a residual line; "{kind}" in the population's label stands for either."""
    plain, residual = population.replace("{kind}", "plain"), population.replace("{kind}", "residual")
    return (
        Line("plain", statistic, metric, plain, depths),
        Line("residual", statistic, metric, residual, depths, residual=True),
    )


GRADIENT = "median", "first_gradient"
CNNS = "{} CNNs of depth {{}} on digits, {}"
FIGURES = (
    Figure(
        "first-layer-gradient.svg",
        "Gradient of the first layer",
        "Without normalisation, gradients vanish or explode",
        {"F1-start": Outcome.SUPPORTED, "F2-depth": Outcome.SUPPORTED},
        "Gradient norm of a CNN's first layer before training, median (journal §2.1 to §3.3; claims F1 to F3)",
        (
            Line(
                "plain, as torch starts",
                *GRADIENT,
                CNNS.format("plain", f"normalise False, initialisation torch, {START}"),
                (8, 14, 20),
            ),
            Line(
                "plain, weights doubled",
                *GRADIENT,
                CNNS.format("plain", f"normalise False, scale 2.0, {START}"),
                (8, 14, 20),
                dashed=True,
                nudge=8,
            ),
            Line("plain, normalised", *GRADIENT, CNNS.format("plain", START), (8, 20, 56), nudge=2),
            Line(
                "residual, not normalised",
                *GRADIENT,
                CNNS.format("residual", f"normalise False, {START}"),
                (8, 20, 56),
                residual=True,
                nudge=-9,
            ),
        ),
        "log",
    ),
    Figure(
        "test-accuracy.svg",
        "Accuracy on test images",
        "Residual CNNs are more accurate than plain ones",
        {"F5-residual-practical": Outcome.SUPPORTED},
        "Accuracy on test images after 12 epochs, median (journal §6; claims F5)",
        by_kind("median", "test_accuracy", "{kind} CNNs of depth {} on digits", (20, 56)),
        "percent",
    ),
    Figure(
        "residual-convergence.svg",
        "Networks that converge",
        "Deep residual networks converge more often",
        {"G1-normalised": Outcome.SUPPORTED},
        "Share of networks that converge on the thesis's task, with batch normalisation (note; claims G1)",
        by_kind("rate", "converged", f"{{kind}}, depth {{}}, {NOTE}, batch norm", (20, 50, 100)),
        "percent",
    ),
    Figure(
        "shattered-gradients.svg",
        "Autocorrelation of slopes",
        "Slopes near by have less in common with depth",
        {"G2-depth": Outcome.SUPPORTED},
        "How much the slope at an input says about slopes near by: mean autocorrelation before training (note; claims G2)",
        (
            Line(
                "plain",
                "mean",
                "autocorrelation",
                "random plain networks, depth {}, width 32, He start",
                (2, 10, 24, 50),
            ),
        ),
    ),
    Figure(
        "linear-regions.svg",
        "Linear regions on a line",
        "Pieces grow with depth, but not exponentially",
        {"G3-more": Outcome.SUPPORTED, "G3-does": Outcome.REFUTED},
        "Straight pieces of a random network of width 8 on a line, median (note; claims G3)",
        (
            Line(
                "plain",
                "median",
                "pieces",
                "lines through random plain networks, depth {}, width 8, He start",
                (2, 5, 10, 18),
            ),
        ),
    ),
)


def companions(suite: SuiteVerdicts) -> Section | None:
    """The measured behaviour of the journal's and the note's networks, by depth; None where nothing of it was measured."""
    bars = f"Bars: intervals that hold all at once, with {100 * (1 - suite.alpha):g}\u00a0%."
    blocks, lines, files = [], [], {}
    for figure, measured_lines in _measured(Quantities(suite)):
        title = figure.headed(suite)
        picture, label = _draw(figure, title, measured_lines), f"{title}. {figure.caption}"
        caption = f"<figcaption>{escape(figure.caption)}. {bars}</figcaption>"
        blocks.append(f"<figure>{inline(picture, label)}{caption}</figure>")
        lines.append(f"![{label}](figures/{figure.name})")
        files[figure.name] = standalone(picture, label)
    if not blocks:
        return None
    return Section(
        "The companion documents: residual networks by depth",
        f'<div class="pairs">{"".join(blocks)}</div>',
        "\n\n".join([*lines, bars]),
        files,
    )


_MeasuredLines = list[tuple[Line, list[tuple[int, MeasuredQuantity]]]]


def _measured(quantities: Quantities) -> Iterator[tuple[Figure, _MeasuredLines]]:
    """The figures that have a measured line, each with its measured lines."""
    for figure in FIGURES:
        measured_lines = []
        for line in figure.lines:
            points = line.points(quantities)
            if points:
                measured_lines.append((line, points))
        if measured_lines:
            yield figure, measured_lines


def _draw(figure: Figure, title: str, lines: _MeasuredLines) -> Any:
    all_depths: set[int] = set()
    with drawing(4.6, 2.6) as (picture, axes):
        for line, points in lines:
            colour, marker = (LATE, "o") if line.residual else (PLAIN, "s")
            depths, quantities = zip(*points, strict=True)
            all_depths.update(depths)
            draw_intervals(axes, depths, quantities, colour, marker, linestyle="--" if line.dashed else "-")
            last = (depths[-1], quantities[-1].point)
            axes.annotate(
                line.label, last, xytext=(6, line.nudge), textcoords="offset points", color=colour, va="center"
            )
        ticks = sorted(all_depths)
        axes.set(xticks=ticks, xlabel="depth", title=title, yscale="log" if figure.scale == "log" else "linear")
        if figure.scale == "percent":
            axes.set(ylim=(-0.03, 1.03), yticks=(0, 0.5, 1), yticklabels=("0", "50 %", "100 %"))
        elif figure.scale == "linear":
            axes.set_ylim(-0.04 * axes.get_ylim()[1], None)
        axes.set_xlim(0, ticks[-1] * (1.75 if figure.scale == "log" else 1.25))
    return picture
