"""§4.1, dead layers (Figures 4.1 and 4.2), and §4.3, the decline of dead neurons (Figures 4.22 and 4.23)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claims.bars import draw_intervals
from claims.thesis.grid import pair, readings, table
from claims.thesis.pictures import ALIVE, SEEDS, Network, recorded
from claims.thesis.report.context import Context
from claims.thesis.report.forest import LEVEL
from claims.thesis.report.networks import network_svg, networks_svg
from claims.thesis.report.published_means import converged_of, mean_interval
from lrn.report import Section, interval_text, range_text
from lrn.report.figures import INK, LATE, PLAIN, THESIS, drawing, inline, standalone
from lrn.verdicts import MeasuredQuantity, Outcome

__all__ = ["dead_layers", "decline"]

_DRAWN = "Late networks with four living layers, as in Figure 4.2, each above the plain network of its seed"


def dead_layers(context: Context) -> Section | None:
    """Figure 4.1 beside measured means, and networks of it drawn as in Figure 4.2."""
    rows = list(_rows(context))
    if not rows:
        return None
    label = "Figure 4.1: mean dead layers of converged late networks by depth, Adam, 0.1, batch; published and measured"
    so = context.ended("B2-layers") is Outcome.SUPPORTED
    picture = _means(rows, "The deeper, the more layers are dead" if so else "Dead layers")
    networks = recorded().networks
    drawings = chain.from_iterable(map(_drawn, networks))
    (alive,) = readings("4.2")
    html = context.render(
        "dead_layers.html.j2",
        rows=rows,
        picture=inline(picture, label),
        networks=list(map(_with_pictures, networks)),
        alive=alive,
        seeds=SEEDS,
        text=interval_text,
        bounds=range_text,
        level=100 * (1 - LEVEL),
        certain=context.certain,
        so=context.ended("B3") is context.ended("B4") is Outcome.SUPPORTED,
    )
    files = {"figure-4.1.svg": standalone(picture, label), "figure-4.2.svg": networks_svg(drawings, _DRAWN)}
    return Section("Dead layers: Figures 4.1 and 4.2", html, "\n".join(_lines(rows, alive, networks)), files)


def _lines(rows: Sequence[tuple[Any, ...]], alive: Mapping[str, str], networks: Sequence[Network]) -> list[str]:
    """Figures 4.1 and 4.2 in Markdown."""
    lines = ["![Figure 4.1](figures/figure-4.1.svg)", "", "| depth | thesis | networks | measured |", "|---" * 4 + "|"]
    for depth, printed, ends, count, mean in rows:
        theirs = f"{printed} {range_text(*ends, '')}".replace("[", "\\[")
        lines.append(f"| {depth} | {theirs} | {count} | {_plain(mean)} |")
    lines += ["", f"![{_DRAWN}](figures/figure-4.2.svg)", "", "Figure 4.2, in the thesis and ours:", ""]
    lines.append(
        f"- thesis: {alive['quantity']}: {alive['value']} ({alive['source']}); no more can be read of its drawing"
    )
    for network in networks:
        lines.append(
            f"- depth {network.depth}: {network.alike} of {network.converged} late networks that converged, of {SEEDS}, "
            f"have {ALIVE} living layers; drawn is the first, seed {network.seed}"
        )
    return lines


def decline(context: Context) -> Section | None:
    """Figure 4.22 beside measured means: of the networks that converged, and of all."""
    rows = []
    for row in table("4.22"):
        depth, connection = int(row["depth"]), row["connection"]
        network = pair(depth, "adam", 0.001, "batch", width=4)[connection == "late"]
        of_converged = context.mean(network, "dead_neurons", "converged")
        of_all = context.mean(network, "dead_neurons")
        if of_converged is not None and of_all is not None:
            rows.append((depth, connection, row["mean_dead_neurons"], of_converged, of_all))
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
    for depth, connection, printed, of_converged, of_all in rows:
        lines.append(f"| {depth} | {connection} | {printed} | {_plain(of_converged)} | {_plain(of_all)} |")
    return Section("Dead neurons at width 4: Figures 4.22 and 4.23", html, "\n".join(lines), files)


def _titled(context: Context, rows: Sequence[tuple[Any, ...]]) -> list[tuple[str, int]]:
    """The panels' titles with the columns that they show; a finding where the numbers, or the verdicts, bear it out."""
    published: dict[str, dict[int, float]] = {"plain": {}, "late": {}}
    for depth, connection, printed, *_ in rows:
        published[connection][depth] = float(printed)
    fewer = all(mean <= published["plain"][depth] for depth, mean in published["late"].items())
    more = context.ended("D1-converged") is Outcome.REFUTED
    less = context.ended("D1-all") is Outcome.SUPPORTED
    return [
        ("Thesis: late ones have fewer" if fewer else "Thesis", 2),
        ("Converged: late ones have more" if more else "Converged", 3),
        ("All networks: late ones have fewer" if less else "All networks", 4),
    ]


