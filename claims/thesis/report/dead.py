"""§4.1, dead layers (Figures 4.1 and 4.2), and §4.3, the decline of dead neurons (Figures 4.22 and 4.23)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from claims.thesis.grid import pair, table
from claims.thesis.report.context import Context
from claims.thesis.report.networks import network_svg
from lrn.report import Section, interval_text
from lrn.report.figures import INK, LATE, PLAIN, drawing, inline, standalone
from lrn.runs import Runs
from lrn.verdicts import MeasuredQuantity, Outcome

__all__ = ["dead_layers", "decline"]

DRAWN_DEPTHS = (5, 10, 15)


def dead_layers(context: Context) -> Section | None:
    """Figure 4.1 beside what was measured, and networks of it drawn as in Figure 4.2."""
    rows = []
    for row in table("4.1"):
        late = pair(int(row["depth"]), "adam", 0.1, "batch")[1]
        mean = context.mean(late, "dead_layers", "converged")
        if mean is not None:
            rows.append((int(row["depth"]), float(row["mean_dead_layers"]), row["mean_dead_layers"], mean))
    if not rows:
        return None
    label = "Figure 4.1: mean dead layers of converged late networks by depth, Adam, 0.1, batch; published and measured"
    so = context.ended("B2-layers") is Outcome.SUPPORTED
    drawn = _means(rows, "The deeper, the more layers are dead" if so else "Dead layers")
    networks = [network for depth in DRAWN_DEPTHS if (network := _networks(context, depth)) is not None]
    html = context.render(
        "dead_layers.html.j2",
        rows=rows,
        picture=inline(drawn, label),
        networks=networks,
        text=interval_text,
        certain=context.certain,
        so=context.ended("B3") is context.ended("B4") is Outcome.SUPPORTED,
    )
    lines = ["![Figure 4.1](figures/figure-4.1.svg)", "", "| depth | thesis | measured |", "|---|---|---|"]
    lines += [f"| {depth} | {printed} | {_plain(mean)} |" for depth, _, printed, mean in rows]
    files = {"figure-4.1.svg": standalone(drawn, label)}
    return Section("Dead layers: Figures 4.1 and 4.2", html, "\n".join(lines), files)


def decline(context: Context) -> Section | None:
    """Figure 4.22 beside what was measured: among the networks that converged, and among all."""
    rows = []
    for row in table("4.22"):
        depth, connection = int(row["depth"]), row["connection"]
        network = pair(depth, "adam", 0.001, "batch", width=4)[connection == "late"]
        means = [context.mean(network, "dead_neurons", given) for given in ("converged", "")]
        if all(means):
            rows.append((depth, connection, row["mean_dead_neurons"], *means))
    if not rows:
        return None
    panels, files = [], {}
    for title, column in _titled(context, rows):
        label = f"Figures 4.22 and 4.23. {title}. Mean dead neurons by depth, plain and late, width 4"
        drawn = _bars(rows, column, title)
        panels.append(inline(drawn, label))
        files[f"figure-4.23-{column - 1}.svg"] = standalone(drawn, label)
    selected = context.ended("D1-converged") is Outcome.REFUTED and context.ended("D1-all") is Outcome.SUPPORTED
    html = context.render(
        "decline.html.j2", rows=rows, panels=panels, text=interval_text, selected=selected, certain=context.certain
    )
    lines = [f"![{name}](figures/{name})" for name in files]
    lines += ["", "| depth | network | thesis | measured, converged | measured, all |", "|---|---|---|---|---|"]
    lines += [f"| {d} | {c} | {printed} | {_plain(given)} | {_plain(every)} |" for d, c, printed, given, every in rows]
    return Section("Dead neurons at width 4: Figures 4.22 and 4.23", html, "\n".join(lines), files)


def _titled(context: Context, rows: Sequence[tuple[Any, ...]]) -> list[tuple[str, int]]:
    """The panels' titles with the columns that they show; a finding where the numbers, or the verdicts, bear it out."""
    published = {row[:2]: float(row[2]) for row in rows}
    fewer = all(
        mean <= published[depth, "plain"] for (depth, connection), mean in published.items() if connection == "late"
    )
    more = context.ended("D1-converged") is Outcome.REFUTED
    less = context.ended("D1-all") is Outcome.SUPPORTED
    return [
        ("Thesis: late ones have fewer" if fewer else "Thesis", 2),
        ("Converged: late ones have more" if more else "Converged", 3),
        ("All networks: late ones have fewer" if less else "All networks", 4),
    ]


def _plain(quantity: MeasuredQuantity) -> str:
    return interval_text(quantity).replace("[", "\\[")


def _means(rows: Sequence[tuple[int, float, str, MeasuredQuantity]], what: str) -> Any:
    with drawing(4.6, 2.5) as (figure, axes):
        depths = [depth for depth, *_ in rows]
        means = [mean for *_, mean in rows]
        axes.vlines(depths, [m.low for m in means], [m.high for m in means], color=LATE, linewidth=3.2, alpha=0.4)
        axes.plot(depths, [m.point for m in means], color=LATE, marker="o", markersize=3.6, label="measured")
        axes.plot(
            depths, [published for _, published, *_ in rows], color=LATE, linestyle="", marker="D", markersize=4.4,
            markerfacecolor="none", label="thesis",
        )  # fmt: skip
        axes.set(xticks=depths, xlabel="depth", title=what, ylim=(0, None))
        axes.legend(loc="upper left")
    return figure


def _bars(rows: Sequence[tuple[Any, ...]], column: int, title: str) -> Any:
    depths = list(dict.fromkeys(row[0] for row in rows))
    with drawing(3.4, 2.4) as (figure, axes):
        for connection, colour, shift in (("plain", PLAIN, -0.2), ("late", LATE, 0.2)):
            cells = [row[column] for depth in depths for row in rows if row[:2] == (depth, connection)]
            x = np.arange(len(cells)) + shift
            points = [float(cell) if isinstance(cell, str) else cell.point for cell in cells]
            axes.bar(x, points, width=0.36, color=colour, label=connection)
            if not isinstance(cells[0], str):
                axes.vlines(x, [c.low for c in cells], [c.high for c in cells], color=INK, linewidth=1)
        axes.set_xticks(range(len(depths)), [str(depth) for depth in depths])
        axes.set(xlabel="depth", title=title, ylim=(0, 30))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper left")
    return figure


def _networks(context: Context, depth: int) -> dict[str, Any] | None:
    """The plain and the late network of one seed: the first to converge with the median number of dead layers."""
    plain, late = pair(depth, "adam", 0.1, "batch")
    runs, other = context.runs(late), context.runs(plain)
    if runs is None or other is None or not runs.converged.any():
        return None
    usual = np.quantile(runs.dead_layers[runs.converged], 0.5, method="inverted_cdf")
    at = int(np.flatnonzero(runs.converged & (runs.dead_layers == usual))[0])
    if at >= len(other):
        return None
    return {
        "depth": depth,
        "seed": int(runs.seeds[at]),
        "of": int(runs.converged.sum()),
        "drawn": [_one(runs, at, "late"), _one(other, at, "plain")],
    }


def _one(runs: Runs, at: int, connection: str) -> dict[str, Any]:
    neurons, layers = int(runs.dead_neurons[at]), int(runs.dead_layers[at])
    ended = "converged" if runs.converged[at] else "did not converge"
    text = f"{connection}, seed {int(runs.seeds[at])}: {ended}, {_some(neurons, 'dead neuron')}, {_some(layers, 'dead layer')}"
    return {"svg": network_svg(runs.dead[at], connection == "late", text), "text": text.capitalize()}


def _some(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"
