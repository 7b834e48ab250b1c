"""Draws findings.svg, the README's picture, from reports/verdicts.json and the thesis's tables.

    python docs/picture.py

The same verdicts give the same file, to the byte, whatever is installed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lrn.intervals import rate_interval
from lrn.report import Quantities
from lrn.report.figures import LIGHT
from lrn.verdicts import MeasuredQuantity, SuiteVerdicts, replace_file

HERE = Path(__file__).parent
TABLES = HERE.parent / "claims" / "thesis" / "tables"
COLOURS = {"late": LIGHT["late"], "plain": LIGHT["plain"]}  # as in the report: told apart by the colour-blind, too
NAMES = {"late": "late residual", "plain": "plain"}
LEVEL = 0.05
"""An interval of the thesis's ten runs misses at most this often."""
WIDTH, HEIGHT, PANEL, TOP, BOTTOM, LEFT = 900, 400, 450, 70, 330, 60


@dataclass(frozen=True)
class Panel:
    """One chart: per connection and depth the measured value, the thesis's value and, hollow, that of all networks."""

    title: str
    label: str
    depths: tuple[int, ...]
    ticks: tuple[tuple[float, str], ...]
    measured: dict[tuple[str, int], MeasuredQuantity]
    published: dict[tuple[str, int], float]
    hollow: dict[tuple[str, int], MeasuredQuantity] = field(default_factory=dict)
    published_ends: dict[tuple[str, int], tuple[float, float]] = field(default_factory=dict)

    def x(self, depth: int, connection: str) -> float:
        """Where a depth lies from the panel's left edge; the connections stand side by side."""
        step = (PANEL - LEFT - 30) / (len(self.depths) - 1 + 0.6)
        return LEFT + step * (self.depths.index(depth) + 0.3) + (5 if connection == "late" else -5)

    def y(self, value: float) -> float:
        """Where a value lies from the top."""
        return BOTTOM - (BOTTOM - TOP) * value / self.ticks[-1][0]


def picture(suite: SuiteVerdicts) -> str:
    """The SVG. Raises ValueError if the suite lacks a quantity of the picture."""
    left, right = "".join(_panel(_convergence(suite))), "".join(_panel(_dead(suite)))
    panels = f'<g transform="translate(0 0)">{left}</g>\n<g transform="translate({PANEL} 0)">{right}</g>\n'
    alt = "Left: late residual networks converge at every depth, plain ones hardly ever from depth 10. "
    alt += (
        "Right: at width 4 late networks have slightly fewer dead neurons counted over all networks, and more of those "
    )
    alt += "that converge, where the thesis reports fewer."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="{alt}">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n{panels}{_legend()}</svg>\n'
    )


def _convergence(suite: SuiteVerdicts) -> Panel:
    depths = (2, 5, 10, 15, 20, 25, 30)
    shares, ends = {}, {}
    for key, row in _rows("figure-4.3.csv"):
        converged, runs = int(row["converged"]), int(row["runs"])
        shares[key], ends[key] = converged / runs, rate_interval(converged, runs, LEVEL)
    return Panel(
        "What holds: late networks converge",
        "share that converges (width 2, Adam, 0.01)",
        depths,
        ((0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1, "100 %")),
        _measured(suite, ("rate", "converged"), None, "width 2, adam 0.01, batch", depths),
        shares,
        published_ends=ends,
    )


def _dead(suite: SuiteVerdicts) -> Panel:
    depths = (2, 5, 10, 15)
    networks = "width 4, adam 0.001, batch"
    return Panel(
        "What holds in part: fewer dead neurons",
        "dead neurons of those that converge, ○ of all (width 4)",
        depths,
        ((0, "0"), (10, "10"), (20, "20"), (30, "30")),
        _measured(suite, ("mean", "dead_neurons"), "converged", networks, depths),
        {key: float(row["mean_dead_neurons"]) for key, row in _rows("figure-4.22.csv")},
        _measured(suite, ("mean", "dead_neurons"), None, networks, depths),
    )


