"""What a practitioner would pick: rates of convergence with other activations, connections and starts (claims A7)."""

from __future__ import annotations

from itertools import groupby

from claims.thesis.comparison import Row, markdown, rows
from claims.thesis.report.context import Context
from lrn.report import Section, interval_text

__all__ = ["alternatives"]

_THESIS = {"plain", "late"}


def alternatives(context: Context) -> Section | None:
    """How often each alternative converges and what it costs, where anything beside the thesis's own was measured."""
    found = list(rows(context.suite))
    if {row.name for row in found} <= _THESIS:
        return None

    def setting(row: Row) -> tuple[float, int]:
        return row.lr, row.depth

    groups = [(key, list(group)) for key, group in groupby(found, key=setting)]
    html = context.render("alternatives.html.j2", groups=groups, text=interval_text)
    return Section("Late connections beside the alternatives", html, markdown(context.suite))
