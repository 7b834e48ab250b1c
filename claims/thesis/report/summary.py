"""In short: what holds and what does not, with one picture each."""

from __future__ import annotations

import math
from collections.abc import Iterator

from claims.thesis.grid import DEPTHS, pair
from claims.thesis.report.context import Context, Missing
from claims.thesis.report.findings import FAILS, FINDINGS, HOLDS
from lrn.report import Section, linked_html, linked_text
from lrn.report.figures import LATE, PLAIN, drawing, inline, standalone
from lrn.verdicts import MeasuredQuantity, Outcome

__all__ = ["summary"]

_Links = list[tuple[str, str]]
_Cells = dict[tuple[int, int], MeasuredQuantity | None]
"""What was measured by depth and connection, 0 for plain and 1 for late."""


def summary(context: Context) -> Section | None:
    """The findings under their headings, with two pictures."""
    found = _findings(context)
    if not any(found.values()):
        return None
    panels, files, lines = [], {}, []
    for name, label, figure in _pictures(context):
        panels.append((label.partition(". ")[2], inline(figure, label)))  # the picture has its title already
        files[name] = standalone(figure, label)
        lines.append(f"![{label}](figures/{name})")
    columns = [(heading, found[end]) for heading, end in (("What holds", HOLDS), ("What does not", FAILS))]
    html = context.render(
        "summary.html.j2", columns=columns, panels=panels, linked=linked_html, certain=context.certain
    )
    for heading, sentences in columns:
        lines += ["", f"**{heading}**", ""]
        lines += [f"- {linked_text(words)} ({', '.join(id for id, _ in links)})" for words, links in sentences]
    return Section("In short", html, "\n".join(lines), files, first=True)


def _findings(context: Context) -> dict[Outcome, list[tuple[str, _Links]]]:
    """The findings that the verdicts bear out, with links to their claims."""
    found: dict[Outcome, list[tuple[str, _Links]]] = {HOLDS: [], FAILS: []}
    for finding in FINDINGS:
        if all(context.ended(id) is finding.end for id in finding.claims):
            try:
                words = finding.words(context)
            except Missing:
                continue
            found[finding.end].append((words, [(id, context.anchor(id)) for id in finding.claims]))
    return found


def _pictures(context: Context) -> Iterator[tuple[str, str, object]]:
    """Convergence against depth, and dead neurons against depth."""
    rates = {(d, i): context.rate(e) for d in DEPTHS for i, e in enumerate(pair(d, "adam", 0.01, "batch"))}
    if all(rates.values()):
        title = "Deep late networks converge, plain ones do not"
        label = f"{title}. Share of networks that converge, by depth: width 2, Adam, 0.01, batch"
        yield "converged.svg", label, _curves(rates, title, percent=True)
    depths = (2, 5, 10, 15)
    networks = {(d, i): e for d in depths for i, e in enumerate(pair(d, "adam", 0.001, "batch", width=4))}
    converged, every = (
        {key: context.mean(e, "dead_neurons", given) for key, e in networks.items()} for given in ("converged", "")
    )
    if all(converged.values()) and all(every.values()):
        title = _fewer(every, converged)
        label = f"{title}. Mean dead neurons, dashed: of all networks, by depth: width 4, Adam, 0.001, batch"
        yield "dead.svg", label, _curves(converged, title, percent=False, dashed=every)


def _fewer(every: _Cells, converged: _Cells) -> str:
    """The finding, as far as it goes."""
    if _late_less_plain(every) == {-1.0} and _late_less_plain(converged) == {1.0}:
        return "Late networks have fewer dead, the converged more"
    return "Dead neurons, dashed: of all networks"


def _late_less_plain(cells: _Cells) -> set[float]:
    """The signs of the differences, by depth."""
    points = {key: quantity.point for key, quantity in cells.items() if quantity is not None}
    return {math.copysign(1.0, points[depth, 1] - points[depth, 0]) for depth, _ in points}


def _curves(cells: _Cells, title: str, *, percent: bool, dashed: _Cells | None = None) -> object:
    depths = list(dict.fromkeys(depth for depth, _ in cells))
    with drawing(4.6, 2.5) as (figure, axes):
        for i, (name, colour, marker) in enumerate((("plain", PLAIN, "s"), ("late", LATE, "o"))):
            found = [q for depth in depths if (q := cells[depth, i]) is not None]
            axes.vlines(depths, [q.low for q in found], [q.high for q in found], color=colour, linewidth=3.2, alpha=0.4)
            axes.plot(depths, [q.point for q in found], color=colour, marker=marker, markersize=3.6)
            beside = [q for depth in depths if dashed and (q := dashed[depth, i]) is not None]
            if beside:
                axes.plot(depths, [q.point for q in beside], color=colour, linestyle="--", linewidth=1)
            end = (depths[-1], found[-1].point)
            axes.annotate(name, end, xytext=(7, 0), textcoords="offset points", color=colour, va="center")
        axes.set(xticks=depths, xlabel="depth", title=title, ylim=(-0.03, 1.03) if percent else (0, None))
        axes.set_xlim(0, depths[-1] * 1.12)
        if percent:
            axes.set_yticks((0, 0.5, 1), ("0", "50 %", "100 %"))
    return figure