def _measured(
    suite: SuiteVerdicts, what: tuple[str, str], condition: str | None, setting: str, depths: tuple[int, ...]
) -> dict[tuple[str, int], MeasuredQuantity]:
    """The quantities of one setting by connection and depth, each from the claim that took most seeds for it."""
    quantities, measured = Quantities(suite), {}
    for connection in COLOURS:
        for depth in depths:
            label = f"{connection}, depth {depth}, {setting}"
            quantity = quantities.find(*what, label, given=condition)
            if quantity is None:
                raise ValueError(f"the verdicts lack what the picture shows: {' of '.join(what)} in {label}")
            measured[connection, depth] = quantity
    return measured


def _rows(name: str) -> Iterator[tuple[tuple[str, int], dict[str, str]]]:
    with (TABLES / name).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["training_style"] == "batch":
                yield (row["connection"], int(row["depth"])), row


def _panel(panel: Panel) -> Iterator[str]:
    right = PANEL - 20
    yield f'<text x="{LEFT}" y="26" font-size="16" font-weight="600" fill="#111">{panel.title}</text>'
    yield f'<text x="{LEFT}" y="48" fill="#444">{panel.label}</text>'
    for value, text in panel.ticks:
        y = panel.y(value)
        yield f'<path d="M{LEFT} {y:.1f}H{right}" stroke="{"#777" if value == 0 else "#ddd"}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#444">{text}</text>'
    for depth in panel.depths:
        x = (panel.x(depth, "plain") + panel.x(depth, "late")) / 2
        yield f'<text x="{x:.1f}" y="{BOTTOM + 18}" text-anchor="middle" fill="#444">{depth}</text>'
    yield f'<text x="{(LEFT + right) / 2}" y="{BOTTOM + 36}" text-anchor="middle" fill="#444">depth</text>'
    for (connection, depth), quantity in panel.measured.items():
        x, colour = panel.x(depth, connection), COLOURS[connection]
        low, high = panel.y(quantity.low), panel.y(quantity.high)
        yield f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{colour}" stroke-width="2"/>'
        yield f'<circle cx="{x:.1f}" cy="{panel.y(quantity.point):.1f}" r="4.5" fill="{colour}"/>'
    for (connection, depth), quantity in panel.hollow.items():
        x, y = panel.x(depth, connection) + (12 if connection == "late" else -12), panel.y(quantity.point)
        style = f'fill="white" stroke="{COLOURS[connection]}" stroke-width="1.5"'
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {style}/>'
    for (connection, depth), value in panel.published.items():
        x, y = panel.x(depth, connection), panel.y(value)
        if (connection, depth) in panel.published_ends:
            x += 12 if connection == "late" else -12
            low, high = map(panel.y, panel.published_ends[connection, depth])
            yield f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{COLOURS[connection]}" opacity="0.65"/>'
        yield (
            f'<path d="M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10" stroke="{COLOURS[connection]}" stroke-width="1.5" '
            'opacity="0.65"/>'
        )


def _legend() -> str:
    y = HEIGHT - 12
    entries = [f'<g fill="#444"><text x="{LEFT + 300}" y="{y}">● measured, with its interval</text>']
    entries.append(f'<text x="{LEFT + 500}" y="{y}">× in the thesis (left: ten runs, 95 %; right: three)</text></g>')
    for i, (connection, colour) in enumerate(COLOURS.items()):
        x = LEFT + 150 * i
        entries.append(f'<rect x="{x}" y="{y - 10}" width="11" height="11" fill="{colour}"/>')
        entries.append(f'<text x="{x + 17}" y="{y}" fill="#444">{NAMES[connection]}</text>')
    return "".join(entries) + "\n"


if __name__ == "__main__":
    suite = SuiteVerdicts.read(HERE.parent / "reports" / "verdicts.json")
    replace_file(HERE / "findings.svg", picture(suite))