def _plain(quantity: MeasuredQuantity) -> str:
    return interval_text(quantity).replace("[", "\\[")


def _means(rows: Sequence[tuple[Any, ...]], what: str) -> Any:
    with drawing(4.6, 2.5) as (figure, axes):
        depths, printed, ends, _, means = zip(*rows, strict=True)
        lows, highs = zip(*ends, strict=True)
        beside = np.array(depths) + 0.55
        axes.vlines(beside, lows, highs, color=THESIS, linewidth=1.1)
        draw_intervals(axes, depths, means, LATE, "o", label="measured")
        axes.plot(
            beside, list(map(float, printed)), color=THESIS, linestyle="", marker="D", markersize=4.4,
            markerfacecolor="none", label="thesis",
        )  # fmt: skip
        axes.set(xticks=depths, xlabel="depth", title=what, ylim=(0, None))
        axes.legend(loc="upper left")
    return figure


def _bars(rows: Sequence[tuple[Any, ...]], column: int, title: str) -> Any:
    depths = list(dict.fromkeys(map(itemgetter(0), rows)))
    with drawing(3.4, 2.4) as (figure, axes):
        for connection, colour, shift in (("plain", PLAIN, -0.2), ("late", LATE, 0.2)):
            cells = [row[column] for row in rows if row[1] == connection]
            x = np.arange(len(cells)) + shift
            published = isinstance(cells[0], str)
            points = map(float, cells) if published else map(attrgetter("point"), cells)
            axes.bar(x, list(points), width=0.36, color=colour, label=connection)
            if not published:
                lows, highs = zip(*map(attrgetter("low", "high"), cells), strict=True)
                axes.vlines(x, lows, highs, color=INK, linewidth=1)
        axes.set_xticks(range(len(depths)), list(map(str, depths)))
        axes.set(xlabel="depth", title=title, ylim=(0, 30))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper left")
    return figure


def _rows(context: Context) -> Iterator[tuple[Any, ...]]:
    """Depth, the printed mean with its interval and its networks, and the measured mean, where there is one."""
    for row in table("4.1"):
        depth = int(row["depth"])
        mean = context.mean(pair(depth, "adam", 0.1, "batch")[1], "dead_layers", "converged")
        if mean is not None:
            networks = converged_of("4.15", training_style="batch", connection="late", depth=row["depth"])
            ends = mean_interval(float(row["mean_dead_layers"]), networks, depth, LEVEL)
            yield depth, row["mean_dead_layers"], ends, networks, mean


def _with_pictures(network: Network) -> tuple[Network, list[tuple[str, str]]]:
    """The networks of one depth with their drawings, each with its text."""
    pictures = []
    for dead, late, text in _drawn(network):
        pictures.append((network_svg(dead, late, text), text))
    return network, pictures


def _drawn(network: Network) -> list[tuple[NDArray[np.bool_], bool, str]]:
    """The late network, then the plain one of its seed, each with a text."""
    ended = "converged" if network.plain_converged else "did not converge"
    both = ((network.late, True, "late", "converged"), (network.plain, False, "plain", ended))
    drawn = []
    for marks, late, name, end in both:
        dead = np.array(marks, dtype=bool)
        layers = int(dead.all(axis=1).sum())
        text = f"Depth {network.depth}, {name}, seed {network.seed}: {end}, {_some(int(dead.sum()), 'dead neuron')}"
        drawn.append((dead, late, f"{text}, {_some(layers, 'dead layer')}, {len(dead) - layers} alive"))
    return drawn


def _some(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"
