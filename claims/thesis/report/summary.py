"""In short: what holds and what does not, with one picture each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from operator import attrgetter, itemgetter

from claims.bars import draw_intervals
from claims.thesis.grid import DEPTHS, pair
from claims.thesis.report.context import Context, Missing
from claims.thesis.report.findings import FAILS, FINDINGS, HOLDS
from lrn import Experiment
from lrn.report import Section, linked_html, linked_text
from lrn.report.figures import LATE, PLAIN, drawing, inline, standalone
from lrn.verdicts import MeasuredQuantity, Outcome

__all__ = ["summary"]

_Links = list[tuple[str, str]]
_Cells = dict[tuple[int, int], MeasuredQuantity | None]
"""Measured quantities by depth and connection, 0 for plain and 1 for late."""


def summary(context: Context) -> Section | None:
    """The findings under their headings, with two pictures."""
    findings = _findings(context)
    if not any(findings.values()):
        return None
    panels, files, lines = [], {}, []
    for name, label, figure in _pictures(context):
        panels.append((label.partition(". ")[2], inline(figure, label)))  # the picture has its title already
        files[name] = standalone(figure, label)
        lines.append(f"![{label}](figures/{name})")
    columns = [("What holds", findings[HOLDS]), ("What does not", findings[FAILS])]
    html = context.render(
        "summary.html.j2", columns=columns, panels=panels, linked=linked_html, certain=context.certain
    )
    for heading, sentences in columns:
        lines += ["", f"**{heading}**", ""]
        for words, links in sentences:
            lines.append(f"- {linked_text(words)} ({', '.join(dict(links))})")
    return Section("In short", html, "\n".join(lines), files, first=True)


def _findings(context: Context) -> dict[Outcome, list[tuple[str, _Links]]]:
    """The findings that the verdicts bear out, with links to their claims."""
    findings: dict[Outcome, list[tuple[str, _Links]]] = {HOLDS: [], FAILS: []}
    for finding in FINDINGS:
        if set(map(context.ended, finding.claims)) == {finding.end}:
            try:
                words = finding.words(context)
            except Missing:
                continue
            findings[finding.end].append((words, [(id, context.anchor(id)) for id in finding.claims]))
    return findings


def _pictures(context: Context) -> Iterator[tuple[str, str, object]]:
    """Convergence against depth, and dead neurons against depth."""
    rates = {key: context.rate(e) for key, e in _experiments(DEPTHS, 0.01, width=2)}
    if all(rates.values()):
        title = "Deep late networks converge, plain ones do not"
        label = f"{title}. Share of networks that converge, by depth: width 2, Adam, 0.01, batch"
        yield "converged.svg", label, _curves(rates, title, percent=True)
    converged, every = {}, {}
    for key, experiment in _experiments((2, 5, 10, 15), 0.001, width=4):
        converged[key] = context.mean(experiment, "dead_neurons", "converged")
        every[key] = context.mean(experiment, "dead_neurons")
    if all(converged.values()) and all(every.values()):
        title = _fewer(every, converged)
        label = f"{title}. Mean dead neurons, dashed: of all networks, by depth: width 4, Adam, 0.001, batch"
        yield "dead.svg", label, _curves(converged, title, percent=False, dashed=every)


def _experiments(depths: Sequence[int], lr: float, width: int) -> Iterator[tuple[tuple[int, int], Experiment]]:
    """Those with Adam and batch training, by depth and connection, 0 for plain and 1 for late."""
    for depth in depths:
        plain, late = pair(depth, "adam", lr, "batch", width=width)
        yield (depth, 0), plain
        yield (depth, 1), late


def _fewer(every: _Cells, converged: _Cells) -> str:
    """The finding, as far as it goes."""
    if _late_less_plain(every) == {-1.0} and _late_less_plain(converged) == {1.0}:
        return "Late networks have fewer dead, the converged more"
    return "Dead neurons, dashed: of all networks"


def _late_less_plain(cells: _Cells) -> set[float]:
    """The signs of the differences, by depth."""
    signs = set()
    for plain, late in zip(_by_depth(cells, 0), _by_depth(cells, 1), strict=True):
        signs.add(math.copysign(1.0, late.point - plain.point))
    return signs


def _by_depth(cells: _Cells, connection: int) -> list[MeasuredQuantity]:
    """The measured quantities of one connection."""
    return [q for (_, its_connection), q in cells.items() if its_connection == connection and q is not None]


def _curves(cells: _Cells, title: str, *, percent: bool, dashed: _Cells | None = None) -> object:
    depths = list(dict.fromkeys(map(itemgetter(0), cells)))
    with drawing(4.6, 2.5) as (figure, axes):
        for i, (name, colour, marker) in enumerate((("plain", PLAIN, "s"), ("late", LATE, "o"))):
            quantities = _by_depth(cells, i)
            draw_intervals(axes, depths, quantities, colour, marker)
            if dashed:
                points = list(map(attrgetter("point"), _by_depth(dashed, i)))
                axes.plot(depths, points, color=colour, linestyle="--", linewidth=1)
            end = (depths[-1], quantities[-1].point)
            axes.annotate(name, end, xytext=(7, 0), textcoords="offset points", color=colour, va="center")
        axes.set(xticks=depths, xlabel="depth", title=title, ylim=(-0.03, 1.03) if percent else (0, None))
        axes.set_xlim(0, depths[-1] * 1.12)
        if percent:
            axes.set_yticks((0, 0.5, 1), ("0", "50 %", "100 %"))
    return figure
