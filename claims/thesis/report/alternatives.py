"""What a practitioner would pick: rates of convergence with other activations, connections and starts (claims A7)."""

from __future__ import annotations

from claims.thesis.report.context import Context
from lrn.report import Section, interval_text

__all__ = ["alternatives"]


def alternatives(context: Context) -> Section | None:
    """One row for each rate that the claims A7-rate measured, by network and from the highest on."""
    found = {
        quantity.name: quantity
        for id, verdicts in context.claims.items()
        if id.startswith("A7-rate")
        for verdict in verdicts
        for quantity in verdict.estimates
        if quantity.name.startswith("rate of converged in ")
    }
    if not found:
        return None
    rows = sorted(found.values(), key=lambda quantity: -quantity.point)
    named = [(quantity.name.removeprefix("rate of converged in "), quantity) for quantity in rows]
    lines = ["| setting | converges | seeds |", "|---|---|---|"]
    lines += [f"| {name} | {interval_text(q)} | {q.seeds:,} |".replace("[", "\\[") for name, q in named]
    html = context.render("alternatives.html.j2", rows=named, text=interval_text)
    return Section("Late connections beside the alternatives", html, "\n".join(lines))
